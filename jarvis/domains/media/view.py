"""Texts about files: the question to the author, captions of albums."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.media.models import MediaSet, Operation
from jarvis.domains.media.payloads import FileSet
from jarvis.kit.ids import sha256_hex
from jarvis.messaging.markup import Markup, html
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
        rows.append([_button(reader.label(f"op.{op}"), found, op, car_id, None) for op in others])
    return rows


def operation(kind: Operation, booking: Booking, car_id: UUID | None, reader: Reader) -> str:
    """Return `Выдача №1201` as plain text, with the car unless the topic is about it."""
    label = f"{reader.label(f'op.{kind}')} {number_of(booking, reader)}"
    return label if car_id else f"{label} · {booking.car_label or '—'}"


def _button(
    label: str, found: MediaSet, operation: Operation, car_id: UUID, booking_id: UUID | None
) -> Button:
    payload = FileSet(set_id=found.id, operation=operation, car_id=car_id, booking_id=booking_id)
    return Button(label=label[:34], payload=payload)


def refused(reason: str) -> str:
    """Return the code of a text for this reason."""
    return reason if reason in REFUSALS else "other"


def refusal(reason: str, reader: Reader) -> Markup:
    return reader.say("media.refused", why=reader.say(f"refuse.{refused(reason)}"))


def what(operation: Operation, booking: Booking | None, car: Car, reader: Reader) -> Markup:
    """Return `Выдача №1201 · Malibu 235`."""
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    return html("{}{} · {}", reader.say(f"op.{operation}"), number, car.label)


def caption(
    found: MediaSet, booking: Booking | None, files: int, words: Sequence[str], reader: Reader
) -> Markup:
    """Return the caption of an album in the car's topic: operation, time, author, number of
    files, then the author's captions."""
    assert found.operation is not None
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    head = html("📝 <b>{}{}</b>", reader.say(f"op.{found.operation}"), number)
    said = "\n".join(words)
    shown = f"{said[:WORDS_MAX]}{'…' if len(said) > WORDS_MAX else ''}"
    return html("{} · {}\n{}", head, _by(found, files, reader), shown).rstrip()


def _by(found: MediaSet, files: int, reader: Reader) -> Markup:
    """Return time, author and number of files."""
    count = reader.say("carfile.files", n=files)
    return html("{} · {} · {}", stamp(found.started_at), found.author or "—", count)


def car_head(car: Car, sets: int, reader: Reader) -> Markup:
    """Return `🚗 Malibu 235 · TT-235-TT · 3`."""
    plate = html(" · <code>{}</code>", show_plate(car.plate_key)) if car.plate_key else ""
    count = reader.say("carfile.sets", n=sets) if sets else reader.say("carfile.none")
    return html("🚗 <b>{}</b>{}: {}", car.label, plate, count)


def set_line(
    number: int, found: MediaSet, booking: Booking | None, digests: Sequence[str], reader: Reader
) -> Markup:
    """Return operation, booking, time, author, number of files, and a hash over all of them."""
    assert found.operation is not None
    of = f" {number_of(booking, reader)}" if booking is not None else ""
    digest = sha256_hex("".join(sorted(digests)))[:8]
    papers = html(" · {}", reader.say("carfile.papers")) if found.private else ""
    what, by = reader.say(f"op.{found.operation}"), _by(found, found.files, reader)
    return html("{}. {}{}{} · {} · <code>{}</code>", number, what, of, papers, by, digest)
