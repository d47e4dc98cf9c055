"""The MCP server over the sandbox's data: its read tools, and the way to its writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jarvis.integrations.rentprog.models import parse_moment
from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.integrations.rentprog.sandbox.data import Data, Fields
from jarvis.integrations.rentprog.sandbox.operations import AREAS, Operations, Refused
from jarvis.integrations.rentprog.sandbox.words import STATES

Args = Mapping[str, Any]


def answer(
    data: Data, operations: Operations, method: str, params: Any, now: datetime
) -> tuple[dict[str, Any], list[Hook]]:
    """The `result` or `error` member of one JSON-RPC answer, and the webhooks that follow a
    write."""
    name = str(params.get("name")) if method == "tools/call" else ""
    if name not in AREAS and name != "operation_status" and name != "whoami":
        return _read(data, method, params), []
    args: Args = params.get("arguments") or {}
    try:
        if name == "whoami":
            return _wrap(whoami(data, args) | {"levels": dict(operations.levels)}), []
        if name == "operation_status":
            return _wrap(operations.status(args)), []
        content, hooks = operations.write(data, name, args, now)
    except Refused as refused:
        return _wrap(refused.content, error=True), []
    if content.pop("_outcome_unknown", False):
        lost = Refused(
            f"{name}_outcome_unknown", "the outcome of the operation is unknown", status=502
        )
        return _wrap(lost.content, error=True), hooks
    return _wrap(content), hooks


def _read(data: Data, method: str, params: Any) -> dict[str, Any]:
    if method == "initialize":
        info = {"name": "rentprog-sandbox", "version": "1"}
        return {
            "result": {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": info,
            }
        }
    if method == "tools/list":
        tools = [
            {"name": n, "description": f.__doc__, "inputSchema": {"type": "object"}}
            for n, f in TOOLS.items()
        ]
        tools += [
            {"name": n, "description": "A write.", "inputSchema": {"type": "object"}}
            for n in (*AREAS, "operation_status")
        ]
        return {"result": {"tools": tools}}
    if method != "tools/call":
        return {"error": {"code": -32601, "message": f"no method {method}"}}
    tool = TOOLS.get(str(params.get("name")))
    if tool is None:
        return {"error": {"code": -32602, "message": f"no tool {params.get('name')}"}}
    try:
        return _wrap(tool(data, params.get("arguments") or {}))
    except LookupError as missing:
        problem = {
            "error": "not_found",
            "message": str(missing),
            "details": {"status": 404, "retryable": False},
        }
        return _wrap(problem, error=True)


def _wrap(content: Fields, *, error: bool = False) -> dict[str, Any]:
    text = json.dumps(content, ensure_ascii=False)
    return {
        "result": {
            "content": [{"type": "text", "text": text}],
            "structuredContent": content,
            "isError": error,
        }
    }


def _page(rows: list[Fields], args: Args, name: str) -> Fields:
    size = min(50, int(args.get("per_page", 20)))
    start = (int(args.get("page", 1)) - 1) * size
    return {name: rows[start : start + size], "total": len(rows)}


def whoami(data: Data, args: Args) -> Fields:
    """Owner of the key, levels and branches."""
    return {"user": {"id": 1, "name": "Jarvis"}}


def company_reference(data: Data, args: Args) -> Fields:
    """Dictionaries of the company."""
    branches = [
        {"id": i, "name": n.ru, "timezone": "Asia/Tbilisi"} for i, n in data.branch_names.items()
    ]
    states = [{"id": int(k), "name": v.ru} for k, v in STATES.items()]
    employees = [{"id": i, "name": n} for i, n in data.workers.items()]
    return {"branches": branches, "car_states": states, "employees": employees}


def receivables(data: Data, args: Args) -> Fields:
    """Debts and amounts due at pick-up."""
    rows: list[Fields] = []
    for booking_id, owed in data.owed.items():
        booking = data.bookings[booking_id]
        if args.get("branch_id") not in (None, booking["company_id"]):
            continue
        for line in owed:
            rows.append(
                {
                    "id": len(rows) + 1,
                    "booking_id": booking_id,
                    "booking_number": booking["number"],
                    "client_id": booking["client_id"],
                    "currency": "GEL",
                    **line,
                }
            )
    return _page(rows, args, "receivables")


def payments(data: Data, args: Args) -> Fields:
    """Payments of a booking."""
    booking = data.bookings[int(args["booking_id"])]
    owed = sum(line["amount"] for line in data.owed.get(booking["id"], []))
    paid = booking["total"] - owed
    row = {
        "id": booking["id"],
        "booking_id": booking["id"],
        "sum": paid,
        "currency": "GEL",
        "group": "Оплата аренды",
        "payment_type": "cash",
        "created_at": booking["created_at"],
    }
    return _page([row] if paid > 0 else [], args, "payments")


def booking_history(data: Data, args: Args) -> Fields:
    """Who changed a booking."""
    booking_id = int(args["booking_id"])
    if booking_id not in data.bookings:
        raise LookupError(f"no booking {booking_id}")
    rows = [e for e in data.log if e["entity_type"] == "booking" and e["entity_id"] == booking_id]
    return _page(rows, args, "booking_history")


def action_log(data: Data, args: Args) -> Fields:
    """The latest actions, newest first."""
    return _page(list(reversed(data.log)), args, "action_log")


def schedule(data: Data, args: Args) -> Fields:
    """Bookings that touch a window of at most 31 days."""
    start, end = parse_moment(str(args["from"])), parse_moment(str(args["to"]))
    rows = [
        {
            k: b[k]
            for k in ("id", "number", "car_id", "client_id", "start_date", "end_date", "state")
        }
        for b in data.bookings.values()
        if _touches(b, start, end) and args.get("branch_id") in (None, b["company_id"])
    ]
    return _page(rows, args, "schedule")


def availability_quote(data: Data, args: Args) -> Fields:
    """Cars without a booking in a window, with prices."""
    start, end = parse_moment(str(args["start_date"])), parse_moment(str(args["end_date"]))
    taken = {
        b["car_id"]
        for b in data.bookings.values()
        if b["state"] != "Отмена" and _touches(b, start, end)
    }
    rows = [
        {"car_id": c["id"], "code": c["code"], "price": c["_price"], "currency": "GEL"}
        for c in data.cars.values()
        if c["active"]
        and c["state"] == 1
        and c["id"] not in taken
        and args.get("branch_id") in (None, c["company_id"])
    ]
    return _page(rows, args, "availability_quote")


def _touches(booking: Fields, start: datetime, end: datetime) -> bool:
    return parse_moment(booking["start_date"]) < end and parse_moment(booking["end_date"]) > start


TOOLS: dict[str, Callable[[Data, Args], Fields]] = {
    f.__name__: f
    for f in (
        whoami,
        company_reference,
        receivables,
        payments,
        booking_history,
        action_log,
        schedule,
        availability_quote,
    )
}
