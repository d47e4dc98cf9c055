"""What stands at the head of a client's topic, and of a task's. Times are absolute: a post stays as
it is until a fact changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.service import Booking, Owed
from jarvis.domains.clients.service import Client, mask_phone, phone_key
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.staff.absences import Absence
from jarvis.domains.tasks.service import Task
from jarvis.messaging.times import stamp
from jarvis.messaging.view import Reader

TITLE_MAX = 64


def client_title(client: Client, car: Car | None) -> str:
    """`Олег Рудин | Malibu 235`; a long name gives way to the car."""
    tail = f" | {car.label}" if car is not None else ""
    return f"{client.full_name[: TITLE_MAX - len(tail)]}{tail}"


def client_card(
    client: Client,
    bookings: Sequence[Booking],
    booking: Booking,
    car: Car | None,
    owed: Sequence[Owed],
    reader: Reader,
    *,
    contact: bool,
    stand_in: str | None,
) -> str:
    """Name, phone (masked without `contact`), rental, what is owed, who answers for it, how long
    the client is one; as HTML."""
    phone = (
        f"+{phone_key(client.phone)}"
        if contact and phone_key(client.phone)
        else mask_phone(client.phone)
    )
    lines = [f"👤 <b>{escape(client.full_name)}</b>"]
    lines.append(
        reader.say("client.phone", x=f"<code>{phone}</code>")
        if phone
        else reader.say("client.phone.none")
    )
    if car is not None:
        lines.append(
            f"🚗 <b>{escape(car.label)}</b> · <code>{show_plate(car.plate_key)}</code> · "
            f"{reader.branch(car.branch)}"
        )
    status = reader.say(f"status.{booking.status}")
    lines.append(
        f"📅 {number_of(booking, reader)} · {status}: {stamp(booking.start)} → {stamp(booking.end)}"
    )
    lines += [
        f"💰 {reader.say(f'owed.{o.kind}', x=reader.money(o.amount)).capitalize()}" for o in owed
    ]
    if booking.responsible:
        lines.append(reader.say("responsible", who=escape(booking.responsible)))
    if stand_in is not None:
        lines.append(reader.say("standin", who=escape(stand_in)))
    ended = [b for b in bookings if b.status == "done"]
    if ended:
        first = min((b.start for b in ended if b.start is not None), default=None)
        lines.append(reader.say("client.before", n=len(ended), t=stamp(first)))
    return "\n".join(lines)


def task_title(task: Task) -> str:
    """The first line of what is to be done."""
    return task.title.strip().splitlines()[0][:TITLE_MAX]


def task_card(task: Task, reader: Reader, *, stand_in: str | None) -> str:
    """What, until when, from whom; when it is done, by whom; as HTML."""
    lines = [f"📝 <b>{escape(task.title)}</b>"]
    if task.due is not None:
        lines.append(reader.say("task.due", t=day_of(task.due)))
    lines.append(reader.say("task.from", who=escape(task.creator)))
    if task.creator_id != task.assignee_id:
        lines.append(reader.say("responsible", who=escape(task.assignee)))
    if stand_in is not None:
        lines.append(reader.say("standin", who=escape(stand_in)))
    if task.status == "done":
        lines.append(
            reader.say("task.done", who=escape(task.done_by or "—"), t=stamp(task.done_at))
        )
    return "\n".join(lines)


def absence(away: Absence, reader: Reader, *, key: str) -> str:
    """Who is away when, and who does their work."""
    period = (
        day_of(away.first)
        if away.first == away.last
        else f"{day_of(away.first)} → {day_of(away.last)}"
    )
    return reader.say(
        key, who=escape(away.name), period=period, substitute=escape(away.substitute or "—")
    )


def day_of(day: date) -> str:
    """`12.03.2026`, for what stays as it is written."""
    return f"{day:%d.%m.%Y}"
