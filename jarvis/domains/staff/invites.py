"""How a colleague joins: the link of an invitation, an administrator's decision, the welcome."""

from __future__ import annotations

from typing import Protocol

from jarvis.domains.staff.invitations import Invitations
from jarvis.domains.staff.payloads import DecideInvite
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.interactions import DECISION_LIFE, Interactions, Who
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor, Language, Role
from jarvis.kit.errors import Conflict
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.focus import handles_strangers
from jarvis.messaging.view import Button


class Welcomes(Protocol):
    """Greets new employees."""

    async def welcome(self, handling: Handling, chat_id: int, actor: Actor) -> None:
        """Greet somebody in their private chat."""
        ...


class Invites:
    """Handles opened invitations and the decisions about them."""

    def __init__(
        self,
        staff: StaffService,
        invitations: Invitations,
        interactions: Interactions,
        welcomes: Welcomes,
    ) -> None:
        self._staff = staff
        self._invitations = invitations
        self._interactions = interactions
        self._welcomes = welcomes

    @handles_strangers
    async def stranger(self, handling: Handling, user_id: int, text: str) -> bool:
        """Accept the link of an invitation, the only message that strangers get an answer to."""
        token = text.partition(" ")[2].strip() if text.startswith("/start ") else ""
        if token:
            await self._claimed(handling, int(handling.event.payload["chat_id"]), user_id, token)
        return bool(token)

    async def _claimed(self, handling: Handling, chat_id: int, user_id: int, token: str) -> None:
        """Ask whoever opened the link to wait, and every administrator, in their own language, to
        decide."""
        claim = await self._invitations.claim(token, user_id)
        language: Language = claim.language if claim is not None else "ru"
        admins = await self._staff.contacts(Role.ADMIN)
        async with handling.transaction() as tx:
            await outbox.send(
                tx,
                handling.origin,
                chat_id,
                say("invite.bad" if claim is None else "invite.wait", language),
                key=handling.key("invite"),
            )
            if claim is None:
                return
            for admin in admins:
                rows = [
                    [
                        Button(
                            label=label(f"b.{word}", admin.language),
                            payload=DecideInvite(invite_id=claim.invite_id, accept=accept),
                        )
                        for word, accept in (("confirm", True), ("decline", False))
                    ]
                ]
                stored = await self._interactions.store(
                    tx,
                    outbox.stored_form(rows),
                    group=f"invite:{claim.invite_id}:{admin.telegram_id}",
                    who=Who(roles=frozenset({Role.ADMIN})),
                    life=DECISION_LIFE,
                )
                text = say(
                    "invite.card", admin.language, name=claim.employee_name, id=claim.telegram_id
                )
                await outbox.send(
                    tx,
                    handling.origin,
                    admin.telegram_id,
                    text,
                    buttons=stored,
                    key=handling.key(f"invite:{admin.telegram_id}"),
                )

    @callback(DecideInvite)
    async def decided(self, handling: Handling, actor: Actor, payload: DecideInvite) -> None:
        """Carry out an administrator's decision; on the cards of the others, buttons answer that it
        was decided."""
        if actor.role is not Role.ADMIN:
            async with handling.transaction() as tx:
                await audit.record(
                    tx,
                    action="staff.bind",
                    actor_id=actor.employee_id,
                    actor_name=actor.name,
                    outcome="denied",
                )
            return
        p = handling.event.payload
        chat_id, message_id = int(p["chat_id"]), int(p["message_id"])
        try:
            claim = await self._invitations.decide(
                payload.invite_id, accept=payload.accept, by=actor
            )
        except Conflict as decided:
            async with handling.transaction() as tx:
                text = say("invite.settled", actor.language, name=str(decided))
                await outbox.edit(
                    tx,
                    handling.origin,
                    chat_id,
                    text,
                    message_id=message_id,
                    key=handling.key("invite"),
                )
            return
        async with handling.transaction() as tx:
            key = f"invite.{'yes' if payload.accept else 'no'}"
            text = say(key, actor.language, name=claim.employee_name, who=actor.name)
            await outbox.edit(
                tx,
                handling.origin,
                chat_id,
                text,
                message_id=message_id,
                key=handling.key("invite"),
            )
            if not payload.accept:
                await outbox.send(
                    tx,
                    handling.origin,
                    int(claim.telegram_id),
                    say("invite.declined", claim.language),
                    key=handling.key("declined"),
                )
        if payload.accept:
            bound = await self._staff.actor_of_telegram(int(claim.telegram_id))
            if bound is not None:
                await self._welcomes.welcome(handling, int(claim.telegram_id), bound)
