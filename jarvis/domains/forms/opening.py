"""Opens check-lists that an agent was asked for."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.domains.forms.filling import Forms
from jarvis.domains.staff.service import StaffService
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling

ASKED = "form.asked"  # event with the template, the subject and the employee


class FormOpening:
    """Handles the event that a check-list was asked for."""

    feature: ClassVar[str] = "form_opening"

    def __init__(self, staff: StaffService, forms: Forms) -> None:
        self._staff = staff
        self._forms = forms

    @subscriber(ASKED, lane=DeliveryLane.PEOPLE)
    async def asked(self, handling: Handling) -> None:
        """Open the check-list in the employee's private chat."""
        p = handling.event.payload
        actor = await self._staff.actor(UUID(str(p["employee_id"])))
        if actor is not None:
            async with handling.transaction() as tx:
                await self._forms.begin(
                    tx, handling, actor, str(p["template"]), UUID(str(p["subject"]))
                )
