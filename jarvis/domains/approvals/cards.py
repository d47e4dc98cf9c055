"""Approval cards in Telegram: sending, callbacks, results; all copies of a card are edited
together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from jarvis.app.write import Writes
from jarvis.domains.approvals.parts import Card
from jarvis.domains.approvals.payloads import DecideCard, OpenCard, ResolveEffect, UndoItem
from jarvis.domains.approvals.view import CardView
from jarvis.domains.staff.events import CHANGED
from jarvis.domains.staff.readers import Readers
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.approval_models import Approval, Draft
from jarvis.engine.approvals import EXPIRED, SETTLED, Approvals
from jarvis.engine.db import Database, Tx
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.effects import Completed, Origin
from jarvis.engine.interactions import ANYBODY, Copy, Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.rentprog.mirror import LOADED
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, ahead
from jarvis.kit.ids import sha256_hex
from jarvis.messaging import outbox, times
from jarvis.messaging.callbacks import callback, command
from jarvis.messaging.catalogue import say
from jarvis.messaging.fact_views import stopped
from jarvis.messaging.focus import handles_text
from jarvis.messaging.markup import Markup, html
from jarvis.messaging.times import clock
from jarvis.messaging.view import Button

COPIES = 4
SHOW_EXPIRED_FOR = timedelta(hours=24)
CHANGES = (
    "booking.updated",
    "booking.cancelled",
    "booking.issued",
    "booking.returned",
    "car.updated",
    "car.moved",
)
# Consent typed as text, which never confirms a card.
_YES = re.compile(
    r"^\W*(?:да|давай|ок|окей|го|добро|плюс|подтверждаю|согласен|согласна"
    r"|yes|yep|ok|okay|go|sure|ok do it|do it|კი|ჰო|კარგი)\W*$",
    re.I,
)


class Cards:
    """Sends approval cards, handles their buttons, and keeps their copies up to date."""

    feature: ClassVar[str] = "cards"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        staff: StaffService,
        writes: Writes,
        approvals: Approvals,
        interactions: Interactions,
        readers: Readers,
    ) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._writes = writes
        self._cards = CardView(writes)
        self._approvals = approvals
        self._interactions = interactions
        self._readers = readers
        self._log = EffectLog(db)

    async def show(
        self,
        tx: Tx,
        origin: Origin,
        draft: Draft,
        chat_id: int,
        *,
        status: UUID | None,
        edit_id: int | None,
        reply_to: int | None,
    ) -> None:
        """Open an approval and put its card into the chat, in place of a status or a question;
        other approvers get copies."""
        approval_id = await self._approvals.open(tx, draft)
        approval = await self._approvals.read(tx, approval_id)
        approvers = await self._others(approval, draft.requester)
        text, stored = await self._view(
            tx, approval, draft.requester, draft.language, [a for a, _ in approvers]
        )
        key = f"card:{approval_id}:{chat_id}"
        if status is not None or edit_id is not None:
            effect_id = await outbox.edit(
                tx,
                origin,
                chat_id,
                text,
                of=status,
                message_id=edit_id,
                buttons=stored,
                key=key,
                reply_to=reply_to,
            )
        else:
            effect_id = await outbox.send(
                tx, origin, chat_id, text, buttons=stored, key=key, reply_to=reply_to
            )
        await self._copy(tx, approval, chat_id, draft.requester, draft.language, effect_id)
        for person, telegram_id in approvers:
            if telegram_id == chat_id:
                continue
            text, stored = await self._view(
                tx, approval, person, person.language, [a for a, _ in approvers]
            )
            sent = await outbox.send(
                tx,
                origin,
                telegram_id,
                text,
                buttons=stored,
                key=f"card:{approval_id}:{telegram_id}",
            )
            await self._copy(tx, approval, telegram_id, person, person.language, sent)

    async def _others(self, approval: Approval, requester: Actor) -> list[tuple[Actor, int]]:
        """The other approvers who get the card; none when the requester alone may approve."""
        if approval.may_approve(requester) and approval.needed == 1:
            return []
        found = await self._staff.approvers(approval.roles, approval.branches)
        return [(a, t) for a, t in found if a.employee_id != requester.employee_id][:COPIES]

    async def _copy(
        self,
        tx: Tx,
        approval: Approval,
        chat_id: int,
        person: Actor,
        language: str,
        effect_id: UUID,
    ) -> None:
        copy = Copy(
            place=str(chat_id),
            employee_id=person.employee_id,
            language=language,
            effect_id=effect_id,
        )
        await self._interactions.add_copy(tx, approval.group, copy)

    async def _view(
        self, tx: Tx, approval: Approval, person: Actor, language: str, approvers: Sequence[Actor]
    ) -> tuple[Markup, list[list[dict[str, str]]]]:
        """The card's text for one reader and its stored buttons; each state of a card has its
        own."""
        reader = await self._readers.of(person, language)
        card = self._cards.card(approval, reader, approvers=approvers, offset=ahead(self._clock))
        who = Who(roles=approval.roles, branch=next(iter(approval.branches), None))
        kinds = sorted({button.payload.kind for row in card.buttons for button in row})
        rows = [
            [
                Button(label=b.label, payload=b.payload, who=who if b.approvers_only else ANYBODY)
                for b in row
            ]
            for row in card.buttons
        ]
        if not rows:
            return card.text, []
        group = (
            approval.group
            if approval.state == "waiting"
            else f"{approval.group}:{'+'.join(kinds)}:{_digest_of_buttons(card)}"
        )
        # The buttons do not expire: the approval itself holds the deadlines of the card and of
        # the undo (ten minutes).
        return card.text, await self._interactions.store(
            tx, outbox.stored_form(rows), group=group, who=ANYBODY, life=None
        )

    @subscriber(CHANGED)
    async def withdrawn(self, handling: Handling) -> None:
        """Update the cards requested by an employee who got another role or branch, or left."""
        async with handling.transaction() as tx:
            for approval_id in handling.event.payload["withdrawn"]:
                await self.refresh(tx, handling.origin, UUID(str(approval_id)))

    async def refresh(self, tx: Tx, origin: Origin, approval_id: UUID) -> None:
        """Edit every copy to the current state; a copy that shows it already is not sent again."""
        approval = await self._approvals.read(tx, approval_id)
        if approval.state != "waiting":
            await self._interactions.close(tx, approval.group)
        for copy in await self._interactions.copies(tx, approval.group):
            person = (
                await self._staff.actor(copy.employee_id) if copy.employee_id is not None else None
            )
            if copy.employee_id is None:
                continue
            if person is None:  # somebody who left no longer sees its content
                key = f"card:{approval_id}:{copy.place}:left"
                await outbox.edit(
                    tx,
                    origin,
                    int(copy.place),
                    say("card.void.left", copy.language),
                    of=copy.effect_id,
                    key=key,
                )
                continue
            others = [a for a, _ in await self._staff.approvers(approval.roles, approval.branches)][
                :COPIES
            ]
            text, stored = await self._view(tx, approval, person, copy.language, others)
            key = f"card:{approval_id}:{copy.place}:{sha256_hex(text)[:16]}"
            await outbox.edit(
                tx, origin, int(copy.place), text, of=copy.effect_id, buttons=stored, key=key
            )

    @callback(DecideCard)
    async def decided(self, handling: Handling, actor: Actor, payload: DecideCard) -> None:
        """Approve or decline a card. What it shows is read from RentProg again before it is
        approved, so that a change without a webhook voids it."""
        approval_id, chat_id = payload.approval_id, int(handling.event.payload["chat_id"])
        if payload.accept:
            await self._read_again(approval_id)
            if await self._stopped(handling, chat_id, actor, approval_id):
                return
        async with handling.transaction() as tx:
            verdict = await self._approvals.decide(
                tx,
                approval_id,
                payload.digest,
                actor,
                handling.event.id,
                accept=payload.accept,
            )
            if verdict == "same_person":
                await outbox.send(
                    tx,
                    handling.origin,
                    chat_id,
                    say("card.same_person", actor.language),
                    key=handling.key("same_person"),
                )
            await self.refresh(tx, handling.origin, approval_id)

    async def _stopped(
        self, handling: Handling, chat_id: int, actor: Actor, approval_id: UUID
    ) -> bool:
        """Whether a switch forbids the write now; the person gets a message, the card stays
        open."""
        approval = await self._approvals.read(self._db, approval_id)
        stop = await self._approvals.stopped(approval) if approval.state == "waiting" else None
        if stop is None:
            return False
        reader = await self._readers.of(actor, actor.language)
        until = reader.say("switch.card", t=times.clock(approval.expires_at))
        text = html("⛔ {} {}", stopped(stop, reader), until)
        async with handling.transaction() as tx:
            await audit.record(
                tx,
                action="approval.decide",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                outcome="switched off",
                subject=str(approval_id),
                event_id=handling.event.id,
            )
            await outbox.send(tx, handling.origin, chat_id, text, key=handling.key("stopped"))
        return True

    async def _read_again(self, approval_id: UUID) -> None:
        """Refresh what the card shows; a failure changes nothing."""
        approval = await self._approvals.read(self._db, approval_id)
        if approval.state == "waiting":
            shown = {
                (i.write.subject.kind, i.write.subject.id): self._writes.of(i.write)
                for i in approval.items
            }
            for (kind, subject_id), owner in shown.items():
                await owner.read_again(kind, subject_id)

    @callback(UndoItem)
    async def undone(self, handling: Handling, actor: Actor, payload: UndoItem) -> None:
        """Undo one write of a card."""
        async with handling.transaction() as tx:
            await self._approvals.undo(tx, payload.item_id, actor, handling.event.id)
            approval_id = await tx.fetchval(
                "SELECT approval_id FROM approval_item WHERE id = $1", payload.item_id
            )
            await self.refresh(tx, handling.origin, approval_id)

    @callback(ResolveEffect)
    async def resolved(self, handling: Handling, actor: Actor, payload: ResolveEffect) -> None:
        """Record a person's decision about an effect with an unknown outcome."""
        async with handling.transaction() as tx:
            await self._log.resolve(payload.effect_id, payload.outcome, by=actor, tx=tx)
            found = await self._approvals.of_effect(tx, payload.effect_id)
            if found is not None:
                await self.refresh(tx, handling.origin, found[0])

    @command("inbox")
    async def inbox(self, handling: Handling, actor: Actor, said: str) -> None:
        """`/inbox`: cards that wait for this person, effects with an unknown outcome, and expired
        cards; each opens as a new copy."""
        reader = await self._readers.of(actor, actor.language)
        waiting = await self._approvals.inbox(self._db, actor)
        unknown = await self._approvals.unknown(self._db, actor)
        lapsed = await self._approvals.lapsed(self._db, actor, self._clock.now() - SHOW_EXPIRED_FOR)
        page = self._cards.inbox(waiting, unknown, lapsed, reader)
        async with handling.transaction() as tx:
            rows = [[Button(label=b.label, payload=b.payload) for b in row] for row in page.buttons]
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(rows),
                group=f"inbox:{handling.event.id}",
                who=Who(employee_id=actor.employee_id),
                life=None,
            )
            await outbox.send(
                tx,
                handling.origin,
                int(handling.event.payload["chat_id"]),
                page.text,
                buttons=stored,
                key=handling.key("inbox"),
            )

    @callback(OpenCard)
    async def opened(self, handling: Handling, actor: Actor, payload: OpenCard) -> None:
        """Send a card again as a new message; its older copy in this chat points to the new one."""
        chat_id = int(handling.event.payload["chat_id"])
        async with handling.transaction() as tx:
            approval = await self._approvals.read(tx, payload.approval_id)
            if actor.employee_id != approval.requester_id and not approval.may_approve(actor):
                return
            others = [a for a, _ in await self._staff.approvers(approval.roles, approval.branches)][
                :COPIES
            ]
            text, stored = await self._view(tx, approval, actor, actor.language, others)
            sent = await outbox.send(
                tx, handling.origin, chat_id, text, buttons=stored, key=handling.key("card")
            )
            older = [
                c
                for c in await self._interactions.copies(tx, approval.group)
                if c.place == str(chat_id)
            ]
            await self._copy(tx, approval, chat_id, actor, actor.language, sent)
            for copy in older:
                reader = await self._readers.of(actor, copy.language)
                title = self._cards.headline(approval, reader)
                moved = html("⬇️ <b>{}</b>\n{}", title, reader.say("card.moved"))
                await outbox.edit(
                    tx,
                    handling.origin,
                    chat_id,
                    moved,
                    of=copy.effect_id,
                    key=handling.key(f"moved:{copy.effect_id}"),
                )

    @handles_text(20)
    async def typed(self, handling: Handling, actor: Actor, text: str) -> bool:
        """Answer a consent that is typed as text: it decides nothing, and the reply points to the
        open card."""
        p = handling.event.payload
        place = f"telegram:{p['chat_id']}"
        if not _YES.match(text):
            return False
        found = await self._approvals.inbox(self._db, actor, place)
        if not found:
            return False
        async with handling.transaction() as tx:
            await outbox.send(
                tx,
                handling.origin,
                int(p["chat_id"]),
                say("card.typed", actor.language, t=clock(found[0].expires_at)),
                key=handling.key("said"),
                reply_to=None if p["private"] else int(p["message_id"]),
            )
        return True

    @subscriber(EXPIRED, lane=DeliveryLane.PEOPLE)
    async def expired(self, handling: Handling) -> None:
        """Expire an approval without a decision; silence means no."""
        approval_id = UUID(str(handling.event.payload["subject"]))
        async with handling.transaction() as tx:
            if await self._approvals.expire(tx, approval_id):
                await audit.record(
                    tx,
                    action="approval.expire",
                    actor_name="Jarvis",
                    subject=str(approval_id),
                    outcome="expired",
                    event_id=handling.event.id,
                    trace_id=handling.event.trace_id,
                )
                await self.refresh(tx, handling.origin, approval_id)

    @subscriber(SETTLED, lane=DeliveryLane.PEOPLE)
    async def settled(self, handling: Handling) -> None:
        """Update a card when one of its effects has completed, after reading back what it
        changed."""
        ended = Completed.of(handling.event)
        found = await self._approvals.of_effect(self._db, ended.effect_id)
        if found is None:
            return
        approval_id, item_id, undo = found
        if ended.done:
            approval = await self._approvals.read(self._db, approval_id)
            item = next(i for i in approval.items if i.id == item_id)
            await self._writes.of(item.write).read_back(item.write, ended.receipt, undone=undo)
            if not undo:
                async with handling.transaction() as tx:
                    await self._approvals.note_done(tx, approval_id, item_id)
        await self._show(handling, approval_id)

    async def _show(self, handling: Handling, approval_id: UUID) -> None:
        async with handling.transaction() as tx:
            await self.refresh(tx, handling.origin, approval_id)

    @subscriber(*CHANGES)
    async def changed(self, handling: Handling) -> None:
        """Void the open cards that show a field of a booking or a car that has changed."""
        payload = handling.event.payload
        subject = (
            payload["booking_id"]
            if handling.event.kind.startswith("booking.")
            else payload["car_id"]
        )
        await self._void_changed(
            handling, await self._approvals.waiting_on(self._db, UUID(str(subject)))
        )

    @subscriber(LOADED)
    async def loaded(self, handling: Handling) -> None:
        """Check every open card after the first full load of RentProg, which publishes no event for
        each change."""
        await self._void_changed(handling, await self._approvals.waiting(self._db))

    async def _void_changed(self, handling: Handling, cards: Sequence[UUID]) -> None:
        for approval_id in cards:
            async with handling.transaction() as tx:
                approval = await self._approvals.read(tx, approval_id)
                reason = await self._approvals.changed(tx, approval)
                if reason is not None and await self._approvals.void(tx, approval_id, reason):
                    await audit.record(
                        tx,
                        action="approval.void",
                        actor_name="Jarvis",
                        subject=str(approval_id),
                        outcome="void",
                        event_id=handling.event.id,
                        details=reason.stored(),
                    )
                    await self.refresh(tx, handling.origin, approval_id)


def _digest_of_buttons(card: Card) -> str:
    """Return a digest of a card's buttons, which tells apart the sets that one card has had."""
    payloads = [b.payload for row in card.buttons for b in row]
    return sha256_hex("\n".join(f"{p.kind} {p.model_dump_json()}" for p in payloads))[:12]
