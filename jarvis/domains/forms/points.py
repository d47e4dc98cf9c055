"""The states of a form's points: received, rejected, waived, missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal
from uuid import UUID

from jarvis.domains.forms.service import FormService
from jarvis.engine.db import Tx
from jarvis.kit.clock import Clock


class FormPoints:
    """Writes the state of single points, in the caller's transaction. Afterwards the form asks
    its next point."""

    def __init__(self, clock: Clock, forms: FormService) -> None:
        self._clock = clock
        self._forms = forms

    async def answer(
        self,
        tx: Tx,
        form_id: UUID,
        key: str,
        by: UUID,
        *,
        choice: str | None = None,
        number: Decimal | None = None,
        day: date | None = None,
        words: str | None = None,
    ) -> bool:
        """Set a point's value; return False if it had this value already."""
        changed = await tx.fetchval(
            """UPDATE form_item SET state = 'received', choice = $4, hundredths = $5, day = $6,
                words = $7, reason = NULL,
                      by_employee_id = $3, asked_by_employee_id = NULL, at = $8
                WHERE form_id = $1 AND key = $2 AND (state, choice, hundredths, day, words)
                      IS DISTINCT FROM ('received', $4::text, $5::bigint, $6::date, $7::text)
                        RETURNING true""",
            form_id,
            key,
            by,
            choice,
            None if number is None else round(number * 100),
            day,
            words,
            self._clock.now(),
        )
        await self._forms.focus(tx, form_id, None)
        return bool(changed)

    async def set_state(
        self,
        tx: Tx,
        form_id: UUID,
        key: str,
        state: Literal["rejected", "waived"],
        reason: str,
        by: UUID | None,
    ) -> bool:
        """Reject or waive a point for a reason; return False if that was so already."""
        changed = await tx.fetchval(
            """UPDATE form_item SET state = $3, reason = $4, by_employee_id = coalesce($5,
                by_employee_id),
                      asked_by_employee_id = NULL, at = $6
                WHERE form_id = $1 AND key = $2 AND (state, reason) IS DISTINCT FROM ($3, $4)
                  RETURNING true""",
            form_id,
            key,
            state,
            reason,
            by,
            self._clock.now(),
        )
        await self._forms.focus(tx, form_id, None)
        return bool(changed)

    async def set_waiver_request(
        self, tx: Tx, form_id: UUID, key: str, reason: str | None, by: UUID | None
    ) -> None:
        """Record that an employee asks for a waiver; with None as the reason, that it was
        refused."""
        await tx.execute(
            """UPDATE form_item SET reason = $3, asked_by_employee_id = $4, state = 'missing'
                WHERE form_id = $1 AND key = $2 AND state IN ('missing', 'rejected')""",
            form_id,
            key,
            reason,
            by,
        )
        await self._forms.focus(tx, form_id, None)

    async def reopen(self, tx: Tx, form_id: UUID, key: str) -> None:
        """Clear a point and drop its photos."""
        await tx.execute(
            """UPDATE form_item SET state = 'missing', choice = NULL, hundredths = NULL, day = NULL,
                words = NULL, reason = NULL,
                      asked_by_employee_id = NULL WHERE form_id = $1 AND key = $2""",
            form_id,
            key,
        )
        await tx.execute(
            """UPDATE form_photo SET dropped_at = $3 FROM form_item i
                WHERE i.id = item_id AND i.form_id = $1 AND i.key = $2 AND dropped_at IS NULL""",
            form_id,
            key,
            self._clock.now(),
        )
        await self._forms.focus(tx, form_id, key)
