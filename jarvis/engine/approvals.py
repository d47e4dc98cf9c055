"""Approvals: all writes of one request wait on one card for the decision of its approvers.

An approval is bound to the digest of what its card shows: tools, arguments, what will be sent, the
version of the fields shown, who may approve and until when. It is consumed once, in the transaction
that asks for the effects. Silence means no.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from pydantic import JsonValue

from jarvis.engine import audit, effects, journal
from jarvis.engine.approval_models import Approval, Draft, Item, ShownChange, VoidReason, group_of
from jarvis.engine.approval_records import ApprovalRecords
from jarvis.engine.approval_rows import BOUND, bound_digest, row_of
from jarvis.engine.db import Reader, Tx
from jarvis.engine.effects import EffectKind, Origin
from jarvis.engine.planned import PlannedWrite
from jarvis.engine.switches import Switch, Switches
from jarvis.engine.timing import Timers
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.errors import InvalidRequest, NotFound
from jarvis.kit.ids import new_id

LIFE = timedelta(minutes=30)
EXPIRED, SETTLED, RESUME = "approval.expired", "approval.settled", "approval.resume"
DIGEST_SHOWN = 16  # so much of the digest a button carries

Verdict = Literal[
    "approved",
    "voted",
    "declined",
    "not_allowed",
    "same_person",
    "settled",
    "expired",
    "void",
    "tampered",
]


class KnownWrites(Protocol):
    """The writes that a card may ask for, as their owners define them."""

    def kind(self, name: str) -> EffectKind:
        """A kind of effect by its name."""
        ...

    async def versions(self, reader: Reader, write: PlannedWrite) -> Mapping[str, JsonValue]:
        """The fields of `write.shown` as they are now, in the same spelling; a field that is not
        there is missing."""
        ...


class Approvals(ApprovalRecords):
    """Opens, decides, expires and voids approvals; asks for their effects.

    Args:
        writes: Everything that a card may ask for.
        switches: What may not be sent now, or is only recorded.
        life: How long a card waits.
    """

    def __init__(
        self,
        clock: Clock,
        writes: KnownWrites,
        switches: Switches,
        *,
        life: timedelta = LIFE,
    ) -> None:
        self._clock = clock
        self._writes = writes
        self._switches = switches
        self._life = life
        self._timers = Timers()

    async def open(self, tx: Tx, draft: Draft) -> UUID:
        """Put the writes of a request on one card; a repeated event finds its first card again."""
        known: UUID | None = await tx.fetchval(
            "SELECT id FROM approval WHERE event_id = $1", draft.event_id
        )
        if known is not None:
            return known
        if not draft.steps:
            raise InvalidRequest("a card needs at least one write")
        approval_id, now = new_id(), self._clock.now()
        branches = sorted({s.write.branch for s in draft.steps if s.write.branch is not None})
        needed = 2 if draft.needed == 2 or any(s.write.critical for s in draft.steps) else 1
        expires = now + self._life
        rows = [row_of(n, step) for n, step in enumerate(draft.steps, 1)]
        bound = bound_digest(
            rows, draft.conversation_id, sorted(draft.roles), branches, needed, expires
        )
        await tx.execute(
            """INSERT INTO approval (id, event_id, agent_run_id, conversation_id,
                requester_employee_id, request_text, language,
                                     place, approver_roles, branches, needed, tainted, quotes,
                                       digest, asked_at, expires_at,
                                     trace_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                 $17)""",
            approval_id,
            draft.event_id,
            draft.run_id,
            draft.conversation_id,
            draft.requester.employee_id,
            draft.request,
            draft.language,
            draft.place,
            sorted(draft.roles),
            branches,
            needed,
            draft.tainted,
            list(draft.quotes),
            bound,
            now,
            expires,
            draft.trace_id,
        )
        for row in rows:
            await tx.execute(
                """INSERT INTO approval_item (approval_id, ordinal, role, tool, call_key, arguments,
                    arguments_digest, write,
                                              subject_kind, subject_id, shown)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
                approval_id,
                row["ordinal"],
                row["role"],
                row["tool"],
                row["call_key"],
                row["arguments"],
                row["arguments_digest"],
                row["write"],
                row["subject_kind"],
                row["subject_id"],
                row["shown"],
            )
        for role, messages in draft.histories.items():
            await tx.execute(
                "INSERT INTO approval_history (approval_id, role, messages) VALUES ($1, $2, $3)",
                approval_id,
                role,
                messages,
            )
        await self._timers.arm(tx, kind=EXPIRED, subject=str(approval_id), due_at=expires)
        await audit.record(
            tx,
            action="approval.ask",
            actor_id=draft.requester.employee_id,
            actor_name=draft.requester.name,
            subject=str(approval_id),
            outcome=bound[:DIGEST_SHOWN],
            event_id=draft.event_id,
            trace_id=draft.trace_id,
            details={
                "tools": [s.tool for s in draft.steps],
                "needed": needed,
                "tainted": draft.tainted,
            },
        )
        return approval_id

    async def decide(
        self, tx: Tx, approval_id: UUID, seen: str, actor: Actor, event_id: UUID, *, accept: bool
    ) -> Verdict:
        """Record one person's decision on a card. The last vote that is needed requests its effects
        in the same transaction.

        `seen` is the beginning of the digest that the pressed button carried. A repeated event
        finds its own decision.
        """
        await tx.execute("SELECT FROM approval WHERE id = $1 FOR UPDATE", approval_id)
        approval = await self.read(tx, approval_id)
        if approval.state != "waiting":
            mine = (
                await tx.fetchval(
                    "SELECT decided_by_event_id FROM approval WHERE id = $1", approval_id
                )
                == event_id
            )
            return (
                "settled"
                if not mine
                else "approved"
                if approval.state == "approved"
                else "declined"
            )
        verdict = await self._judge(tx, approval, seen, actor, accept)
        if verdict == "approved":
            await self._vote(tx, approval, actor, event_id)
            if len(approval.voters) + 1 < approval.needed:
                verdict = "voted"
            else:
                await self._carry_out(tx, approval, actor, event_id)
        elif verdict == "declined":
            await self._close(tx, approval_id, "declined", actor, event_id, None)
        await audit.record(
            tx,
            action="approval.decide",
            actor_id=actor.employee_id,
            actor_name=actor.name,
            subject=str(approval_id),
            outcome=verdict,
            event_id=event_id,
            trace_id=approval.trace_id,
            details={"digest": approval.digest},
        )
        return verdict

    async def _judge(
        self, tx: Tx, approval: Approval, seen: str, actor: Actor, accept: bool
    ) -> Verdict:
        if not accept:
            mine = actor.employee_id == approval.requester_id
            return "declined" if mine or approval.may_approve(actor) else "not_allowed"
        if not approval.may_approve(actor):
            return "not_allowed"
        if approval.expires_at <= self._clock.now():
            await self._close(tx, approval.id, "expired", None, None, None)
            return "expired"
        if (
            await self._stored_digest(tx, approval.id) != approval.digest
            or not approval.digest.startswith(seen)
            or not seen
        ):
            await self._close(tx, approval.id, "void", None, None, VoidReason(kind="tampered"))
            return "tampered"
        if any(voter == actor.employee_id for voter, _, _ in approval.voters):
            return "same_person"
        changed = await self.changed(tx, approval)
        if changed is not None:
            await self._close(tx, approval.id, "void", None, None, changed)
            return "void"
        return "approved"

    async def changed(self, reader: Reader, approval: Approval) -> VoidReason | None:
        """The fields of the first write that are no longer what the card shows."""
        for item in approval.items:
            shown = item.write.shown
            now = await self._writes.versions(reader, item.write)
            fields = tuple(
                ShownChange(field=name, old=was, new=now.get(name))
                for name, was in shown.items()
                if now.get(name) != was
            )
            if fields:
                return VoidReason(kind="changed", subject=item.write.subject.kind, fields=fields)
        return None

    async def _stored_digest(self, tx: Tx, approval_id: UUID) -> str:
        """The digest of what is stored now: an argument that was changed after the card was shown
        is detected here."""
        row = await tx.fetchrow("SELECT * FROM approval WHERE id = $1", approval_id)
        assert row is not None
        items = await tx.fetch(
            "SELECT * FROM approval_item WHERE approval_id = $1 ORDER BY ordinal", approval_id
        )
        rows = [{name: item[name] for name in BOUND} for item in items]
        return bound_digest(
            rows,
            row["conversation_id"],
            sorted(row["approver_roles"]),
            sorted(row["branches"]),
            row["needed"],
            row["expires_at"],
        )

    async def stopped(self, approval: Approval) -> Switch | None:
        """The switch that forbids carrying out a card now; the card keeps waiting."""
        for item in approval.items:
            branch, kind = item.write.branch, item.write.kind
            found = await self._switches.stops(
                agent=item.role, tool=item.tool, branch=branch, write=True
            )
            if found is not None:
                return found
            if await self._switches.effect_mode(kind, branch) == "off":
                return Switch(scope="effect", name=kind, mode="off")
        return None

    async def _vote(self, tx: Tx, approval: Approval, actor: Actor, event_id: UUID) -> None:
        await tx.execute(
            "INSERT INTO approval_vote (approval_id, employee_id, event_id, voted_at) VALUES ($1, "
            "$2, $3, $4)",
            approval.id,
            actor.employee_id,
            event_id,
            self._clock.now(),
        )

    async def _carry_out(self, tx: Tx, approval: Approval, actor: Actor, event_id: UUID) -> None:
        await self._close(tx, approval.id, "approved", actor, event_id, None)
        origin = Origin(
            event_id=event_id,
            trace_id=approval.trace_id,
            actor_id=actor.employee_id,
            actor_name=actor.name,
        )
        before: UUID | None = None
        for item in approval.items:
            write = item.write
            kind = self._writes.kind(write.kind)
            before = await effects.request(
                tx,
                origin,
                kind=kind,
                target=write.target,
                args=write.args,
                key=f"approval:{item.id}",
                ordering_key=write.target,
                after=before,
                settled_kind=SETTLED,
                branch=write.branch,
                shadow=await self._switches.effect_mode(kind.name, write.branch) == "shadow",
            )
            await tx.execute(
                "UPDATE approval_item SET effect_id = $2, consumed_at = $3 WHERE id = $1 AND "
                "effect_id IS NULL",
                item.id,
                before,
                self._clock.now(),
            )
        await journal.publish(
            tx,
            kind=RESUME,
            dedup_key=f"resume:{approval.id}",
            ordering_key=group_of(approval.id),
            trace_id=approval.trace_id,
            parent_id=event_id,
            payload={"approval_id": str(approval.id)},
        )

    async def expire(self, tx: Tx, approval_id: UUID) -> bool:
        """Expire a card; false when it was decided before."""
        return await self._close(tx, approval_id, "expired", None, None, None)

    async def void(self, tx: Tx, approval_id: UUID, reason: VoidReason) -> bool:
        """Void a card because what it shows has changed; false when it was decided before."""
        return await self._close(tx, approval_id, "void", None, None, reason)

    async def _close(
        self,
        tx: Tx,
        approval_id: UUID,
        state: str,
        actor: Actor | None,
        event_id: UUID | None,
        reason: VoidReason | None,
    ) -> bool:
        closed = await tx.execute(
            """UPDATE approval SET state = $2, decided_at = $3, decided_by_employee_id = $4,
                decided_by_event_id = $5, reason = $6
                WHERE id = $1 AND state = 'waiting'""",
            approval_id,
            state,
            self._clock.now(),
            actor.employee_id if actor else None,
            event_id,
            None if reason is None else reason.stored(),
        )
        await self._timers.cancel(tx, kind=EXPIRED, subject=str(approval_id))
        return bool(closed)

    async def note_done(self, tx: Tx, approval_id: UUID, item_id: UUID) -> None:
        """Record that a write is done; its undo is open from now on for as long as its kind
        allows."""
        item = _item(await self.read(tx, approval_id), item_id)
        seconds = self._writes.kind(item.write.kind).undo_s
        if item.undo_until is None and item.write.undo is not None and seconds is not None:
            until = self._clock.now() + timedelta(seconds=seconds)
            await tx.execute(
                "UPDATE approval_item SET undo_until = $2 WHERE id = $1", item_id, until
            )

    async def undo(self, tx: Tx, item_id: UUID, actor: Actor, event_id: UUID) -> Verdict:
        """Take one write back: the requester or an approver, in time, once."""
        approval_id: UUID | None = await tx.fetchval(
            "SELECT approval_id FROM approval_item WHERE id = $1 FOR UPDATE", item_id
        )
        if approval_id is None:
            raise NotFound("no such write")
        approval = await self.read(tx, approval_id)
        item = _item(approval, item_id)
        verdict = await self._judge_undo(tx, approval, item, actor)
        if verdict == "approved":
            await self._undo(tx, approval, item, actor, event_id)
        await audit.record(
            tx,
            action="approval.undo",
            actor_id=actor.employee_id,
            actor_name=actor.name,
            subject=str(approval.id),
            outcome=verdict,
            event_id=event_id,
            trace_id=approval.trace_id,
        )
        return verdict

    async def _judge_undo(self, tx: Tx, approval: Approval, item: Item, actor: Actor) -> Verdict:
        if actor.employee_id != approval.requester_id and not approval.may_approve(actor):
            return "not_allowed"
        if item.undo_effect_id is not None:
            return "settled"
        if await self._stored_digest(tx, approval.id) != approval.digest:
            return "tampered"
        late = item.undo_until is None or item.undo_until <= self._clock.now()
        return "expired" if late or not item.write.undo else "approved"

    async def _undo(
        self, tx: Tx, approval: Approval, item: Item, actor: Actor, event_id: UUID
    ) -> None:
        write = item.write
        origin = Origin(
            event_id=event_id,
            trace_id=approval.trace_id,
            actor_id=actor.employee_id,
            actor_name=actor.name,
        )
        effect_id = await effects.request(
            tx,
            origin,
            kind=self._writes.kind(write.kind),
            target=write.target,
            args=write.undo or {},
            key=f"undo:{item.id}",
            ordering_key=write.target,
            settled_kind=SETTLED,
            branch=write.branch,
        )
        await tx.execute(
            "UPDATE approval_item SET undo_effect_id = $2, undone_by_employee_id = $3 WHERE id "
            "= $1",
            item.id,
            effect_id,
            actor.employee_id,
        )


def _item(approval: Approval, item_id: UUID) -> Item:
    return next(item for item in approval.items if item.id == item_id)


async def withdraw(tx: Tx, requester_id: UUID, now: datetime) -> list[UUID]:
    """Void every waiting card that this person asked for, because they are no longer responsible
    for it. Returns the cards."""
    rows = await tx.fetch(
        """UPDATE approval SET state = 'void', decided_at = $2, reason = $3
            WHERE requester_employee_id = $1 AND state = 'waiting'
           RETURNING id""",
        requester_id,
        now,
        VoidReason(kind="left").stored(),
    )
    for row in rows:
        await Timers().cancel(tx, kind=EXPIRED, subject=str(row["id"]))
    return [row["id"] for row in rows]
