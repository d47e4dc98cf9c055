"""Photos and other material of cars."""

from __future__ import annotations

from pydantic_ai import RunContext

from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import Car, FleetService
from jarvis.domains.media.facts import MaterialFact, SetLine
from jarvis.domains.media.models import Operation
from jarvis.domains.media.service import MediaService
from jarvis.engine.db import Database
from jarvis.kit.roles import EVERYBODY
from tools.arguments import Number, Said
from tools.decorators import new_toolset, read
from tools.deps import Deps
from tools.resolve import resolve_subject

media = new_toolset("media")
LISTED = 8


@read(media, roles=EVERYBODY, scope="branch", untrusted=False)
async def find_media(
    ctx: RunContext[Deps],
    car: Said | None = None,
    booking: Number | None = None,
    operation: Operation | None = None,
) -> str:
    """Photos and other material of a car: which sets there are, of which operation and booking, by
    whom. Buttons show the files.

    Args:
        car: The car as it was said, e.g. `приус 417`; this or `booking` is needed.
        booking: A booking's number, e.g. `1234`, when the material of that booking is meant.
        operation: Only material of this kind: `issue` (taken at pick-up), `return`, `damage` or
            `other`; all when absent.
    """
    deps = ctx.deps
    db = deps.get(Database)
    subject = await resolve_subject(ctx, booking, car or deps.run.request)
    if isinstance(subject, str) or subject is None:
        return subject or "Say which car or booking is meant."
    if isinstance(subject, Booking) and subject.car_id is None:
        return "The booking has no car, so it has no material."
    found = (
        await deps.get(FleetService).get(subject.car_id)
        if isinstance(subject, Booking) and subject.car_id
        else subject
    )
    assert isinstance(found, Car)
    deps.scope(found.branch)
    media = deps.get(MediaService)
    sets = [
        s
        for s in await media.of_car(db, found.id)
        if (operation is None or s.operation == operation)
        and (booking is None or s.booking_id == subject.id)
    ]
    lines: list[SetLine] = []
    for each in sets[:LISTED]:
        of = (
            await deps.get(BookingService).get(each.booking_id)
            if each.booking_id is not None
            else None
        )
        digests = tuple(i.digest or "" for i in await media.items(db, each.id))
        lines.append(SetLine(found=each, booking=of, digests=digests))
    await deps.run.record(deps.actor, "material.read", "listed", {"car_id": str(found.id)})
    key = deps.run.facts.add(MaterialFact(car=found, sets=tuple(lines), total=len(sets)))
    return f"[{key}] {len(sets)} sets of material of {found.label}."
