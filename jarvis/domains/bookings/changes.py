"""Plans changes of bookings and cars in RentProg: checked, priced and previewed, never sent from
here.

A plan is made from a read of RentProg at that moment; when RentProg does not answer there is no
plan.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from pydantic import JsonValue

from jarvis.app.write import Write
from jarvis.domains.bookings.car_changes import CarChanges
from jarvis.domains.bookings.cards import CREATE
from jarvis.domains.bookings.change_view import BookingPresenter
from jarvis.domains.bookings.creating import BookingCreation
from jarvis.domains.bookings.editing import BookingEdits
from jarvis.domains.bookings.extending import BookingExtensions
from jarvis.domains.bookings.versions import versions
from jarvis.engine.behalf import Behalf, on_behalf
from jarvis.engine.db import Reader
from jarvis.engine.planned import PlannedWrite
from jarvis.integrations.rentprog.kinds import KINDS
from jarvis.integrations.rentprog.mirror import Incoming
from jarvis.kit.errors import IntegrationError, NotFound
from jarvis.messaging.presenter import Presenter


class Changes(BookingExtensions, BookingEdits, BookingCreation, CarChanges, Write):
    """Plans every write to RentProg, reads back what was written, and returns the current values of
    the fields that cards show."""

    kinds = KINDS
    presenter: ClassVar[Presenter] = BookingPresenter()

    async def versions(
        self, reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
    ) -> Mapping[str, JsonValue]:
        """Current values of fields of a booking or a car, as JSON."""
        return await versions(reader, kind, subject_id, fields)

    async def read_back(
        self, write: PlannedWrite, receipt: Mapping[str, JsonValue], *, undone: bool
    ) -> None:
        """Update the mirror with what RentProg has after a write; if RentProg does not answer, its
        webhook will."""
        if undone and write.title == CREATE:
            return
        # part of the approved write
        subject = write.subject
        with on_behalf(Behalf(kind="order", who=f"{subject.kind}:{subject.id}")):
            await self._read_back(write, receipt)

    async def _read_back(self, write: PlannedWrite, receipt: Mapping[str, JsonValue]) -> None:
        kind, subject_id = write.subject.kind, write.subject.id
        if write.title == CREATE and receipt.get("entity") is not None:
            car = await self._fleet.get(subject_id)
            try:
                incoming, branch = await self._mirror.reread(
                    str(receipt["entity"]), branch=car.branch
                )
            except (IntegrationError, NotFound):
                return
            await self._save(dataclasses.replace(incoming, made=True), branch)
        elif kind == "booking":
            await self._refresh.booking(subject_id, anew=True)
            branch = (await self._bookings.get(subject_id)).branch
            if branch is not None:
                await self._receivables.refresh([branch], anew=True)
        elif kind == "car":
            await self._refresh.car(subject_id, anew=True)

    async def read_again(self, kind: str, subject_id: UUID) -> None:
        """Refresh what a card shows, if RentProg answers."""
        if kind == "booking":
            await self._refresh.booking(subject_id, anew=True)
        elif kind == "car":
            await self._refresh.car(subject_id, anew=True)

    async def _save(self, incoming: Incoming, branch: str | None) -> None:
        async with self._db.transaction() as tx:
            await self._mirror.save(tx, incoming, branch=branch)
