"""What the desk shows of Jarvis's own records: the steps of an answer, the way of a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from jarvis.app.role import roles
from jarvis.domains.conversations.queries import steps_of
from jarvis.domains.conversations.trail import run_of_message
from jarvis.engine.approval_records import ApprovalRecords
from jarvis.engine.db import Database, Row
from jarvis.engine.journal import Journal, trace_code
from jarvis.entrypoints.demo.text import Words, known, seconds, words
from jarvis.messaging.catalogue import label

LINKS = 8
FOLLOWED = timedelta(minutes=2)  # later effects have another cause


async def steps_behind(
    db: Database, chat_id: int, message_id: int, language: str
) -> dict[str, Any] | None:
    """The run behind a message: figures, then numbered steps on one time axis."""
    run = await run_of_message(db, chat_id, message_id)
    if run is None:
        return None
    t = words(language)
    rows = await steps_of(db, run["id"])
    total = max((r["offset_ms"] + r["duration_ms"] for r in rows), default=0)
    return {
        "steps": [_step(r, t, language) for r in rows],
        "total_ms": max(total, 1),
        "time": seconds(total, language),
        "cost": price(run, language),
        "calls": run["model_calls"],
        "request": run["request_text"],
        "writes": await writes_behind(db, run["id"], language),
        "code": trace_code(run["trace_id"]),
    }


def price(run: Row, language: str) -> str:
    """What the models of a run cost."""
    if run["offline"] and not run["cost_micro_usd"]:
        return words(language)("offline.short")
    number = f"{run['cost_micro_usd'] / 10_000:.2f}"
    return f"{number if language == 'en' else number.replace('.', ',')} ¢"


async def writes_behind(db: Database, run_id: UUID, language: str) -> list[dict[str, Any]]:
    """The writes on a run's card, with the state of each write and its undo."""
    t = words(language)
    rows = await ApprovalRecords().writes_of(db, run_id)
    return [_write(row, t, language) for row in rows]


def _write(row: Row, t: Words, language: str) -> dict[str, Any]:
    write: dict[str, Any] = row["write"]
    about = cast(dict[str, Any], write["about"])
    state = (row["undo"] and f"undo.{row['undo']}") or row["state"] or f"card.{row['card']}"
    receipt = cast(dict[str, Any], row["receipt"] or {})
    facts = [
        (t("write.approved"), row["approvers"] or ""),
        (
            t("write.receipt"),
            " · ".join(f"{k} {v}" for k, v in receipt.items() if not isinstance(v, dict | list)),
        ),
        (
            t("write.class"),
            f"{row['effect_class']} · {t('write.attempts', n=row['attempts'])}"
            if row["effect_class"]
            else "",
        ),
        (t("write.cause"), row["cause"] if row["state"] not in (None, "done") else ""),
    ]
    good, bad = state in ("done", "undo.done"), state.rpartition(".")[2] in ("dead", "unknown")
    return {
        "title": label(f"write.{write['title']}", language),
        "code": row["tool"],
        "facts": [fact for fact in facts if fact[1]],
        "about": " · ".join(str(about[key]) for key in ("number", "car") if about.get(key)),
        "state": t(f"effect.{state}") if "." in state else label(f"written.{state}", language),
        "chip": "ok" if good else "warn" if bad else "",
        "took": seconds(int(row["took"].total_seconds() * 1000), language)
        if row["took"] is not None
        else "",
    }


def _step(row: Row, t: Words, language: str) -> dict[str, Any]:
    kind, name = row["kind"], row["name"]
    title = t(f"tool.{name}") if known(f"tool.{name}") else t(f"step.{kind}")
    if kind == "model":
        title = f"{t('step.model')}: {_role(row['role'], language, t)}"
    elif kind in ("refused", "error"):
        title = f"{t(f'step.{kind}')}: {title}"
    outcome = str(row["outcome"] or "")
    plain = kind in ("route", "model")
    arguments = cast(dict[str, Any], row["arguments"] or {})
    return {
        "kind": kind,
        "title": title,
        "code": name if known(f"tool.{name}") else "",
        "took": seconds(row["duration_ms"], language),
        "offset": row["offset_ms"],
        "duration": row["duration_ms"],
        "arguments": [
            (_word("param", k, t), str(v).replace("T", " "))
            for k, v in arguments.items()
            if v is not None
        ],
        "answer": ", ".join(
            _role(part, language, t) if kind == "route" else _word("out", part, t)
            for part in outcome.split(", ")
        )
        if plain
        else "",
        "raw": "" if plain else outcome,
        "prompt": f"v{row['prompt_version']} · {row['prompt_hash']}"
        if row["prompt_hash"]
        else None,
    }


def _role(name: str | None, language: str, t: Words) -> str:
    """The title of an agent's role; a route also has outcomes that are no roles."""
    role = roles().get(name or "")
    return role.title[language] if role is not None and role.title else _word("out", name, t)


def _word(group: str, name: str | None, t: Words) -> str:
    for key in (f"{group}.{name}", f"out.{name}"):
        if known(key):
            return t(key)
    return name or ""


async def chain_of(
    db: Database, item: Mapping[str, Any], language: str, offset_s: float = 0.0
) -> dict[str, Any]:
    """The chain of one change: person → webhook → handlers → results, each with its delay."""
    t = words(language)
    began: datetime = item["began"]
    vendor: str = item["vendor"]
    entity = {str(h["payload"].get("id")) for h in item["result"].get("webhooks", [])}
    kinds = [f"{vendor}.%", "car.%", "booking.%", "client.%"]
    rows = await Journal(db).followed(began, kinds, within=FOLLOWED, limit=40)
    links = [_link(row, vendor, began, t, language) for row in rows if _concerns(row, entity)][
        :LINKS
    ]
    waits, copied = (
        any(link["state"] == "waits" for link in links),
        any(link["state"] == "dup" for link in links),
    )
    last = max(
        (row["finished_at"] or row["received_at"] for row in rows if _concerns(row, entity)),
        default=began,
    )
    if not links:
        chip = ("warn", t("chain.waits") if entity else "")
    elif copied:
        chip = ("warn", t("chain.copy"))
    else:
        took = seconds(int((last - began).total_seconds() * 1000), language)
        chip = ("warn", t("chain.waits")) if waits else ("ok", t("chain.took", x=took))
    return {
        "began": began + timedelta(seconds=offset_s),
        "links": links,
        "chip": chip,
    }


def _link(row: Row, vendor: str, began: datetime, t: Words, language: str) -> dict[str, str]:
    kind = str(row["kind"])
    state = "dup" if row["state"] == "duplicate" else "done" if row["state"] == "done" else "waits"
    if state == "dup":
        title = t("chain.dup")
    elif kind == f"{vendor}.reread":
        title = t("chain.reread")
    elif kind.endswith(".duplicate"):
        title = t("chain.told")
    elif kind.startswith(f"{vendor}."):
        title = t("chain.hook")
    else:
        title = t(
            "chain.event", x=t(f"event.{kind}") if known(f"event.{kind}") else t("event.other")
        )
    after = int((row["received_at"] - began).total_seconds() * 1000)
    return {"title": title, "state": state, "after": f"+{seconds(after, language)}"}


def _concerns(row: Row, entity: set[str]) -> bool:
    payload: dict[str, Any] = row["payload"] or {}
    if (
        str(payload.get("external_key")) in entity
        or str(payload.get("subject", "")).rpartition(":")[2] in entity
    ):
        return True
    body = (row["body"] or b"").decode("utf-8", "replace")
    return any(key in body for key in entity)
