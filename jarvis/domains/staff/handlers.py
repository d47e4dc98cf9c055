"""Follow-up messages after changes of staff or branches: the invitation of a new employee, the next
steps of a new branch."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.domains.staff import kinds, queries
from jarvis.domains.staff.invitations import Invitations
from jarvis.domains.staff.service import StaffService
from jarvis.engine.approvals import SETTLED
from jarvis.engine.db import Database
from jarvis.engine.effects import Completed
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.messaging import outbox
from jarvis.messaging.catalogue import say


class StaffNextSteps:
    """Writes to the requester of a change what to do next."""

    feature: ClassVar[str] = "staff"

    def __init__(self, db: Database, staff: StaffService, invitations: Invitations) -> None:
        self._db = db
        self._staff = staff
        self._invitations = invitations

    @subscriber(SETTLED, lane=DeliveryLane.PEOPLE)
    async def carried(self, handling: Handling) -> None:
        """Send the next steps after a hire or a new branch."""
        ended = Completed.of(handling.event)
        if not ended.done or ended.kind not in (kinds.HIRE.name, kinds.ADD_BRANCH.name):
            return
        key = f"staff.next:{ended.effect_id}"
        by = await self._staff.actor(UUID(str(ended.args["by"])))
        to = await self._staff.telegram_of(by.employee_id) if by is not None else None
        if by is None or to is None or await queries.asked_for(self._db, key):
            return
        if ended.kind == kinds.HIRE.name:
            link = await self._invitation(UUID(str(ended.receipt["employee"])), by.name)
            text = say("staff.hired", by.language, name=str(ended.args["name"]), link=link)
        else:
            name, code = str(ended.args["names"][by.language]), str(ended.args["code"]).capitalize()
            text = say("staff.branch", by.language, name=name, code=code)
        async with handling.transaction() as tx:
            await outbox.send(tx, handling.origin, to, text, key=key)

    async def _invitation(self, employee_id: UUID, by: str) -> str:
        token = await self._invitations.create(employee_id, by=by)
        bot = await queries.bot_name(self._db)
        return f"https://t.me/{bot}?start={token}" if bot else f"/start {token}"
