"""Events of kinds without a subscriber, and deliveries that failed, are shown to administrators;
they are never acted upon."""

from __future__ import annotations

import logging
from typing import ClassVar

from pydantic_ai.exceptions import AgentRunError, ModelAPIError

from agents.event_router.agent import event_router, unknown_event
from agents.event_router.output import RouteProposal
from jarvis.domains.conversations import watch
from jarvis.domains.staff.models import Contact
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.db import Database, Tx
from jarvis.engine.deliveries import Delivery
from jarvis.engine.effects import Lane, Origin
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.journal import Event, Journal, trace_code
from jarvis.engine.subscriptions import (
    UNROUTED,
    DeliveryLane,
    Subscriber,
    handle_like,
    known_kinds,
    on,
)
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import Clock
from jarvis.messaging import outbox, times
from jarvis.messaging.callbacks import Former, Payload, callback
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.markup import Markup, lines
from jarvis.messaging.view import Button
from jarvis.orchestrator.models import RoleModels
from prompts.book import PromptBook

_log = logging.getLogger(__name__)


class RouteKind(Payload):
    """Handle events of an unknown kind as those of a known one; None: ignore them."""

    kind: ClassVar[str] = "route"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="route", text=r"(?P<event_kind>[^|]+)\|(?P<handled_as>.*)"),
    )

    event_kind: str
    handled_as: str | None


class Unrouted:
    """Handles events of unknown kinds, and sends alerts about failed deliveries."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        db: Database,
        staff: StaffService,
        interactions: Interactions,
        models: RoleModels,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._db = db
        self._staff = staff
        self._interactions = interactions
        self._models = models

    @property
    def subscriber(self) -> Subscriber:
        """The subscriber for kinds that have none."""
        return on(self.unrouted, name=UNROUTED)

    async def unrouted(self, handling: Handling) -> None:
        """Ask administrators once per kind; their decision becomes a subscription."""
        kind = handling.event.kind
        if not await self._db.fetchval("SELECT true FROM event_route WHERE kind = $1", kind):
            await self._ask(handling, await self._propose(handling.event))

    async def _propose(self, event: Event) -> RouteProposal:
        """The router's proposal, made from names alone; None when the model fails or names a kind
        without a subscriber."""
        kinds = await known_kinds(self._db)
        try:
            prompt = unknown_event(event.kind, event.source, sorted(map(str, event.payload)), kinds)
            proposal = (
                await event_router.run(
                    prompt, deps=PromptBook(), model=self._models("event_router")
                )
            ).output
        except (AgentRunError, ModelAPIError, ExceptionGroup) as error:
            _log.warning("no proposal for %s: %s", event.kind, type(error).__name__)
            return RouteProposal()
        return proposal if proposal.kind in kinds else RouteProposal()

    async def _ask(self, handling: Handling, proposal: RouteProposal) -> None:
        event = handling.event
        async with handling.transaction() as tx:
            first = await tx.fetchval(
                """INSERT INTO event_route (kind, proposed_kind, reason, asked_at) VALUES ($1, $2,
                    $3, $4)
                   ON CONFLICT (kind) DO NOTHING RETURNING true""",
                event.kind,
                proposal.kind,
                proposal.reason,
                self._clock.now(),
            )
            if not first:
                return
            await audit.record(
                tx,
                action="event.unrouted",
                actor_name="Jarvis",
                subject=event.kind,
                outcome=f"asked: {proposal.kind or 'none'}",
                event_id=event.id,
                trace_id=event.trace_id,
            )
            for admin in await self._administrators():
                stored = await self._interactions.store(
                    tx,
                    outbox.stored_form([_choices(event.kind, proposal, admin)]),
                    group=f"route:{event.kind}:{admin.telegram_id}",
                    who=Who(roles=frozenset({Role.ADMIN})),
                    life=None,
                )
                await outbox.send(
                    tx,
                    handling.origin,
                    admin.telegram_id,
                    _question(event, proposal, admin),
                    buttons=stored,
                    key=f"unrouted:{event.kind}:{admin.telegram_id}",
                    lane=Lane.BULK,
                )

    @callback(RouteKind)
    async def decided(self, handling: Handling, actor: Actor, payload: RouteKind) -> None:
        """Apply an administrator's decision about a kind; its waiting events are put into the
        journal again."""
        p, kind, handled_as = handling.event.payload, payload.event_kind, payload.handled_as
        if actor.role is not Role.ADMIN or (
            handled_as and handled_as not in await known_kinds(self._db)
        ):
            async with handling.transaction() as tx:
                await audit.record(
                    tx,
                    action="event.route",
                    actor_id=actor.employee_id,
                    actor_name=actor.name,
                    outcome="denied",
                    subject=kind,
                    event_id=handling.event.id,
                )
            return
        async with handling.transaction() as tx:
            fresh = await tx.fetchval(
                """UPDATE event_route SET state = $2, handled_as = $3, decided_at = $4,
                    decided_by_employee_id = $5
                    WHERE kind = $1 AND state = 'asked' RETURNING true""",
                kind,
                "routed" if handled_as else "ignored",
                handled_as,
                self._clock.now(),
                actor.employee_id,
            )
            if fresh and handled_as:
                await handle_like(tx, kind, handled_as)
            waiting = await tx.fetch(
                """SELECT e.id FROM event e JOIN delivery d ON d.event_id = e.id
                    WHERE e.kind = $1 AND d.subscriber = $2 AND d.state = 'done' AND NOT e.dry
                      ORDER BY e.seq""",
                kind,
                UNROUTED,
            )
            again = [row["id"] for row in waiting] if fresh and handled_as else []
            text = say(
                "route.yes" if handled_as else "route.no",
                actor.language,
                kind=kind,
                as_kind=handled_as or "",
                who=actor.name,
                t=times.clock(self._clock.now()),
                n=len(again),
            )
            if not fresh:
                text = say("invite.settled", actor.language, name=kind)
            await audit.record(
                tx,
                action="event.route",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                subject=kind,
                outcome=handled_as or "ignored",
                event_id=handling.event.id,
            )
            await outbox.edit(
                tx,
                handling.origin,
                int(p["chat_id"]),
                text,
                message_id=int(p["message_id"]),
                key=handling.key("route"),
            )
            await self._journal.replay_in(tx, again, dry=False)

    async def alert(self, tx: Tx, delivery: Delivery, cause: str) -> None:
        """Notify administrators once of a delivery that was parked or given up, and tell the person
        who waits for it that it failed."""
        event = delivery.event
        origin = Origin.of(event, delivery.subscriber)
        admins = await self._administrators()
        for admin in admins:
            text = say(
                "failed",
                admin.language,
                kind=event.kind,
                cause=cause[:200],
                code=trace_code(event.trace_id),
            )
            await outbox.send(
                tx,
                origin,
                admin.telegram_id,
                text,
                key=origin.key(f"alert:{admin.telegram_id}"),
                lane=Lane.BULK,
            )
        if delivery.lane is DeliveryLane.PEOPLE:
            await watch.notify_failure(tx, self._staff, delivery.id)

    async def _administrators(self) -> list[Contact]:
        """Administrators; muted ones only when there are no others."""
        admins = await self._staff.contacts(Role.ADMIN)
        return [a for a in admins if not a.muted] or admins


def _choices(kind: str, proposal: RouteProposal, admin: Contact) -> list[Button]:
    ways: list[tuple[str, str | None]] = [("b.ignore", None)]
    if proposal.kind is not None:
        ways.insert(0, ("b.route", proposal.kind))
    return [
        Button(
            label=label(key, admin.language),
            payload=RouteKind(event_kind=kind, handled_as=handled_as),
        )
        for key, handled_as in ways
    ]


def _question(event: Event, proposal: RouteProposal, admin: Contact) -> Markup:
    rows = [say("unrouted", admin.language, kind=event.kind, code=trace_code(event.trace_id))]
    if proposal.kind is None:
        rows.append(say("unrouted.none", admin.language))
    else:
        why = f" ({proposal.reason})" if proposal.reason else ""
        rows.append(say("unrouted.like", admin.language, as_kind=proposal.kind, why=why))
    return lines(rows)
