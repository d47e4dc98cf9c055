"""The data of one page of the desk for one person: chats, a conversation, the right pane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from jarvis.domains.conversations.trail import figures_of_messages
from jarvis.entrypoints.demo.records import chain_of, price, steps_behind
from jarvis.entrypoints.demo.text import Words, seconds, words
from jarvis.integrations.telegram.sandbox.state import GENERAL
from jarvis.kit.clock import local_date
from jarvis.kit.sandbox_manifest import Change, Table, Title, in_language
from jarvis.kit.text import whole
from jarvis.kit.world import WorldPerson
from jarvis.messaging.times import day

if TYPE_CHECKING:
    from jarvis.entrypoints.demo.app import DemoState

PANES = ("talk", "chats", "world", "records", "ledger", "steps")
CHAINS, LEDGER, RECORDS, LINE = 6, 40, 200, 160
_SAID = ("n", "at", "kind", "chat", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The parameters of the page's address."""

    chat: str
    pane: str
    vendor: str
    change: str
    table: str
    message: int | None
    search: str

    @classmethod
    def of(cls, query: Mapping[str, str], vendors: Sequence[str]) -> Asked:
        message, pane, vendor = (
            query.get("message", ""),
            query.get("pane", "talk"),
            query.get("vendor", ""),
        )
        return cls(
            chat=query.get("chat", "dm"),
            pane=pane if pane in PANES else "talk",
            vendor=vendor if vendor in vendors else vendors[0],
            change=query.get("change", ""),
            table=query.get("table", ""),
            message=whole(message),
            search=query.get("q", "").strip(),
        )


async def view(stage: DemoState, who: WorldPerson, asked: Asked, language: str) -> dict[str, Any]:
    """The context of the desk's templates."""
    t = words(language)
    rows = stage.telegram.chats_of(who.name)
    chat = asked.chat if asked.chat in _keys(rows) else "dm"
    log = _log(stage, who.name, chat)
    place = stage.telegram.state.chat_of(
        stage.telegram.state.person(who.name), place_of(chat)[0]
    ).marked_id
    if asked.pane != "chats":
        stage.read[(who.name, chat)] = max((m["id"] for m in log), default=0)
    await _under(stage, log, place, language)
    vendor, manifest = stage.vendors[asked.vendor], stage.manifests[asked.vendor]
    changes = [_localised(change, language) for change in vendor.changes()]
    ledger = vendor.ledger.entries()
    failures = {f.kind: in_language(f.title, language) for f in manifest.faults}
    steps = None
    if asked.pane == "steps" and asked.message is not None:
        steps = await steps_behind(stage.db, place, asked.message, language)
    return {
        "who": who,
        "where": _where(stage, who, language),
        "recent": _recent(stage, who),
        "asked": asked,
        "chat": chat,
        "log": log,
        "chats": _chats(stage, who.name, rows, asked.search, chat),
        "days": _days(log, stage.clock.now(), t, language),
        "title": "Jarvis" if chat == "dm" else _keys(rows)[chat],
        "forum": place_of(chat)[0] if place_of(chat)[1] else None,
        "pinned": next((m for m in reversed(log) if m["pinned"]), None),
        "vendors": {name: m.title for name, m in stage.manifests.items()},
        "changes": changes,
        "steps": steps,
        "change": next((c for c in changes if c["name"] == asked.change), (changes or [None])[0]),
        "version": stage.version,
        "faults": [failures.get(kind, kind) for kind in sorted(vendor.faults.active)],
        "fault_kinds": {f.kind: failures[f.kind] for f in manifest.faults if f.on_the_desk},
        "records": _table(vendor.records(), asked.table, language)
        if asked.pane == "records"
        else None,
        "ledger": [
            _entry(e, manifest.ledger, language, stage.clock.offset_s)
            for e in reversed(ledger[-LEDGER:])
        ],
        "ledger_count": len(ledger),
        "chains": [
            await chain_of(stage.db, item, language, stage.clock.offset_s)
            | _about(item, stage.manifests[str(item["vendor"])].title, language)
            for item in reversed(stage.happened[-CHAINS:])
        ],
    }


def place_of(chat: str) -> tuple[str, str | None]:
    """Parse the desk's name of a chat: the chat of Telegram, and the number of a topic in it."""
    title, sign, number = chat.rpartition("/")
    return (title, number) if sign and whole(number) is not None else (chat, None)


def _keys(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Every chat and topic that a person may open, with its title."""
    topics = {
        f"{row['chat']}/{topic['id']}": topic["title"] for row in rows for topic in row["topics"]
    }
    return {row["chat"]: row["title"] for row in rows} | topics


def _log(stage: DemoState, name: str, chat: str) -> list[dict[str, Any]]:
    """The messages of a chat, or of one topic, with their times on the demo's clock: Telegram
    itself keeps real time. An album is one message with several files."""
    shift = timedelta(seconds=stage.clock.offset_s)
    title, topic = place_of(chat)
    log: list[dict[str, Any]] = []
    for row in stage.telegram.messages_of(name, title, topic=topic or str(GENERAL)):
        if row["service"] is not None:
            continue
        files = [
            {"id": n, "kind": row["kind"], "name": stage.telegram.state.media[n].name}
            for n in row["media"]
        ]
        if log and row["album"] is not None and log[-1]["album"] == row["album"]:
            log[-1]["media"] += files
        else:
            log.append(
                row
                | {"media": files, "at": (datetime.fromisoformat(row["at"]) + shift).isoformat()}
            )
    return log


def _chats(
    stage: DemoState, name: str, rows: list[dict[str, Any]], search: str, here: str
) -> list[dict[str, Any]]:
    """The rows of the list; the topics of a forum are listed below it while it is open, or during a
    search."""
    found: list[dict[str, Any]] = []
    for row in rows:
        found += _row(stage, name, row, search)
        if search or place_of(here)[0] == row["chat"]:
            inside = [
                line
                for topic in row["topics"]
                for line in _row(
                    stage,
                    name,
                    {
                        **topic,
                        "chat": f"{row['chat']}/{topic['id']}",
                        "kind": "topic",
                        "topics": [],
                    },
                    search,
                )
            ]
            found += sorted(inside, key=lambda line: line["title"].casefold())
    return found


def _row(stage: DemoState, name: str, row: dict[str, Any], search: str) -> list[dict[str, Any]]:
    """One line of the list; none when it does not match the search."""
    wanted, log = search.casefold(), _log(stage, name, row["chat"])
    if (
        wanted
        and wanted not in row["title"].casefold()
        and not any(wanted in m["text"].casefold() for m in log)
    ):
        return []
    read = stage.read.get((name, row["chat"]), 0)
    unread = sum(1 for m in log if m["id"] > read and m["from"] != name)
    return [row | {"last": log[-1] if log else None, "unread": unread}]


def _days(log: list[dict[str, Any]], now: datetime, t: Words, language: str) -> dict[int, str]:
    """The messages before which a new day begins, with its label."""
    heads: dict[int, str] = {}
    before = None
    for message in log:
        moment = datetime.fromisoformat(message["at"])
        if local_date(moment) != before:
            before = local_date(moment)
            ago = (local_date(now) - before).days
            heads[message["id"]] = (
                t("today")
                if ago == 0
                else t("yesterday")
                if ago == 1
                else day(moment, now, language)
            )
    return heads


async def _under(stage: DemoState, log: list[dict[str, Any]], place: int, language: str) -> None:
    """The line under Jarvis's messages: steps, duration, price."""
    t = words(language)
    counts = await figures_of_messages(
        stage.db, place, [m["id"] for m in log if m["from"] == "Jarvis"]
    )
    for message in log:
        found = counts.get(message["id"])
        message["steps"] = None
        if found is not None:
            message["steps"] = (
                t("steps.count", n=found["steps"]),
                f"{seconds(found['ms'], language)} · {price(found, language)}",
            )


def _where(stage: DemoState, who: WorldPerson, language: str) -> str:
    branch = next((b for b in stage.world.branches if b.code == who.branch), None)
    return (
        {"ru": branch.ru, "en": branch.en, "ka": branch.ka}[language]
        if branch
        else words(language)("company")
    )


def _recent(stage: DemoState, who: WorldPerson) -> list[WorldPerson]:
    """The two people viewed before."""
    by_id = {p.telegram_id: p for p in stage.world.staff}
    return [
        by_id[number] for number in stage.recent if number in by_id and number != who.telegram_id
    ][:2]


def _localised(change: Change, language: str) -> dict[str, Any]:
    fields = [
        {
            "name": field.name,
            "title": in_language(field.title, language),
            "choices": field.choices
            and {value: in_language(label, language) for value, label in field.choices.items()},
            "default": field.default,
        }
        for field in change.fields
    ]
    return {"name": change.name, "title": in_language(change.title, language), "fields": fields}


def _about(item: Mapping[str, Any], system: str, language: str) -> dict[str, str]:
    """The change, by names: `Elantra 640 → Batumi`."""
    change = _localised(item["change"], language)
    fields: list[dict[str, Any]] = change["fields"]
    choices: dict[str, Mapping[str, str]] = {
        field["name"]: field["choices"] or {} for field in fields
    }
    names = [
        str(choices.get(k, {}).get(str(v), v)).partition(" · ")[0]
        for k, v in item["args"].items()
        if v
    ]
    return {"title": change["title"], "about": " → ".join(names), "system": system}


def _entry(
    entry: Mapping[str, Any], titles: Mapping[str, Title], language: str, offset_s: float
) -> dict[str, Any]:
    """One line of a ledger: where and which words, or the facts of an entry that has neither."""
    title = titles.get(entry["kind"], entry["kind"])
    facts = [] if "chat" in entry else [f"{k} {v}" for k, v in entry.items() if k not in _SAID]
    return {
        "title": in_language(title, language),
        "at": datetime.fromisoformat(entry["at"]) + timedelta(seconds=offset_s),
        "where": entry.get("chat") or "",
        "text": _short(str(entry.get("text") or " · ".join(facts))),
    }


def _short(text: str) -> str:
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


def _table(tables: Sequence[Table], wanted: str, language: str) -> dict[str, Any] | None:
    """The selected table of records, with the names of all tables; None where the vendor has
    none."""
    if not tables:
        return None
    table = next((t for t in tables if t.name == wanted), tables[0])
    return {
        "name": table.name,
        "tables": {t.name: in_language(t.title, language) for t in tables},
        "columns": [in_language(title, language) for title in table.columns],
        "rows": [[in_language(cell, language) for cell in row] for row in table.rows[:RECORDS]],
        "more": max(0, len(table.rows) - RECORDS),
    }
