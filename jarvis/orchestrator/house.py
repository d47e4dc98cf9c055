"""What follows a request about the house: the check-list that opens, the invitation of who was
hired, the steps of a new branch."""

from __future__ import annotations

from html import escape
from typing import ClassVar
from uuid import UUID

from jarvis.domains.forms.filling import Forms
from jarvis.domains.house import kinds
from jarvis.domains.staff.service import StaffService
from jarvis.engine.approvals import SETTLED
from jarvis.engine.db import Database
from jarvis.engine.effects import Completed
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.messaging import outbox
from jarvis.messaging.catalogue import say
from tools.forms import ASKED


class HouseWork:
    """Goes on where a tool or an approval ended."""

    feature: ClassVar[str] = "house"

    def __init__(self, db: Database, staff: StaffService, forms: Forms) -> None:
        self._db = db
        self._staff = staff
        self._forms = forms

    @subscriber(ASKED, lane=DeliveryLane.PEOPLE)
    async def opens(self, handling: Handling) -> None:
        """A check-list was asked for: it opens in the person's private chat."""
        p = handling.event.payload
        actor = await self._staff.actor(UUID(str(p["employee_id"])))
        if actor is not None:
            async with handling.transaction() as tx:
                await self._forms.begin(
                    tx, handling, actor, str(p["template"]), UUID(str(p["subject"]))
                )

    @subscriber(SETTLED, lane=DeliveryLane.PEOPLE)
    async def carried(self, handling: Handling) -> None:
        """Somebody was hired, or a branch added: who asked for it hears what to do next."""
        ended = Completed.of(handling.event)
        if not ended.done or ended.kind not in (kinds.HIRE.name, kinds.ADD_BRANCH.name):
            return
        key = f"house.next:{ended.effect_id}"
        by = await self._staff.actor(UUID(str(ended.args["by"])))
        to = await self._staff.telegram_of(by.employee_id) if by is not None else None
        if (
            by is None
            or to is None
            or await self._db.fetchval("SELECT true FROM effect WHERE idempotency_key = $1", key)
        ):
            return
        if ended.kind == kinds.HIRE.name:
            link = await self._invitation(UUID(str(ended.receipt["employee"])), by.name)
            text = say("house.hired", by.language, name=escape(str(ended.args["name"])), link=link)
        else:
            name, code = str(ended.args["names"][by.language]), str(ended.args["code"]).capitalize()
            text = say("house.branch", by.language, name=escape(name), code=code)
        async with handling.transaction() as tx:
            await outbox.send(tx, handling.origin, to, text, key=key)

    async def _invitation(self, employee_id: UUID, by: str) -> str:
        token = await self._staff.invite(employee_id, by=by)
        bot: str | None = await self._db.fetchval("SELECT max(username) FROM telegram_session")
        return f"https://t.me/{bot}?start={token}" if bot else f"/start {token}"
