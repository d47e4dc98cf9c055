"""Texts about files: the question to the author, captions of albums."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from uuid import UUID

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.media.models import MediaSet, Operation
from jarvis.domains.media.payloads import FileSet
from jarvis.kit.ids import sha256_hex
from jarvis.messaging.times import stamp
from jarvis.messaging.view import Button, Reader

CHOICES_MAX = 6
WORDS_MAX = 600  # characters of what the author wrote; Telegram takes 1024 in all
REFUSALS = frozenset(
    {"format", "kind", "extension", "bomb", "truncated", "polyglot", "heavy", "gone"}
)


def choices(
    found: MediaSet,
    offers: Sequence[tuple[Operation, Booking]],
    car_id: UUID | None,
    reader: Reader,
) -> list[list[Button]]:
    """Return buttons for the operations that the files may belong to: those of bookings first,
    then the others of the topic's car."""
    named: list[Button] = []
    for kind, booking in offers[:CHOICES_MAX]:
        if booking.car_id is not None:
            label = operation(kind, booking, car_id, reader)
            named.append(_button(label, found, kind, booking.car_id, booking.id))
    rows = [named[n : n + 2] for n in range(0, len(named), 2)] if car_id else [[b] for b in named]
    if car_id:
        others: Sequence[Operation] = ("damage", "other")
        rows.append([_button(reader.say(f"op.{op}"), found, op, car_id, None) for op in others])
    return rows


def operation(kind: Operation, booking: Booking, car_id: UUID | None, reader: Reader) -> str:
    """Return `Выдача №1201`, with the car unless the topic is about it."""
    label = f"{reader.say(f'op.{kind}')} {number_of(booking, reader)}"
    return label if car_id else f"{label} · {booking.car_label or '—'}"


def _button(
    label: str, found: MediaSet, operation: Operation, car_id: UUID, booking_id: UUID | None
) -> Button:
    payload = FileSet(set_id=found.id, operation=operation, car_id=car_id, booking_id=booking_id)
    return Button(label=label[:34], payload=payload)


def refused(reason: str) -> str:
    """Return the code of a text for this reason."""
    return reason if reason in REFUSALS else "other"


def refusal(reason: str, reader: Reader) -> str:
    return reader.say("media.refused", why=reader.say(f"refuse.{refused(reason)}"))


def what(operation: Operation, booking: Booking | None, car: Car, reader: Reader) -> str:
    """Return `Выдача №1201 · Malibu 235`."""
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    return f"{reader.say(f'op.{operation}')}{number} · {escape(car.label)}"


def caption(
    found: MediaSet, booking: Booking | None, files: int, words: Sequence[str], reader: Reader
) -> str:
    """Return the caption of an album in the car's topic: operation, time, author, number of
    files, then the author's captions."""
    assert found.operation is not None
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    by = (
        f"{stamp(found.started_at)} · {escape(found.author or '—')} · "
        f"{reader.say('carfile.files', n=files)}"
    )
    head = f"📝 <b>{reader.say(f'op.{found.operation}')}{number}</b> · {by}"
    said = "\n".join(words)
    return f"{head}\n{escape(said[:WORDS_MAX])}{'…' if len(said) > WORDS_MAX else ''}".rstrip()


def car_head(car: Car, sets: int, reader: Reader) -> str:
    """Return `🚗 Malibu 235 · TT-235-TT · 3`."""
    plate = f" · <code>{show_plate(car.plate_key)}</code>" if car.plate_key else ""
    return (
        f"🚗 <b>{escape(car.label)}</b>{plate}: "
        f"{reader.say('carfile.sets', n=sets) if sets else reader.say('carfile.none')}"
    )


def set_line(
    number: int, found: MediaSet, booking: Booking | None, digests: Sequence[str], reader: Reader
) -> str:
    """Return operation, booking, time, author, number of files, and a hash over all of them."""
    assert found.operation is not None
    of = f" {number_of(booking, reader)}" if booking is not None else ""
    digest = sha256_hex("".join(sorted(digests)))[:8]
    by = (
        f"{stamp(found.started_at)} · {escape(found.author or '—')} · "
        f"{reader.say('carfile.files', n=found.files)}"
    )
    of += f" · {reader.say('carfile.papers')}" if found.private else ""
    return f"{number}. {reader.say(f'op.{found.operation}')}{of} · {by} · <code>{digest}</code>"
