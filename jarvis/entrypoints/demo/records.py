"""What the desk shows of Jarvis's own records: the steps of an answer, the way of a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from jarvis.engine.db import Database
from jarvis.engine.journal import trace_code
from jarvis.entrypoints.demo.text import words
from jarvis.orchestrator.trail import run_of_message, steps_of

_TOOLS = {
    "car_card": "Карточка авто", "find_car": "Поиск авто", "list_cars": "Список авто", "check_availability": "Свободные",
    "booking_card": "Карточка брони", "find_booking": "Поиск брони", "list_bookings": "Список броней",
    "check_conflicts": "Накладки", "list_debts": "Долги", "who_changed": "Кто менял", "client_card": "Карточка клиента",
    "search_knowledge": "Правила", "about_jarvis": "Что умею",
}  # fmt: skip


async def steps_behind(db: Database, chat_id: int, message_id: int) -> dict[str, Any] | None:
    """The run behind a message: figures, then numbered steps on one time axis."""
    run = await run_of_message(db, chat_id, message_id)
    if run is None:
        return None
    rows = await steps_of(db, run["id"])
    total = max((r["offset_ms"] + r["duration_ms"] for r in rows), default=0)
    steps = [
        {
            "ordinal": r["ordinal"], "kind": r["kind"], "name": r["name"], "title": _TOOLS.get(r["name"], ""), "role": r["role"],
            "arguments": [(k, str(v)) for k, v in arguments.items()], "outcome": r["outcome"],
            "offset": r["offset_ms"], "duration": r["duration_ms"],
            "prompt": f"v{r['prompt_version']} · {r['prompt_hash']}" if r["prompt_hash"] else None,
        }
        for r, arguments in ((r, cast(dict[str, Any], r["arguments"] or {})) for r in rows)
    ]  # fmt: skip
    return {
        "steps": steps, "total_ms": total, "offline": run["offline"], "calls": run["model_calls"], "roles": run["roles"],
        "request": run["request_text"], "code": trace_code(run["trace_id"]), "state": run["state"],
    }  # fmt: skip


async def chain_of(db: Database, item: Mapping[str, Any], language: str, offset_s: float = 0.0) -> dict[str, Any]:
    """One change's way: you → webhook → rules → what followed, each with its delay."""
    t = words(language)
    began: datetime = item["began"]
    entity = {str(h["payload"].get("id")) for h in item["result"].get("webhooks", [])}
    rows = await db.fetch(
        """SELECT kind, state, received_at, started_at, payload, body FROM event
            WHERE received_at >= $1 AND (kind LIKE 'rentprog.%' OR kind LIKE 'car.%' OR kind LIKE 'booking.%' OR kind LIKE 'client.%')
            ORDER BY seq LIMIT 40""",
        began,
    )
    links: list[dict[str, Any]] = []
    for row in rows:
        if not _concerns(row, entity):
            continue
        duplicate = row["state"] == "duplicate"
        name = t("chain.dup") if duplicate else t("chain.hook") if row["kind"].startswith("rentprog.") else t("chain.rule")
        links.append(
            {"title": name, "kind": row["kind"], "done": row["state"] == "done", "waits": row["state"] in ("received", "claimed"),
             "duplicate": duplicate, "after_ms": int((row["received_at"] - began).total_seconds() * 1000)}
        )  # fmt: skip
    return {
        "title": item["title"],
        "args": ", ".join(str(v) for v in item["args"].values()),
        "began": began + timedelta(seconds=offset_s),
        "links": links[:8],
    }


def _concerns(row: Any, entity: set[str]) -> bool:
    if row["payload"] and str(row["payload"].get("external_key")) in entity:
        return True
    body = (row["body"] or b"").decode("utf-8", "replace")
    return any(key in body for key in entity)
