"""Text of news in service chats: what happened, where, with which car and booking. Never a client's
name, phone or papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking
from jarvis.domains.chats.models import Forum
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.view import in_rows
from jarvis.domains.news.payloads import ChooseBranch, ChooseChat, ChooseClass, SetMode
from jarvis.domains.news.subscriptions import CLASSES, MODES, EventClass, Line, Subscription, route
from jarvis.messaging.callbacks import Payload
from jarvis.messaging.view import Button, Reader

SIGNS: Mapping[EventClass, str] = {
    "booking_created": "📅",
    "booking_cancelled": "📅",
    "booking_issued": "📅",
    "booking_returned": "📅",
    "car_moved": "🚗",
    "car_problem": "⚠️",
    "checklist_gaps": "📝",
}
DIGEST_ROWS = 7  # lines per class


def instant(event_class: EventClass, branch: str | None, line: str, reader: Reader) -> str:
    """`📅 <b>ТБИЛИСИ</b> · Новая бронь: №1210 · Malibu 235 · …`."""
    where = f"<b>{escape(reader.branch(branch)).upper()}</b> · " if branch else ""
    return f"{SIGNS[event_class]} {where}{reader.say(f'news.{event_class}')}: {line}"


def booking_line(booking: Booking, reader: Reader) -> str:
    """Number, car, dates."""
    car = escape(booking.car_label or "—")
    return f"{number_of(booking, reader)} · {car} · {reader.span(booking.start, booking.end)}"


def moved_line(car: Car, old: str | None, new: str | None, reader: Reader) -> str:
    return f"{escape(car.label)} · {escape(reader.branch(old))} → {escape(reader.branch(new))}"


def form_line(form: Form, car: Car | None, booking: Booking | None, reader: Reader) -> str:
    """The form, its car and booking, and its gaps or what was chosen in it; free text stays in the
    car's topic."""
    language = reader.language
    title, number = escape(form.template.title[language]), ""
    if booking is not None:
        number = f" {number_of(booking, reader)}"
    name = f"{title}{number}"
    parts = [name, escape(car.label)] if car is not None else [name]
    if form.gaps:
        parts.append(
            reader.say(
                "news.gaps",
                n=len(form.gaps),
                list=escape(", ".join(p.item.title[language] for p in form.gaps)),
            )
        )
    else:
        chosen = [
            f"{p.item.title[language]}: {o.title[language]}"
            for p in form.points
            for o in p.item.options
            if o.key == p.choice
        ]
        parts += [escape(text) for text in chosen]
    return " · ".join(parts)


def digest(lines: Sequence[Line], reader: Reader) -> str:
    """A heading with the count for each class, then its first lines."""
    rows = [
        f"🗒 <b>{reader.say('news.digest', date=reader.brief(reader.now).partition(',')[0])}</b>"
    ]
    for event_class in CLASSES:
        of = [line.text for line in lines if line.event_class == event_class]
        if of:
            rows.append(
                f"{SIGNS[event_class]} <b>{reader.say(f'news.{event_class}')}: {len(of)}</b>"
            )
            rows += [f"• {text}" for text in of[:DIGEST_ROWS]]
            if len(of) > DIGEST_ROWS:
                rows.append(reader.say("news.more", n=len(of) - DIGEST_ROWS))
    return "\n".join(rows)


# pages of subscriptions: chat → class → branch → mode


def chats(rows: Sequence[Forum], reader: Reader) -> list[list[Button]]:
    return [[_button(f.title, ChooseChat(chat_id=f.marked_id))] for f in rows]


def classes(
    forum: Forum, subscriptions: Sequence[Subscription], reader: Reader
) -> tuple[str, list[list[Button]]]:
    """The subscriptions of one chat: the mode of each class, and the branches with another one."""
    mine = [s for s in subscriptions if s.chat_id == forum.id]
    lines = [reader.say("news.chat", chat=escape(forum.title))]
    for event_class in CLASSES:
        general = next(
            (s.mode for s in mine if s.event_class == event_class and s.branch is None), "off"
        )
        own = [
            f"{reader.branch(s.branch)} {reader.say(f'news.mode.{s.mode}')}"
            for s in mine
            if s.event_class == event_class and s.branch
        ]
        extra = f" ({escape(', '.join(own))})" if own else ""
        lines.append(
            f"• {reader.say(f'news.{event_class}')}: {reader.say(f'news.mode.{general}')}{extra}"
        )
    buttons = [
        _button(reader.say(f"news.{c}"), ChooseClass(chat_id=forum.marked_id, event_class=c))
        for c in CLASSES
    ]
    return "\n".join(lines), in_rows(buttons)


def branches(
    forum: Forum, event_class: EventClass, reader: Reader
) -> tuple[str, list[list[Button]]]:
    """The choice of a branch."""
    rows = [
        _button(
            reader.branch(code) if code else reader.say("news.everywhere"),
            ChooseBranch(chat_id=forum.marked_id, event_class=event_class, branch=code),
        )
        for code in (None, *reader.branches)
    ]
    return f"{escape(forum.title)} · {reader.say(f'news.{event_class}')}", in_rows(rows)


def modes(
    forum: Forum,
    event_class: EventClass,
    branch: str | None,
    subscriptions: Sequence[Subscription],
    reader: Reader,
) -> tuple[str, list[list[Button]]]:
    """The choice of a mode."""
    where = reader.branch(branch) if branch else reader.say("news.everywhere")
    now = [s for s in route(subscriptions, event_class, branch) if s.chat_id == forum.id]
    state = reader.say(f"news.mode.{now[0].mode if now else 'off'}")
    text = f"{escape(forum.title)} · {reader.say(f'news.{event_class}')} · {escape(where)}: {state}"
    return text, [
        [
            _button(
                reader.say(f"news.mode.{m}"),
                SetMode(chat_id=forum.marked_id, event_class=event_class, branch=branch, mode=m),
            )
        ]
        for m in MODES
    ]


def _button(label: str, payload: Payload) -> Button:
    return Button(label=label[:34], payload=payload)
