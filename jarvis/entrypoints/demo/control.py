"""`/sandbox/*`, the API for scripts and tests. Errors are 4xx with `{"error": "..."}`."""

# Litestar's handlers take bodies as plain dicts here.

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

from litestar import delete, get, post
from litestar.params import Parameter

from jarvis.domains.conversations.trail import runs_after
from jarvis.entrypoints.demo import restarts
from jarvis.entrypoints.demo.status import in_flight, ready
from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.sandbox_manifest import Change
from jarvis.kit.text import whole

if TYPE_CHECKING:
    from jarvis.entrypoints.demo.app import DemoState


RUNS = 500  # of one answer; clients page on after the last


def control_routes(stage: DemoState) -> list[Any]:
    """The handlers, bound to one demo state."""

    @get("/sandbox/status")
    async def status() -> dict[str, Any]:
        people = [{"name": p.name, "role": p.role, "branch": p.branch} for p in stage.world.staff]
        urls = {name: sandbox.base_url for name, sandbox in stage.vendors.items()}
        return {
            "ready": await ready(stage),
            "now": stage.clock.now().astimezone(TBILISI).isoformat(),
            "world": stage.world.name,
            "version": stage.version,
            "people": people,
            "vendors": urls,
            "processes": restarts.read(stage.folder),
        }

    @post("/sandbox/telegram/send", status_code=200)
    async def send(data: dict[str, Any]) -> dict[str, Any]:
        chat, message = stage.telegram.send(
            _text(data, "as"),
            str(data.get("chat", "dm")),
            "" if data.get("text") is None else _string(data, "text"),
            photos=_list(data, "photos"),
            reply_to=None if data.get("reply_to") is None else _number(data, "reply_to"),
            forward_from=None if data.get("forward_from") is None else _text(data, "forward_from"),
            topic=_name_or_number(data, "topic"),
        )
        return {"chat": "dm" if chat.kind == "private" else chat.title, "id": message.id}

    @post("/sandbox/telegram/press", status_code=200)
    async def press(data: dict[str, Any]) -> dict[str, Any]:
        toast = await stage.telegram.press(
            _text(data, "as"),
            str(data.get("chat", "dm")),
            _number(data, "message_id"),
            _name_or_number(data, "button") or 0,
        )
        return {"toast": toast}

    @get("/sandbox/telegram/chats")
    async def chats(person: Annotated[str, Parameter(query="as")]) -> list[dict[str, Any]]:
        return stage.telegram.chats_of(person)

    @get("/sandbox/telegram/messages")
    async def messages(
        person: Annotated[str, Parameter(query="as")],
        chat: str = "dm",
        after: int = 0,
        topic: str | None = None,
    ) -> list[dict[str, Any]]:
        return stage.telegram.messages_of(person, chat, after, topic)

    @get("/sandbox/{name:str}/changes")
    async def changes(name: str) -> list[dict[str, Any]]:
        return [_offered(change) for change in stage.vendor(name).changes()]

    @get("/sandbox/{name:str}/ledger")
    async def ledger(name: str) -> list[dict[str, Any]]:
        return [dict(entry) for entry in stage.vendor(name).ledger.entries()]

    @post("/sandbox/{name:str}/fault", status_code=200)
    async def fault(name: str, data: dict[str, Any]) -> dict[str, Any]:
        vendor = stage.vendor(name)
        vendor.start_fault(_text(data, "kind"), {k: v for k, v in data.items() if k != "kind"})
        stage.touched()
        return {"on": sorted(vendor.faults.active)}

    @delete("/sandbox/{name:str}/fault", status_code=200)
    async def no_fault(name: str) -> dict[str, Any]:
        stage.vendor(name).faults.stop()
        stage.touched()
        return {"on": []}

    @post("/sandbox/clock", status_code=200)
    async def clock(data: dict[str, Any]) -> dict[str, Any]:
        await stage.move_clock(_moment(data, stage.clock.now()))
        return {"now": stage.clock.now().astimezone(TBILISI).isoformat()}

    @post("/sandbox/reset", status_code=200)
    async def reset() -> dict[str, Any]:
        await stage.reset()
        return {"reset": True}

    @get("/sandbox/runs")
    async def runs(after: str = "") -> list[dict[str, Any]]:
        last = whole(after) if after else 0
        if last is None:
            raise InvalidRequest("`after` is the id of a run")
        return [dict(row) for row in await runs_after(stage.db, last, RUNS)]

    @get("/sandbox/idle")
    async def idle(timeout_s: float = 10.0) -> dict[str, Any]:
        deadline = time.monotonic() + min(timeout_s, 120)
        while (busy := await in_flight(stage)) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return {"idle": not busy, "in_flight": busy}

    @post("/sandbox/{name:str}/{change:str}", status_code=200)
    async def change(name: str, change: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
        result = dict(await stage.vendor(name).change(change, data or {}))
        stage.touched()
        return result

    return [
        status,
        send,
        press,
        chats,
        messages,
        changes,
        ledger,
        fault,
        no_fault,
        clock,
        reset,
        runs,
        idle,
        change,
    ]


def _offered(change: Change) -> dict[str, Any]:
    """A change in its script form, in Russian."""
    return {
        "name": change.name,
        "title": change.title.ru,
        "fields": [
            {
                "name": field.name,
                "title": field.title.ru,
                "choices": field.choices and {k: str(v) for k, v in field.choices.items()},
                "default": field.default,
            }
            for field in change.fields
        ],
    }


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"`{name}` is needed")
    return value


def _string(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(f"`{name}` is a text")
    return value


def _list(data: dict[str, Any], name: str) -> list[Any]:
    value: object = data.get(name) or []
    if not isinstance(value, list):
        raise InvalidRequest(f"`{name}` is a list")
    return cast(list[Any], value)


def _name_or_number(data: dict[str, Any], name: str) -> str | int | None:
    value = data.get(name)
    if not isinstance(value, str | int | None):
        raise InvalidRequest(f"`{name}` is a name or a number")
    return value


def _number(data: dict[str, Any], name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int):
        raise InvalidRequest(f"`{name}` is a number")
    return value


def _moment(data: dict[str, Any], now: datetime) -> datetime:
    try:
        if "advance_s" in data:
            return now + timedelta(seconds=float(data["advance_s"]))
        moment = datetime.fromisoformat(str(data.get("now")))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("`now` is an ISO time, or give `advance_s`") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=TBILISI)
