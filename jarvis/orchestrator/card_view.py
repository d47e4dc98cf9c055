"""Cards of approval, receipts and what became of writes: code words them, from what is stored and
from receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any
from uuid import UUID

from jarvis.domains.fleet.naming import show_plate
from jarvis.engine.approval_models import Approval, Item
from jarvis.engine.effects import FOUND_NOT_DONE
from jarvis.kit.actor import Actor
from jarvis.kit.clock import local
from jarvis.kit.money import Money
from jarvis.messaging import times
from jarvis.messaging.callbacks import Payload
from jarvis.messaging.catalogue import keys
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Reader, short
from jarvis.orchestrator.payloads import DecideCard, OpenCard, Outcome, ResolveEffect, UndoItem

QUOTE_CHARS = 200
# where the words for a value stand
_CATALOGUE = {"role": "role", "news": "news", "mode": "news.mode"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardButton:
    """A button of a card: what it decides, and whether only approvers may press it."""

    label: str
    payload: Payload
    approvers_only: bool = False


@dataclass(slots=True, kw_only=True)
class Card:
    """The text of a card and its rows of buttons."""

    text: str
    buttons: list[list[CardButton]]


def card(
    approval: Approval, reader: Reader, *, approvers: Sequence[Actor], offset: timedelta
) -> Card:
    """A card as it stands. `offset`: business time minus real time, for what is stamped in real
    time."""
    if approval.state == "waiting":
        return _waiting(approval, reader, approvers)
    if approval.state == "approved":
        return _carried(approval, reader, offset)
    return _closed(approval, reader)


# waiting


def _waiting(approval: Approval, reader: Reader, approvers: Sequence[Actor]) -> Card:
    items = approval.items
    many = f" · {reader.say('card.many', n=len(items))}" if len(items) > 1 else ""
    lines = [f"❓ <b>{reader.say('card.confirm', title=_title(items[0], reader))}</b>{many}"]
    for item in items:
        mark = f"{item.ordinal}. " if len(items) > 1 else ""
        what = f"{_word(item, reader)}: " if len(items) > 1 else ""
        if len(items) > 1 or not item.write["about"].get("name"):  # the title has the name already
            lines.append(f"{mark}{what}{_about(item, reader)}")
        lines += _changes(item, reader)
        lines += [_warning(w, reader) for w in item.write["warnings"]]
    if approval.quotes:
        lines += [
            f"⚠️ {reader.say('card.quote', quote=escape(q[:QUOTE_CHARS]))}" for q in approval.quotes
        ]
    lines.append(reader.say("card.undo" if all(i.write["undo"] for i in items) else "card.no_undo"))
    who = _approvers(approval, reader, approvers)
    lines.append(reader.say("card.who", who=who, t=times.clock(approval.expires_at)))
    lines += [
        reader.say("card.vote", who=escape(name), t=times.clock(at))
        for _, name, at in approval.voters
    ]
    oldest = min(datetime.fromisoformat(item.write["as_of"]) for item in items)
    read_in, age = items[0].write["source"], reader.age(oldest)
    lines.append(f"<i>{reader.say('card.based', source=read_in, age=age)}</i>")
    yes, no = (
        DecideCard(approval_id=approval.id, digest=approval.digest[:16], accept=accept)
        for accept in (True, False)
    )
    label = short(
        reader.say(f"card.do.{items[0].write['title']}", **_slots(items[0], reader))
        if len(items) == 1
        else reader.say("b.all")
    )
    return Card(
        text="\n".join(lines),
        buttons=[
            [CardButton(label=label, payload=yes, approvers_only=True)],
            [CardButton(label=reader.say("b.decline"), payload=no)],
        ],
    )


def _approvers(approval: Approval, reader: Reader, approvers: Sequence[Actor]) -> str:
    mine = approval.may_approve(reader.actor)
    others = [a.name for a in approvers if a.employee_id != reader.actor.employee_id]
    names = ([reader.say("card.you")] if mine else []) + [
        escape(name) for name in others[: 3 if not mine or approval.needed == 2 else 0]
    ]
    if not names:
        names = [reader.say(f"role.{role.value}") for role in sorted(approval.roles)]
    return ", ".join(names) + (f", {reader.say('card.two')}" if approval.needed == 2 else "")


def _title(item: Item, reader: Reader) -> str:
    about = item.write["about"]
    if about.get("name"):
        return f"{_word(item, reader)} · {escape(str(about['name']))}"
    subject = (
        f"№{about['number']} · {about['car']}"
        if about.get("number") is not None
        else str(about["car"] or "")
    )
    return f"{_word(item, reader)} · {escape(subject)}" if subject else _word(item, reader)


def _word(item: Item, reader: Reader) -> str:
    return reader.say(f"write.{item.write['title']}")


def _about(item: Item, reader: Reader) -> str:
    about = item.write["about"]
    if about.get("name"):
        return escape(str(about["name"]))
    parts = [f"📅 №{about['number']}"] if about.get("number") is not None else []
    parts.append(
        f"{'' if parts else '🚗 '}{escape(str(about['car'] or '—'))} · "
        f"<code>{show_plate(about['plate'])}</code>"
    )
    if about.get("client_first") or about.get("client_last"):
        initial = f" {about['client_last'][0]}." if about.get("client_last") else ""
        parts.append(escape(f"{about.get('client_first') or ''}{initial}".strip()))
    return " · ".join(parts)


def _changes(item: Item, reader: Reader) -> list[str]:
    lines: list[str] = []
    for change in item.write["changes"]:
        name = reader.say(f"card.field.{change['field']}")
        old, new = value(change, "old", reader), value(change, "new", reader)
        fresh = change["old"] is None
        lines.append(
            reader.say("card.new" if fresh else "card.change", field=name, old=old, new=new)
        )
    price = item.write["price"]
    if price is not None:
        lines.append(_price(price, reader))
    return lines


def _price(price: Mapping[str, Any], reader: Reader) -> str:
    def money(minor: int) -> str:
        return Money(minor, price["currency"]).show(reader.language, exact=True)

    delta = ("+" if price["delta"] >= 0 else "") + money(price["delta"])
    formula = ""
    if price["days"] is not None and price["rate"] is not None:
        formula = (
            f"; {price['days']} {reader.say('unit.days')} × "
            f"{Money(price['rate'], price['currency']).show(reader.language)}"
        )
    if price["basis"] == "booking":
        formula += f"; {reader.say('card.own_price')}"
    if price["old"] is None:
        return reader.say(
            "card.price.new", new=money(price["new"]), formula=formula.removeprefix("; ")
        )
    return reader.say(
        "card.price", old=money(price["old"]), new=money(price["new"]), delta=delta, formula=formula
    )


def value(change: Mapping[str, Any], side: str, reader: Reader) -> str:
    """One side of a change as people read it."""
    raw, kind = change[side], change["type"]
    if raw is None:
        return reader.say("card.empty")
    if kind == "moment":
        return reader.brief(datetime.fromisoformat(raw))
    if kind == "money":
        return Money(raw, change["currency"]).show(reader.language, exact=True)
    if kind == "branch":
        return reader.say("company") if raw == "all" else reader.branch(raw)
    if kind in ("role", "news", "mode"):
        return reader.say(f"{_CATALOGUE[kind]}.{raw}")
    if kind == "state":
        return reader.say(f"state.{raw}")
    return f"«{escape(str(raw))}»" if change["field"] in ("note", "post") else escape(str(raw))


def _warning(warning: Mapping[str, Any], reader: Reader) -> str:
    if warning["kind"] == "paid":
        paid = Money(warning["minor"], warning["currency"]).show(reader.language, exact=True)
        return f"⚠️ {reader.say('card.warn.paid', x=paid)}"
    start = reader.brief(datetime.fromisoformat(warning["start"])) if warning.get("start") else "—"
    return f"⚠️ {reader.say('card.warn.' + warning['kind'], num=warning['number'], start=start)}"


def _slots(item: Item, reader: Reader) -> dict[str, str]:
    """What the label of the deciding button says: verb and object."""
    news = {change["field"]: change for change in item.write["changes"]}
    slots = {
        "num": str(item.write["about"].get("number") or ""),
        "car": str(item.write["about"]["car"] or ""),
    }
    for name in ("end", "branch", "state", "role"):
        slots[name] = value(news[name], "new", reader) if name in news else ""
    return slots


# carried out


def _carried(approval: Approval, reader: Reader, offset: timedelta) -> Card:
    items = approval.items
    if len(items) == 1:
        text, buttons = _one(items[0], approval, reader, offset)
        return Card(text=text, buttons=buttons)
    done = sum(1 for item in items if item.state == "done")
    lines = [f"<b>{reader.say('card.partial', k=done, n=len(items))}</b>"]
    buttons: list[list[CardButton]] = []
    for item in items:
        text, mine = _one(item, approval, reader, offset)
        lines.append(f"{item.ordinal}. {text}")
        buttons += mine
    return Card(text="\n".join(lines), buttons=buttons)


def _one(
    item: Item, approval: Approval, reader: Reader, offset: timedelta
) -> tuple[str, list[list[CardButton]]]:
    if item.undo_state is not None:
        return _undone(item, reader, offset)
    if item.state == "done":
        return _receipt(item, approval, reader, offset)
    what, system = _title(item, reader), item.write["source"]
    sent = times.clock((item.sent_at or approval.asked_at - offset) + offset)
    if item.state == "unknown":
        why = reader.say("card.unknown.why", system=system, t=sent)
        text = f"❓ <b>{reader.say('card.unknown', what=what)}</b>\n{why}"
        return text, [_unknown_buttons(item.effect_id, reader)]
    if item.state in ("dead", "dropped"):
        return _failed(item, approval, reader)
    if item.state == "shadow":
        return f"◌ <b>{what}</b>\n{reader.say('card.shadow')}", []
    return f"⏳ <b>{what}</b>\n{reader.say('card.sent', system=system, t=sent)}", []


def _receipt(
    item: Item, approval: Approval, reader: Reader, offset: timedelta
) -> tuple[str, list[list[CardButton]]]:
    lines = [f"✅ <b>{_title(item, reader)}</b>"]
    number = (item.receipt or {}).get("number")
    if item.write["title"] == "create" and number is not None:
        lines[0] = (
            f"✅ <b>{_word(item, reader)} · №{number} · "
            f"{escape(str(item.write['about']['car']))}</b>"
        )
    for change in item.write["changes"]:
        name = reader.say(f"card.field.{change['field']}")
        arrow = "" if change["old"] is None else f"{value(change, 'old', reader)} → "
        lines.append(f"{name}: {arrow}{value(change, 'new', reader)}")
    if item.write["price"] is not None:
        lines.append(_price(item.write["price"], reader))
    who = ", ".join(escape(name) for _, name, _ in approval.voters) or escape(
        approval.decided_by or "—"
    )
    at = times.clock(approval.decided_at or approval.asked_at)
    if (item.receipt or {}).get("resolved"):
        lines.append(reader.say("card.done.by_person", who=who, t=at))
    else:
        took = times.clock(item.finished_at + offset) if item.finished_at else at
        lines.append(reader.say("card.done", who=who, t=at, system=item.write["source"], t2=took))
    if item.undo_until is None or item.undo_until <= reader.now:
        return "\n".join(lines), []
    lines.append(reader.say("card.undo_until", t=times.clock(item.undo_until)))
    return "\n".join(lines), [
        [
            CardButton(
                label=reader.say("b.undo"), payload=UndoItem(item_id=item.id), approvers_only=True
            )
        ]
    ]


def _undone(item: Item, reader: Reader, offset: timedelta) -> tuple[str, list[list[CardButton]]]:
    what = _title(item, reader)
    if item.undo_state == "done":
        back = "; ".join(
            f"{reader.say('card.field.' + c['field'])}: {value(c, 'old', reader)}"
            for c in item.write["changes"]
            if c["old"] is not None
        )
        return (
            f"↩️ <b>{reader.say('card.undone', what=what)}</b>\n{back} · "
            f"{escape(item.undone_by or '—')}",
            [],
        )
    if item.undo_state == "sent":
        return f"⏳ <b>{reader.say('card.undoing', what=what)}</b>", []
    if item.undo_state == "unknown":  # it holds its booking or car until somebody has looked
        text = f"❓ <b>{reader.say('card.unknown', what=reader.say('card.undoing', what=what))}</b>"
        return f"{text}\n{reader.say('card.look', system=item.write['source'])}", [
            _unknown_buttons(item.undo_effect_id, reader)
        ]
    look = reader.say("card.look", system=item.write["source"])
    return f"⛔ <b>{reader.say('card.undo_failed', what=what)}</b>\n{look}", []


def _failed(item: Item, approval: Approval, reader: Reader) -> tuple[str, list[list[CardButton]]]:
    cause = (
        reader.say("card.cause.dropped")
        if item.state == "dropped"
        else escape((item.cause or "—")[:160])
    )
    if item.cause and item.cause.endswith("stale"):
        cause = reader.say("card.cause.stale", system=item.write["source"])
    elif item.cause == FOUND_NOT_DONE:
        cause = reader.say("card.cause.not_done", system=item.write["source"])
    text = (
        f"⛔ <b>{reader.say('card.failed', what=_title(item, reader))}</b>\n{cause}. "
        f"{reader.say('card.failed.nothing')}"
    )
    request = approval.request if len(approval.items) == 1 else request_of(item, reader)
    if not request:
        return text, []
    label = (
        reader.say("b.again_item", n=item.ordinal)
        if len(approval.items) > 1
        else reader.say("b.again")
    )
    return text, [[CardButton(label=label, payload=Ask(request=request))]]


def _unknown_buttons(effect_id: UUID | None, reader: Reader) -> list[CardButton]:
    assert effect_id is not None
    outcomes: Mapping[str, Outcome] = {
        "done": "done",
        "not_done": "not_done",
        "again_send": "again",
    }
    return [
        CardButton(
            label=reader.say(f"b.{word}"),
            payload=ResolveEffect(effect_id=effect_id, outcome=outcome),
            approvers_only=True,
        )
        for word, outcome in outcomes.items()
    ]


def request_of(item: Item, reader: Reader) -> str:
    """One write as a request of its own, in the reader's language, so that it can be asked for
    again."""
    about, news = item.write["about"], {c["field"]: c["new"] for c in item.write["changes"]}
    slots: dict[str, object] = {
        "num": about.get("number"),
        "car": about.get("car"),
        "plate": show_plate(about.get("plate")),
    }
    if news.get("end"):
        slots["end"] = local(datetime.fromisoformat(news["end"])).strftime("%d.%m.%Y %H:%M")
    if "branch" in news:
        slots["branch"] = reader.branch(news["branch"])
    if "note" in news:
        slots["note"] = news["note"]
    if "car" in news:
        slots["other"] = news["car"]
    key = f"again.{item.write['title']}" + (
        ".car" if item.write["title"] == "change" and "other" in slots else ""
    )
    return reader.say(key, **slots) if key in keys() else ""


def inbox(
    waiting: Sequence[Approval],
    unknown: Sequence[Approval],
    lapsed: Sequence[Approval],
    reader: Reader,
) -> tuple[str, list[list[CardButton]]]:
    """`/inbox`: what waits for this person, what is unknown, what ran out while nobody looked."""
    if not waiting and not unknown and not lapsed:
        return reader.say("inbox.none"), []
    lines = [f"📥 <b>{reader.say('inbox', n=len(waiting) + len(unknown))}</b>"]
    buttons: list[CardButton] = []
    for card_ in (*unknown, *waiting):
        number = len(buttons) + 1
        title = _title(card_.items[0], reader)
        if card_ in unknown:
            lines.append(f"{number}. ⚠️ {reader.say('card.unknown', what=title)}")
        else:
            left = max(0, int((card_.expires_at - reader.now).total_seconds() // 60))
            lines.append(
                f"{number}. ❓ "
                + reader.say(
                    "inbox.row",
                    title=title,
                    who=escape(card_.requester_name),
                    t=times.clock(card_.expires_at),
                    n=left,
                )
            )
        buttons.append(
            CardButton(label=reader.say("b.open", n=number), payload=OpenCard(approval_id=card_.id))
        )
    lines += [
        f"⌛ {reader.say('card.expired', title=_title(card_.items[0], reader))} · "
        f"{times.clock(card_.expires_at)}"
        for card_ in lapsed
    ]
    return "\n".join(lines), [buttons[n : n + 3] for n in range(0, min(len(buttons), 6), 3)]


def headline(approval: Approval, reader: Reader) -> str:
    """The card's first line, as HTML."""
    return f"<b>{_title(approval.items[0], reader)}</b>"


# closed


def _closed(approval: Approval, reader: Reader) -> Card:
    title = _title(approval.items[0], reader)
    again = [[CardButton(label=reader.say("b.again"), payload=Ask(request=approval.request))]]
    at = times.clock(approval.decided_at or approval.expires_at)
    if approval.state == "declined":
        return Card(
            text=f"⛔ <b>{reader.say('card.declined', title=title)}</b> · "
            f"{escape(approval.decided_by or '—')}, {at}",
            buttons=[],
        )
    if approval.state == "expired":
        why = reader.say("card.expired.why", t=times.clock(approval.expires_at))
        return Card(
            text=f"⌛ <b>{reader.say('card.expired', title=title)}</b>\n{why}", buttons=again
        )
    return Card(
        text=f"⌛ <b>{reader.say('card.void', title=title)}</b>\n{_void(approval, reader, at)}",
        buttons=again,
    )


_SHOWN = {
    "start_at": "start",
    "end_at": "end",
    "car_id": "car",
    "total": "total",
    "description": "note",
}
_TELLING = (
    "end_at",
    "start_at",
    "car_id",
    "branch",
    "state",
    "status",
    "place_start",
    "place_end",
    "description",
)
_MOMENTS, _MONEY = ("start_at", "end_at"), ("total",)


def _void(approval: Approval, reader: Reader, at: str) -> str:
    reason = approval.reason or {}
    if reason.get("kind") == "left":
        return reader.say("card.void.left")
    if reason.get("kind") != "changed":
        return reader.say("card.void.tampered")
    fields: list[Mapping[str, Any]] = list(reason["fields"])
    first = min(
        fields,
        key=lambda field: (
            _TELLING.index(field["field"]) if field["field"] in _TELLING else len(_TELLING)
        ),
    )
    name = str(first["field"])

    def show(raw: Any) -> str:
        if raw is None:
            return reader.say("card.empty")
        if name in _MOMENTS:
            return reader.brief(datetime.fromisoformat(raw))
        if name in _MONEY:
            return Money(int(raw), "GEL").show(reader.language, exact=True)
        if name == "branch":
            return reader.branch(raw)
        if name == "state":
            return reader.say(f"state.{raw}")
        return (
            reader.say(f"status.{raw}")
            if name == "status" and f"status.{raw}" in keys()
            else escape(str(raw))
        )

    field = reader.say(f"card.field.{_SHOWN.get(name, name)}")
    pair = (
        ""
        if name in ("car_id", "description", "bookings")
        else f" {show(first['old'])} → {show(first['new'])}"
    )
    return reader.say("card.void.why", field=field, pair=pair, t=at)


# what cannot be
