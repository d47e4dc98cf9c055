"""Reads of approvals: one card, the cards that wait, and those that need a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from jarvis.engine.approval_models import Approval
from jarvis.engine.approval_rows import approval_of, item_of
from jarvis.engine.db import Reader, Row
from jarvis.kit.actor import Actor
from jarvis.kit.errors import NotFound


class ApprovalRecords:
    """Reads approvals and their items."""

    async def listed(self, reader: Reader, limit: int) -> list[Row]:
        """Cards that wait for a decision, the soonest to expire first: who asked, for which writes
        (`writes`: their tools in order), and how many of the `needed` votes there are."""
        return await reader.fetch(
            """SELECT a.id, a.state, a.asked_at, a.expires_at, e.name AS requester, a.needed,
                      (SELECT count(*) FROM approval_vote v WHERE v.approval_id = a.id) AS votes,
                      (SELECT string_agg(i.tool, ', ' ORDER BY i.ordinal) FROM approval_item i
                        WHERE i.approval_id = a.id) AS writes
                 FROM approval a JOIN employee e ON e.id = a.requester_employee_id
                WHERE a.state = 'waiting'
                ORDER BY a.expires_at LIMIT $1""",
            limit,
        )

    async def writes_of(self, reader: Reader, run_id: UUID) -> list[Row]:
        """What the cards of a run asked to write, in their order: the card's state (`card`), how
        far the write's effect and its undo are, who approved."""
        return await reader.fetch(
            """SELECT i.write, i.tool, a.state AS card, e.state, e.effect_class, e.attempts,
                      e.receipt, e.cause, e.finished_at - e.requested_at AS took, u.state AS undo,
                      (SELECT string_agg(p.name, ', ' ORDER BY v.voted_at) FROM approval_vote v
                         JOIN employee p ON p.id = v.employee_id
                        WHERE v.approval_id = a.id) AS approvers
                 FROM approval a JOIN approval_item i ON i.approval_id = a.id
                 LEFT JOIN effect e ON e.id = i.effect_id
                 LEFT JOIN effect u ON u.id = i.undo_effect_id
                WHERE a.agent_run_id = $1 ORDER BY a.id, i.ordinal""",
            run_id,
        )

    async def read(self, reader: Reader, approval_id: UUID) -> Approval:
        """A card in its present state."""
        row = await reader.fetchrow(
            """SELECT a.*, r.name AS requester_name, d.name AS decider_name FROM approval a
                 JOIN employee r ON r.id = a.requester_employee_id LEFT JOIN employee d
                   ON d.id = a.decided_by_employee_id
                WHERE a.id = $1""",
            approval_id,
        )
        if row is None:
            raise NotFound("no such approval")
        items = await reader.fetch(
            """SELECT i.*, e.state AS effect_state, e.receipt, e.cause, e.requested_at AS sent_at,
                e.finished_at,
                      u.state AS undo_state, p.name AS undoer
                 FROM approval_item i LEFT JOIN effect e ON e.id = i.effect_id LEFT JOIN effect u
                   ON u.id = i.undo_effect_id
                      LEFT JOIN employee p ON p.id = i.undone_by_employee_id
                WHERE i.approval_id = $1 ORDER BY i.ordinal""",
            approval_id,
        )
        votes = await reader.fetch(
            """SELECT v.employee_id, e.name, v.voted_at FROM approval_vote v JOIN employee e
                ON e.id = v.employee_id
                WHERE v.approval_id = $1 AND ($2 OR (e.dismissed_at IS NULL AND e.role = ANY($3)))
                  ORDER BY v.voted_at""",
            approval_id,
            row["state"] != "waiting",
            row["approver_roles"],
        )  # a person who left or changed role no longer counts as a voter on what still waits
        return approval_of(
            row,
            [item_of(i) for i in items],
            [(v["employee_id"], v["name"], v["voted_at"]) for v in votes],
        )

    async def waiting(self, reader: Reader) -> list[UUID]:
        """Every card that waits."""
        return [
            row["id"]
            for row in await reader.fetch(
                "SELECT id FROM approval WHERE state = 'waiting' ORDER BY id"
            )
        ]

    async def waiting_on(self, reader: Reader, subject_id: UUID) -> list[UUID]:
        """Cards that wait and show this subject."""
        rows = await reader.fetch(
            """SELECT DISTINCT a.id FROM approval a JOIN approval_item i ON i.approval_id = a.id
                WHERE a.state = 'waiting' AND i.subject_id = $1""",
            subject_id,
        )
        return [row["id"] for row in rows]

    async def inbox(self, reader: Reader, actor: Actor, place: str | None = None) -> list[Approval]:
        """Cards that wait for this person's decision, or that this person asked for; the soonest to
        expire first."""
        rows = await reader.fetch(
            """SELECT id FROM approval WHERE state = 'waiting' AND ($2::text IS NULL OR place = $2)
                  AND (requester_employee_id = $1 OR $3 = ANY(approver_roles))
                    ORDER BY expires_at""",
            actor.employee_id,
            place,
            actor.role.value,
        )
        cards = [await self.read(reader, row["id"]) for row in rows]
        return [
            card
            for card in cards
            if card.requester_id == actor.employee_id or card.may_approve(actor)
        ]

    async def unknown(self, reader: Reader, actor: Actor) -> list[Approval]:
        """Cards with a write of unknown outcome, for those who may resolve it."""
        rows = await reader.fetch(
            "SELECT DISTINCT i.approval_id AS id FROM approval_item i JOIN effect e ON e.id IN "
            "(i.effect_id, i.undo_effect_id) "
            "WHERE e.state = 'unknown'"
        )
        cards = [await self.read(reader, row["id"]) for row in rows]
        return [
            card
            for card in cards
            if card.requester_id == actor.employee_id or card.may_approve(actor)
        ]

    async def lapsed(self, reader: Reader, actor: Actor, since: datetime) -> list[Approval]:
        """This person's own cards that expired undecided since then."""
        rows = await reader.fetch(
            """SELECT id FROM approval WHERE state = 'expired' AND requester_employee_id = $1
                AND expires_at > $2
                ORDER BY expires_at DESC LIMIT 5""",
            actor.employee_id,
            since,
        )
        return [await self.read(reader, row["id"]) for row in rows]

    async def of_effect(self, reader: Reader, effect_id: UUID) -> tuple[UUID, UUID, bool] | None:
        """The approval and item that an effect belongs to, and whether it is the undo."""
        row = await reader.fetchrow(
            "SELECT approval_id, id, undo_effect_id = $1 AS undo FROM approval_item WHERE "
            "effect_id = $1 OR undo_effect_id = $1",
            effect_id,
        )
        return None if row is None else (row["approval_id"], row["id"], bool(row["undo"]))

    async def history(self, reader: Reader, approval_id: UUID) -> list[tuple[str, JsonValue]]:
        """Each role with what it had read and written when its writes began to wait."""
        rows = await reader.fetch(
            "SELECT role, messages FROM approval_history WHERE approval_id = $1 ORDER BY role",
            approval_id,
        )
        return [(row["role"], row["messages"]) for row in rows]
