"""Executes RentProg's writes: an approved preview is executed under the same key, so that nobody
approves twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from jarvis.engine.effects import Effect, EffectHandler, Receipt
from jarvis.integrations.rentprog.client import PublicApi
from jarvis.integrations.rentprog.kinds import KINDS, PUBLIC_CREATE_BOOKING, PUBLIC_UPDATE_BOOKING
from jarvis.integrations.rentprog.mcp import McpApi
from jarvis.integrations.rentprog.models import SYSTEM, Booking, Operation, parse_moment
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.errors import Rejected, Unavailable

POLL_S, POLLED_S = 0.5, 5.0
STALE = "stale"  # the reason that tells a card that the record had changed
PERSON_S = 20.0


class RentProgEffects:
    """Handlers of RentProg's effects."""

    def __init__(self, rentprog: RentProg) -> None:
        self._api: PublicApi = rentprog.api
        self._mcp: McpApi = rentprog.mcp

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        table: dict[str, EffectHandler] = {
            kind.name: self.write for kind in KINDS if kind.effect_class == "A"
        }
        return table | {
            PUBLIC_UPDATE_BOOKING.name: self.public_update,
            PUBLIC_CREATE_BOOKING.name: self.public_create,
        }

    async def write(self, effect: Effect) -> Receipt:
        """Execute one write over MCP. A repeat goes under the same key, so a lost answer is
        fetched, not executed again."""
        args = effect.args
        key, token = str(args["key"]), args.get("token")
        operation = await self._mcp.write(
            args["tool"], args["arguments"], company=args.get("company"), key=key, token=token
        )
        if operation.status == "expired":
            # The preview expired before the decision; nothing was executed under its key.
            key = f"{key}:again"
            operation = await self._mcp.write(
                args["tool"], args["arguments"], company=args.get("company"), key=key
            )
            if args.get("before") is not None and operation.changes != args["before"]:
                raise Rejected(SYSTEM, STALE)
        if operation.status == "previewed":
            operation = await self._mcp.write(
                args["tool"],
                args["arguments"],
                company=args.get("company"),
                key=key,
                token=operation.preview_token,
            )
        return _receipt(await self._settled(operation))

    async def _settled(self, operation: Operation) -> Operation:
        """Wait briefly for an accepted operation, else reschedule its effect under the same key."""
        until = time.monotonic() + POLLED_S
        while operation.status in ("accepted", "in_progress"):
            if time.monotonic() > until:
                raise Unavailable(SYSTEM, "still at work", retry_after_s=2.0)
            await asyncio.sleep(POLL_S)
            operation = await self._mcp.operation_status(operation.operation_id)
        if operation.status == "pending_approval":
            raise Unavailable(
                SYSTEM, "waits for a confirmation in RentProg", retry_after_s=PERSON_S
            )
        return operation

    async def public_update(self, effect: Effect) -> Receipt:
        """Change a booking over the public API; before a repeat the booking is read back."""
        branch, booking_id = str(effect.args["branch"]), int(effect.args["booking_id"])
        fields: Mapping[str, Any] = effect.args["fields"]
        if effect.attempt > 1 and _holds(await self._api.booking(branch, booking_id), fields):
            return Receipt(facts={"entity": booking_id, "read_back": True})
        await self._api.update_booking(branch, booking_id, fields)
        return Receipt(facts={"entity": booking_id})

    async def public_create(self, effect: Effect) -> Receipt:
        """Create a booking over the public API; before a repeat it is searched by phone, car and
        start."""
        branch, fields = str(effect.args["branch"]), effect.args["fields"]
        if effect.attempt > 1:
            for known in await self._api.search_bookings(branch, str(effect.args["search"])):
                same = known.start_date is not None and parse_moment(
                    known.start_date
                ) == parse_moment(str(fields["start_date"]))
                if (
                    known.car_id == fields["car_id"]
                    and same
                    and not (known.state or "").startswith("Отмен")
                ):
                    return Receipt(
                        facts={"entity": known.id, "number": known.number, "read_back": True}
                    )
        record = await self._api.create_booking(branch, fields)
        return Receipt(facts={"entity": record.id, "number": record.number})


def _receipt(operation: Operation) -> Receipt:
    if operation.status != "done":
        raise Rejected(
            SYSTEM, STALE if operation.status == "stale" else operation.message or operation.status
        )
    facts = {
        "operation": operation.operation_id,
        "entity": operation.result.get("id"),
        "number": operation.result.get("number"),
    }
    return Receipt(facts={name: value for name, value in facts.items() if value is not None})


def _holds(booking: Booking, fields: Mapping[str, Any]) -> bool:
    """Whether the booking already has the wanted values."""
    record = booking.raw()
    for name, wanted in fields.items():
        now = record.get(name)
        if name.endswith("_date"):
            if now is None or parse_moment(str(now)) != parse_moment(str(wanted)):
                return False
        elif str(now) != str(wanted):
            return False
    return True
