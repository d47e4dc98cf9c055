"""Text of news in service chats: what happened, where, with which car and booking. Never a client's
name, phone or papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking
from jarvis.domains.chats.models import Forum
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.view import in_rows
from jarvis.domains.news.payloads import ChooseBranch, ChooseChat, ChooseClass, SetMode
from jarvis.domains.news.subscriptions import CLASSES, MODES, EventClass, Line, Subscription, route
from jarvis.messaging.callbacks import Payload
from jarvis.messaging.markup import Markup, html, joined, lines
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


def instant(event_class: EventClass, branch: str | None, line: Markup, reader: Reader) -> Markup:
    """`📅 <b>ТБИЛИСИ</b> · Новая бронь: №1210 · Malibu 235 · …`."""
    where = html("<b>{}</b> · ", reader.branch(branch).upper()) if branch else ""
    what = reader.say(f"news.{event_class}")
    return html("{} {}{}: {}", SIGNS[event_class], where, what, line)


def booking_line(booking: Booking, reader: Reader) -> Markup:
    """Number, car, dates."""
    period = reader.span(booking.start, booking.end)
    return html("{} · {} · {}", number_of(booking, reader), booking.car_label or "—", period)


def moved_line(car: Car, old: str | None, new: str | None, reader: Reader) -> Markup:
    return html("{} · {} → {}", car.label, reader.branch(old), reader.branch(new))


def form_line(form: Form, car: Car | None, booking: Booking | None, reader: Reader) -> Markup:
    """The form, its car and booking, and its gaps or what was chosen in it; free text stays in the
    car's topic."""
    language = reader.language
    name = form.template.title[language]
    if booking is not None:
        name = f"{name} {number_of(booking, reader)}"
    parts = [name, car.label] if car is not None else [name]
    if form.gaps:
        parts.append(
            reader.say(
                "news.gaps",
                n=len(form.gaps),
                list=", ".join(p.item.title[language] for p in form.gaps),
            )
        )
    else:
        parts += [
            f"{p.item.title[language]}: {o.title[language]}"
            for p in form.points
            for o in p.item.options
            if o.key == p.choice
        ]
    return joined(" · ", parts)


def digest(waiting: Sequence[Line], reader: Reader) -> Markup:
    """A heading with the count for each class, then its first lines."""
    today = reader.brief(reader.now).partition(",")[0]
    rows = [html("🗒 <b>{}</b>", reader.say("news.digest", date=today))]
    for event_class in CLASSES:
        of = [line.text for line in waiting if line.event_class == event_class]
        if of:
            name = reader.say(f"news.{event_class}")
            rows.append(html("{} <b>{}: {}</b>", SIGNS[event_class], name, len(of)))
            rows += [html("• {}", text) for text in of[:DIGEST_ROWS]]
            if len(of) > DIGEST_ROWS:
                rows.append(reader.say("news.more", n=len(of) - DIGEST_ROWS))
    return lines(rows)


# pages of subscriptions: chat → class → branch → mode


def chats(rows: Sequence[Forum], reader: Reader) -> list[list[Button]]:
    return [[_button(f.title, ChooseChat(chat_id=f.marked_id))] for f in rows]


def classes(
    forum: Forum, subscriptions: Sequence[Subscription], reader: Reader
) -> tuple[Markup, list[list[Button]]]:
    """The subscriptions of one chat: the mode of each class, and the branches with another one."""
    mine = [s for s in subscriptions if s.chat_id == forum.id]
    rows = [reader.say("news.chat", chat=forum.title)]
    for event_class in CLASSES:
        general = next(
            (s.mode for s in mine if s.event_class == event_class and s.branch is None), "off"
        )
        own = [
            f"{reader.branch(s.branch)} {reader.label(f'news.mode.{s.mode}')}"
            for s in mine
            if s.event_class == event_class and s.branch
        ]
        extra = f" ({', '.join(own)})" if own else ""
        name, mode = reader.say(f"news.{event_class}"), reader.say(f"news.mode.{general}")
        rows.append(html("• {}: {}{}", name, mode, extra))
    buttons = [
        _button(reader.label(f"news.{c}"), ChooseClass(chat_id=forum.marked_id, event_class=c))
        for c in CLASSES
    ]
    return lines(rows), in_rows(buttons)


def branches(
    forum: Forum, event_class: EventClass, reader: Reader
) -> tuple[Markup, list[list[Button]]]:
    """The choice of a branch."""
    rows = [
        _button(
            reader.branch(code) if code else reader.label("news.everywhere"),
            ChooseBranch(chat_id=forum.marked_id, event_class=event_class, branch=code),
        )
        for code in (None, *reader.branches)
    ]
    return html("{} · {}", forum.title, reader.say(f"news.{event_class}")), in_rows(rows)


def modes(
    forum: Forum,
    event_class: EventClass,
    branch: str | None,
    subscriptions: Sequence[Subscription],
    reader: Reader,
) -> tuple[Markup, list[list[Button]]]:
    """The choice of a mode."""
    where = reader.branch(branch) if branch else reader.label("news.everywhere")
    now = [s for s in route(subscriptions, event_class, branch) if s.chat_id == forum.id]
    state = reader.say(f"news.mode.{now[0].mode if now else 'off'}")
    what = reader.say(f"news.{event_class}")
    text = html("{} · {} · {}: {}", forum.title, what, where, state)
    return text, [
        [
            _button(
                reader.label(f"news.mode.{m}"),
                SetMode(chat_id=forum.marked_id, event_class=event_class, branch=branch, mode=m),
            )
        ]
        for m in MODES
    ]


def _button(label: str, payload: Payload) -> Button:
    return Button(label=label[:34], payload=payload)
