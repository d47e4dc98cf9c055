"""Handles RentProg's webhooks: the payload is a hint, the record in RentProg is the truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Literal, cast
from uuid import UUID

from jarvis.domains.bookings.mirror import BookingMirror
from jarvis.domains.clients.service import ClientService
from jarvis.domains.fleet.service import FleetService
from jarvis.engine.db import Database, Tx
from jarvis.engine.failures import Unparsable
from jarvis.engine.journal import Event
from jarvis.engine.subscriptions import subscriber
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.integrations.rentprog.mirror import Incoming, fits, hook
from jarvis.integrations.rentprog.webhook import Change
from jarvis.kit.clock import Clock
from jarvis.kit.errors import NotFound, Unavailable

REREAD_AFTER = timedelta(seconds=60)
DUPLICATE_REREAD_AFTER = timedelta(seconds=2)
RecordKind = Literal["car", "client", "booking"]
RECORD_KINDS: tuple[RecordKind, ...] = ("car", "client", "booking")
NOTED = (
    "car.created",
    "car.updated",
    "car.moved",
    "client.created",
    "client.updated",
    "booking.created",
    "booking.updated",
    "booking.cancelled",
    "booking.issued",
    "booking.returned",
)


class RentProgHooks:
    """Applies webhooks in their order; reads the record from RentProg when the payload is not
    enough."""

    feature: ClassVar[str] = "rentprog"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        fleet: FleetService,
        clients: ClientService,
        bookings: BookingMirror,
    ) -> None:
        self._db = db
        self._clock = clock
        self._fleet = fleet
        self._clients = clients
        self._bookings = bookings
        self._timers = Timers()

    @subscriber("rentprog.unreadable")
    async def unreadable(self, handling: Handling) -> None:
        """Park the delivery with its raw body; `hook` says why it cannot be read."""
        hook(handling.event.body)
        raise Unparsable("RentProg webhook: it became readable only now; replay it")

    @subscriber(
        *(f"rentprog.{noun}.{verb}" for noun in RECORD_KINDS for verb in ("create", "update"))
    )
    async def changed(self, handling: Handling) -> None:
        """Save a record that was created or updated."""
        change, branch = hook(handling.event.body), _branch(handling.event)
        stored = await self._stored(change)
        incoming = Incoming(
            raw={**change.values, "id": change.entity_id},
            cleared=change.cleared,
            read_at=self._clock.now(),
            from_api=change.from_api,
            made=change.verb == "create",
        )
        known = stored is not None
        # a webhook came late, early or not at all
        if known != (change.verb == "update") or (stored is not None and not fits(change, stored)):
            try:
                incoming = await self._read_again(change.noun, str(change.entity_id), branch)
            except NotFound:
                return  # destroyed since; that webhook follows or has come already
            except Unavailable:
                if stored is None:
                    raise
                async with handling.transaction() as tx:
                    await self._arm(tx, change.noun, str(change.entity_id), branch)
                if change.verb == "create":
                    return  # our row is newer than the record's first state
        async with handling.transaction() as tx:
            await self._save(tx, change.noun, incoming, branch, handling.event)
        if change.noun == "booking":
            await self._parents(handling, str(change.entity_id), branch)

    @subscriber(*(f"rentprog.{noun}.destroy" for noun in RECORD_KINDS))
    async def destroyed(self, handling: Handling) -> None:
        """Hide a record that was destroyed in RentProg; nothing is deleted with it."""
        change = hook(handling.event.body)
        async with handling.transaction() as tx:
            forget = {
                "car": self._fleet.forget,
                "client": self._clients.forget,
                "booking": self._bookings.forget,
            }
            await forget[change.noun](tx, str(change.entity_id))

    @subscriber("rentprog.duplicate", *(f"rentprog.{noun}.duplicate" for noun in RECORD_KINDS))
    async def duplicated(self, handling: Handling) -> None:
        """Ignore an equal body within the window; once its burst is over the record is read once
        more."""
        original = UUID(handling.event.payload["original_event_id"])
        row = await self._db.fetchrow(
            "SELECT body, source, kind FROM event WHERE id = $1", original
        )
        if row is None or row["kind"] == "rentprog.unreadable":
            return
        change = hook(row["body"])
        branch = str(row["source"]).partition(":")[2]
        async with handling.transaction() as tx:
            await self._arm(
                tx, change.noun, str(change.entity_id), branch, after=DUPLICATE_REREAD_AFTER
            )

    @subscriber("rentprog.reread")
    async def reread(self, handling: Handling) -> None:
        """Read a record again, by a timer, that could not be read before."""
        noun, _, key = str(handling.event.payload["subject"]).partition(":")
        assert noun in ("car", "client", "booking"), noun
        await self._reread(handling, noun, key, handling.event.payload.get("branch"))

    @subscriber("car.created", "client.created")
    async def link(self, handling: Handling) -> None:
        """Join bookings to a car or a client that arrived after them."""
        async with handling.transaction() as tx:
            await self._bookings.link(tx, str(handling.event.id), handling.event)

    @subscriber(*NOTED)
    async def note(self, handling: Handling) -> None:
        """Record the history of a car, a client or a booking. It begins after the first load, since
        earlier changes were not observed."""
        event, payload = handling.event, handling.event.payload
        noun = event.kind.partition(".")[0]
        names = sorted(map(str, cast(list[Any], list(payload.get("changed") or ()))))
        async with handling.transaction() as tx:
            await tx.execute(
                """INSERT INTO timeline_entry (subject_kind, subject_id, kind, happened_at, summary,
                    event_id, dedup_key)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (dedup_key) DO NOTHING""",
                noun,
                UUID(payload[f"{noun}_id"]),
                event.kind,
                self._clock.now(),
                ", ".join(names)[:500],
                event.id,
                f"event:{event.id}",
            )

    async def _reread(
        self, handling: Handling, noun: RecordKind, key: str, branch: str | None
    ) -> None:
        try:
            incoming = await self._read_again(noun, key, branch)
        except NotFound:
            return
        async with handling.transaction() as tx:
            await self._save(tx, noun, incoming, branch, handling.event)

    async def _parents(self, handling: Handling, key: str, branch: str | None) -> None:
        """Fetch the car or client of a booking that are not in the mirror yet."""
        for noun, missing in zip(
            ("car", "client"), await self._bookings.missing_parents(self._db, key), strict=True
        ):
            if missing is None:
                continue
            async with handling.transaction() as tx:
                await self._arm(tx, "car" if noun == "car" else "client", missing, branch)
            try:
                incoming = await self._read_again(
                    "car" if noun == "car" else "client", missing, branch
                )
            except (NotFound, Unavailable):
                continue  # the timer tries again
            async with handling.transaction() as tx:
                await self._save(
                    tx, "car" if noun == "car" else "client", incoming, branch, handling.event
                )
                await self._bookings.link(tx, str(handling.event.id), handling.event)
                await self._timers.cancel(tx, kind="rentprog.reread", subject=f"{noun}:{missing}")

    async def _stored(self, change: Change) -> Mapping[str, object] | None:
        key = str(change.entity_id)
        if change.noun == "car":
            return await self._fleet.stored_raw(self._db, key)
        if change.noun == "client":
            return await self._clients.stored_raw(self._db, key)
        return await self._bookings.stored_raw(self._db, key)

    async def _read_again(self, noun: RecordKind, key: str, branch: str | None) -> Incoming:
        if noun == "car":
            return await self._fleet.reread(key, branch=branch)
        if noun == "client":
            return await self._clients.reread(key)
        incoming, _ = await self._bookings.reread(key, branch=branch)
        return incoming

    async def _save(
        self, tx: Tx, noun: RecordKind, incoming: Incoming, branch: str | None, event: Event
    ) -> None:
        if noun == "car":
            await self._fleet.save(tx, incoming, branch=branch, event=event)
        elif noun == "client":
            await self._clients.save(tx, incoming, event=event)
        else:
            await self._bookings.save(tx, incoming, branch=branch, event=event)

    async def _arm(
        self,
        tx: Tx,
        noun: RecordKind,
        key: str,
        branch: str | None,
        *,
        after: timedelta = REREAD_AFTER,
    ) -> None:
        await self._timers.arm(
            tx,
            kind="rentprog.reread",
            subject=f"{noun}:{key}",
            due_at=self._clock.now() + after,
            payload={"branch": branch},
        )


def _branch(event: Event) -> str | None:
    return event.source.partition(":")[2] or None
