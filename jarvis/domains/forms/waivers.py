"""Points that do not apply: waived by the employee, or by a head who is asked."""

from __future__ import annotations

from jarvis.domains.forms import view as render
from jarvis.domains.forms.messages import FormMessages
from jarvis.domains.forms.models import Form, Point
from jarvis.domains.forms.payloads import DecideWaiver
from jarvis.domains.forms.points import FormPoints
from jarvis.domains.forms.records import record
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Tx
from jarvis.engine.interactions import Who
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.roles import HEADS


class Waivers:
    """Waives points, or asks the nearest heads to decide."""

    def __init__(self, staff: StaffService, points: FormPoints, messages: FormMessages) -> None:
        self._staff = staff
        self._points = points
        self._messages = messages

    async def waive(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        form: Form,
        key: str,
        reason: str,
        *,
        show: bool = True,
    ) -> None:
        """Waive a point, or ask the heads where only they may waive it."""
        point = form.point(key)
        assert point is not None
        if point.item.mandatory and point.item.waive == "head" and actor.role not in HEADS:
            await self._points.set_waiver_request(tx, form.id, key, reason, actor.employee_id)
            await record(
                tx, handling, actor, f"form:{form.id}", "asked to be waived", {"item": key}
            )
            await self._ask_heads(tx, handling, actor, form, point, reason)
        else:
            await self._points.set_state(tx, form.id, key, "waived", reason, actor.employee_id)
            await record(tx, handling, actor, f"form:{form.id}", "waived", {"item": key})
        if show:
            await self._messages.show(tx, handling, form.id)

    async def _ask_heads(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, point: Point, reason: str
    ) -> None:
        """Ask the heads of the branch, or of the level above if it has none."""
        heads = await self._staff.approvers(
            HEADS, frozenset({form.branch} if form.branch is not None else ())
        )
        nearest = [pair for pair in heads if pair[0].role is heads[0][0].role]
        for head, chat_id in nearest:
            reader = await self._messages.reader(head.employee_id)
            context = await self._messages.context(form, reader)
            text = reader.say(
                "form.ask_head",
                what=render.name(context),
                point=point.item.title[reader.language],
                who=actor.name,
                why=render.why(reason, reader),
            )
            rows = [
                [
                    render.button(
                        reader.label(f"b.form.{word}"),
                        DecideWaiver(form_id=form.id, point=point.item.key, granted=granted),
                    )
                    for word, granted in (("waive", True), ("need", False))
                ]
            ]
            who = Who(roles=HEADS, branch=form.branch)
            await self._messages.send(
                tx,
                handling,
                chat_id,
                text,
                rows,
                who,
                key=f"form.head:{form.id}:{point.item.key}:{chat_id}",
            )
