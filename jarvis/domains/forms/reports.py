"""What follows when a form is finished: its files are filed, its report is posted and exported
on demand, and heads can send points back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

from jarvis.domains.chats.models import Subject, Topic
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topics import topic_order, topic_ref
from jarvis.domains.forms import export
from jarvis.domains.forms import view as render
from jarvis.domains.forms.filling import FINISHED
from jarvis.domains.forms.messages import FormMessages, LockedForm
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.payloads import (
    ExportReport,
    OfForm,
    RejectPoint,
    ReworkForm,
    ReworkPoint,
)
from jarvis.domains.forms.points import FormPoints
from jarvis.domains.forms.records import record
from jarvis.domains.forms.service import FormService
from jarvis.domains.media.filing import file_set
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.service import StaffService
from jarvis.engine import effects
from jarvis.engine.db import Tx
from jarvis.engine.effects import Completed
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.storage.kinds import EXPORT
from jarvis.integrations.telegram.kinds import ALBUM, SEND, target
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, local
from jarvis.kit.roles import BRANCH_STAFF, HEADS
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback
from jarvis.messaging.markup import html
from jarvis.messaging.view import Button

EXPORTED = "form.exported"
MIMES: Mapping[str, str] = {"pdf": "application/pdf", "json": "application/json"}


class FormReports:
    """Files, posts and exports; reopens forms that a head sends back."""

    feature: ClassVar[str] = "form_reports"

    def __init__(
        self,
        clock: Clock,
        staff: StaffService,
        chats: ChatService,
        registry: TopicRegistry,
        media: MediaService,
        forms: FormService,
        points: FormPoints,
        interactions: Interactions,
        messages: FormMessages,
    ) -> None:
        self._clock = clock
        self._staff = staff
        self._chats = chats
        self._registry = registry
        self._media = media
        self._forms = forms
        self._points = points
        self._interactions = interactions
        self._messages = messages

    @subscriber(FINISHED, lane=DeliveryLane.PEOPLE)
    async def finished(self, handling: Handling) -> None:
        """File the form's photos, post its report to the car's topics, and send it to the people
        that the template names."""
        async with handling.transaction() as tx:
            form = await self._forms.get(
                tx, UUID(str(handling.event.payload["subject"])), lock=True
            )
            if form is None or form.state != "done":
                return
            if form.car_id is not None and form.template.operation is not None:
                for set_id in await self._forms.unfiled_sets(tx, form.id):
                    await file_set(
                        tx,
                        handling.origin,
                        self._media,
                        set_id,
                        form.template.operation,
                        form.car_id,
                        form.booking_id,
                        form.holder_id,
                        key=handling.key(f"file:{set_id}"),
                    )
                for purpose in ("branch_forum", "hq"):
                    topic = await self._registry.live(tx, Subject("car", form.car_id), purpose)
                    if topic is not None:
                        await self._post(tx, handling, form, topic)
            await self._send_report(tx, handling, form)

    async def _post(self, tx: Tx, handling: Handling, form: Form, topic: Topic) -> None:
        forum = await self._chats.forum(tx, topic.marked_id)
        if forum is None or forum.lost:
            return
        context = await self._messages.context(form, await self._messages.reader(None))
        readers, heads = (
            Who(roles=BRANCH_STAFF, branch=form.branch),
            Who(roles=HEADS, branch=form.branch),
        )
        rework = Button(
            label=context.reader.label("b.form.rework"),
            payload=ReworkForm(form_id=form.id),
            who=heads,
        )
        stored = await self._interactions.store(
            tx,
            outbox.stored_form([render.export_buttons(form), [rework]]),
            group=f"form.report:{form.id}:{topic.id}:{handling.event.id}",
            who=readers,
            life=None,
        )
        await effects.request(
            tx,
            handling.origin,
            kind=SEND,
            target=target(topic.marked_id),
            ordering_key=topic_order(topic),
            branch=form.branch,
            key=handling.key(f"report:{form.id}:{topic.id}"),
            args={
                "chat_id": topic.marked_id,
                "topic": topic_ref(topic),
                "topic_row": str(topic.id),
                "text": render.report(context),
                "buttons": stored,
            },
        )

    async def _send_report(self, tx: Tx, handling: Handling, form: Form) -> None:
        """Send the report to the nearest heads of the branch, or to the colleague chosen in the
        form, as the template says."""
        to: list[tuple[UUID, int]] = []
        if form.template.tell == "heads":
            heads = await self._staff.approvers(
                HEADS, frozenset({form.branch} if form.branch is not None else ())
            )
            to = [(a.employee_id, chat) for a, chat in heads if a.role is heads[0][0].role]
        elif form.template.tell == "chosen":
            chosen = next(
                (p.choice for p in form.points if p.item.source is not None and p.choice), None
            )
            chat_id = await self._staff.telegram_of(UUID(chosen)) if chosen else None
            to = [(UUID(chosen), chat_id)] if chosen and chat_id is not None else []
        for employee_id, chat_id in to:
            if employee_id == form.holder_id:
                continue
            context = await self._messages.context(form, await self._messages.reader(employee_id))
            key = f"form.tell:{form.id}:{chat_id}"
            await self._messages.send(
                tx,
                handling,
                chat_id,
                render.report(context),
                render.report_buttons(context),
                Who(employee_id=employee_id),
                key=key,
            )

    @callback(ExportReport)
    async def export(self, handling: Handling, actor: Actor, payload: ExportReport) -> None:
        """Send a file of the report to the private chat of whoever asked."""
        async with self._fresh(handling, payload) as found:
            if found is not None:
                await self._export(found.tx, handling, actor, found.form, payload.format)

    @callback(ReworkForm)
    async def rework(self, handling: Handling, actor: Actor, payload: ReworkForm) -> None:
        """Ask a head in private which point is to be redone."""
        async with self._fresh(handling, payload) as found:
            if found is not None:
                await self._choose(found.tx, handling, actor, found.form, None)

    @callback(ReworkPoint)
    async def why(self, handling: Handling, actor: Actor, payload: ReworkPoint) -> None:
        """Ask a head why this point is to be redone."""
        async with self._fresh(handling, payload) as found:
            if found is not None:
                await self._choose(found.tx, handling, actor, found.form, payload.point)

    @callback(RejectPoint)
    async def reject(self, handling: Handling, actor: Actor, payload: RejectPoint) -> None:
        """Send the point back."""
        async with self._fresh(handling, payload) as found:
            if found is not None:
                await self._sent_back(
                    found.tx, handling, actor, found.form, payload.point, payload.reason
                )

    @asynccontextmanager
    async def _fresh(
        self, handling: Handling, payload: OfForm
    ) -> AsyncGenerator[LockedForm | None]:
        """Yield the form, locked, in the transaction of a callback.

        Yields None if it does not exist, or if this callback was handled before an interruption:
        nobody asked for a second file or a second retake.
        """
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, payload.form_id, lock=True)
            if form is None or await tx.fetchval(
                "SELECT true FROM effect WHERE event_id = $1 LIMIT 1", handling.event.id
            ):
                yield None
            else:
                yield LockedForm(tx=tx, form=form)

    async def _export(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, name: str
    ) -> None:
        """Request the file; a second callback while it is being made requests nothing more."""
        context = await self._messages.context(form, await self._messages.reader(actor.employee_id))
        prefix = f"form.{name}:{form.id}:{actor.employee_id}"
        made = await tx.fetchval(
            """SELECT count(*) FROM effect
                WHERE target = $1 AND idempotency_key LIKE $2 || ':%' AND state NOT IN ('pending',
                  'claimed')""",
            f"storage:form:{form.id}",
            prefix,
        )
        subject = (
            f"cars/{form.car_id}/operations/{form.id}"
            if form.car_id is not None
            else f"forms/{form.id}"
        )
        to = f"{subject}/{local(self._clock.now()):%Y%m%d}/report-{actor.language}-{made}.{name}"
        body = {"page": export.page(context)} if name == "pdf" else {"data": export.data(context)}
        await effects.request(
            tx,
            handling.origin,
            kind=EXPORT,
            target=f"storage:form:{form.id}",
            settled_kind=EXPORTED,
            key=f"{prefix}:{made}",
            args={
                "form": str(form.id),
                "format": name,
                "to": to,
                "pictures": export.pictures(context),
                "chat_id": int(handling.event.payload["sender_id"]),
                "employee": str(actor.employee_id),
                **body,
            },
        )
        await record(tx, handling, actor, f"form:{form.id}", "exported", {"format": name})

    @subscriber(EXPORTED, lane=DeliveryLane.PEOPLE)
    async def exported(self, handling: Handling) -> None:
        """Send the exported file, or say why it could not be made."""
        ended = Completed.of(handling.event)
        args, chat_id = ended.args, int(ended.args["chat_id"])
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, UUID(str(args["form"])))
            if form is None:
                return
            context = await self._messages.context(
                form, await self._messages.reader(UUID(str(args["employee"])))
            )
            if not ended.done:
                text = context.reader.say("form.export.failed", cause=str(ended.cause)[:160])
                await outbox.send(tx, handling.origin, chat_id, text, key=handling.key("export"))
                return
            name = render.named(
                form.template, context.car, context.booking, context.reader
            ).replace(" · ", " ")
            item = {
                "key": args["to"],
                "kind": "document",
                "name": f"{name}.{args['format']}",
                "mime": MIMES[args["format"]],
            }
            await effects.request(
                tx,
                handling.origin,
                kind=ALBUM,
                target=target(chat_id),
                ordering_key=f"telegram:out:{chat_id}",
                key=handling.key("export"),
                args={
                    "chat_id": chat_id,
                    "topic": None,
                    "caption": html("📝 {}", render.name(context)),
                    "items": [item],
                },
            )

    async def _choose(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, key: str | None
    ) -> None:
        """Ask a head in private which point, then why."""
        context = await self._messages.context(form, await self._messages.reader(actor.employee_id))
        p = handling.event.payload
        title = f": {form.template.item(key).title[context.language]}" if key else ""
        text = context.reader.say("form.rework", what=f"{render.name(context)}{title}")
        await self._messages.send(
            tx,
            handling,
            int(p["sender_id"]),
            text,
            render.reject_buttons(context, key),
            Who(employee_id=actor.employee_id),
            key=f"form.rework:{form.id}",
            edit_id=int(p["message_id"]) if key else None,
        )

    async def _sent_back(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, key: str, code: str
    ) -> None:
        """Reject the point and reopen the form for the employee who held it; a further point is
        rejected in the form that is open already."""
        context = await self._messages.context(form, await self._messages.reader(actor.employee_id))
        p, title = handling.event.payload, form.template.item(key).title[context.language]
        if form.state != "open" and not await self._forms.reopen(tx, form.id):
            text = context.reader.say("form.busy", what=render.name(context))
        else:
            if form.template.item(key).kind == "photo":
                await self._points.reopen(tx, form.id, key)
            await self._points.set_state(
                tx, form.id, key, "rejected", f".{code}", actor.employee_id
            )
            await self._forms.assign(tx, form.id, form.holder_id)
            await record(
                tx, handling, actor, f"form:{form.id}", "rejected", {"item": key, "reason": code}
            )
            await self._messages.show(tx, handling, form.id, fresh=True)
            text = context.reader.say(
                "form.reworked",
                what=render.name(context),
                point=title,
                why=render.why(f".{code}", context.reader),
            )
        await outbox.edit(
            tx,
            handling.origin,
            int(p["chat_id"]),
            text,
            message_id=int(p["message_id"]),
            key=handling.key("rework"),
        )
