"""Telegram's server as one object: its state, actions of people (`user_actions`, `group_changes`),
requests of bots (`rpc`) and the transport (`mtproto_server`, or none)."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from jarvis.integrations.telegram.sandbox.changes import offered, tables
from jarvis.integrations.telegram.sandbox.group_changes import GroupChanges
from jarvis.integrations.telegram.sandbox.memory import TelegramMemory
from jarvis.integrations.telegram.sandbox.mtproto_server import MtprotoServer
from jarvis.integrations.telegram.sandbox.people import new_session
from jarvis.integrations.telegram.sandbox.rpc import TELEGRAMS_OWN, Rpc, TelegramLimits
from jarvis.integrations.telegram.sandbox.state import (
    Box,
    Chat,
    Message,
    TelegramState,
)
from jarvis.integrations.telegram.sandbox.transport import ServerKey
from jarvis.integrations.telegram.sandbox.user_actions import BOT_NAME, UserActions
from jarvis.integrations.telegram.sandbox.words import FAULTS
from jarvis.integrations.telegram.sandbox.world import FIRST_FORUM, FIRST_GROUP, TelegramWorld
from jarvis.kit.keep import Keep
from jarvis.kit.sandbox import Faults, Ledger
from jarvis.kit.sandbox_manifest import Change, Table
from jarvis.kit.world import World

BOT_USERNAME = "geodrive_jarvis_bot"


class TelegramSandbox:
    """Telegram with one bot, the people of a world, their private chats and groups."""

    def __init__(
        self,
        *,
        ledger_path: Path | None = None,
        limits: TelegramLimits = TELEGRAMS_OWN,
        key: ServerKey | None = None,
    ) -> None:
        self.limits = limits
        self.faults = Faults(fault.kind for fault in FAULTS)
        self.ledger = Ledger(ledger_path)
        self._key = key
        self.token = f"777001:{secrets.token_hex(16)}"
        self.keys: dict[int, bytes] = {}
        self.logins: dict[int, int] = {}
        self.listeners: list[Callable[[Chat], None]] = []
        # bots in this process, without a connection
        self.receivers: list[Callable[[bytes], None]] = []
        self.state = TelegramState()
        self._mtproto = MtprotoServer(self)
        self._actions = UserActions(self)
        self._groups = GroupChanges(self)
        self.rpc = self._new_rpc()
        self._held: list[tuple[Chat, Any]] = []
        self.sent: dict[str, None] = {}
        self._memory = TelegramMemory(None)
        # what people do arrives at once, without a network
        self.send, self.edit, self.press = (
            self._actions.send,
            self._actions.edit,
            self._actions.press,
        )
        self.chats_of, self.messages_of = self._actions.chats_of, self._actions.messages_of

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        return self._mtproto.port

    @property
    def key(self) -> ServerKey:
        """Generated on first use: it takes longer than many a test."""
        self._key = self._key or ServerKey()
        return self._key

    def remember(self, keep: Keep, *, resume: bool) -> int:
        self._memory = TelegramMemory(keep)
        if not resume:
            self._memory.clear()
            return 0
        self._key, port = self._memory.restore(self)
        return port

    def save(self) -> None:
        self._memory.save(self)

    def settings(self) -> Mapping[str, str]:
        return {
            "JARVIS_TELEGRAM_API_ID": "1",
            "JARVIS_TELEGRAM_API_HASH": "sandbox",
            "JARVIS_TELEGRAM_BOT_TOKEN": self.token,
            "JARVIS_TELEGRAM_HOST": "127.0.0.1",
            "JARVIS_TELEGRAM_PORT": str(self.port),
            "JARVIS_TELEGRAM_PUBLIC_KEY": self.key.public_pem,
            "JARVIS_TELEGRAM_LEASE_S": "5",
            "JARVIS_TELEGRAM_RECONCILE_S": "15",
        }

    def start_fault(self, kind: str, args: Mapping[str, Any]) -> None:
        self.faults.start(kind, args)
        if kind == "down":  # connected clients notice at once
            self._mtproto.cut_all()

    def records(self) -> Sequence[Table]:
        return tables(self.state, self.bot_id)

    @property
    def base_url(self) -> str:
        return f"mtproto://127.0.0.1:{self.port}"

    @property
    def bot_id(self) -> int:
        return int(self.token.split(":")[0])

    def _new_rpc(self) -> Rpc:
        rpc = Rpc(self.state, self.faults, self.ledger, lambda: self.port, self.limits)
        rpc.on_change = self.changed
        rpc.on_answer = self._actions.answered
        rpc.on_publish = lambda chat, message: self.publish(chat, rpc.objects.new_update, message)
        return rpc

    def load(self, world: World, now: datetime) -> None:
        """Reset to the world's people and groups; connected bots must log in again."""
        held = world.part(TelegramWorld)
        self.state = TelegramState()
        self.rpc = self._new_rpc()
        self.state.add_bot(self.token, BOT_NAME, BOT_USERNAME)
        for person in world.staff:
            if person.telegram_id is not None:
                known = self.state.add_person(person.telegram_id, person.name, person.language)
                # staff pressed Start when they were bound
                known.started = person.role != "stranger"
        ids = {p.name: p.telegram_id for p in world.staff if p.telegram_id is not None}
        for number, group in enumerate(held.groups, FIRST_GROUP):
            members = {ids[name] for name in group.members if name in ids}
            self.state.add_group(number, group.title, members | {self.bot_id})
        for number, forum in enumerate(held.forums, FIRST_FORUM):
            members = {ids[name] for name in forum.members if name in ids}
            made = self.state.add_group(
                number, forum.title, members | {self.bot_id}, forum=forum.topical
            )
            made.read_only = forum.purpose == "archive"
            for title in forum.topics:
                self.rpc.forums.add(made, title, self.bot_id)
        self.faults.stop()
        self.ledger.clear()
        self._actions.forget()
        self.sent.clear()
        self._memory.clear()

    def session_of(self, person: str) -> str:
        """A session of a person's own, as `JARVIS_TELEGRAM_USER_SESSION` takes it."""
        return new_session(self.keys, self.logins, self.state.person(person).id, self.port)

    def changes(self) -> Sequence[Change]:
        return offered(self.state)

    async def change(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._groups.change(name, args)

    def busy(self) -> bool:
        return self._mtproto.busy

    def listening(self) -> bool:
        """Whether an update sent now reaches a bot."""
        return bool(self._mtproto.connections or self.receivers) and not self.faults.active

    def unjournaled(self) -> list[str]:
        """Deduplication keys, in Jarvis's journal, of what people sent, without those passed to
        `mark_journaled`."""
        return list(self.sent)

    def mark_journaled(self, keys: Iterable[str]) -> None:
        """Record that these keys are in the journal."""
        for key in keys:
            self.sent.pop(key, None)

    def publish(
        self, chat: Chat, make: Callable[[Chat, Message, int, int | None], Any], message: Message
    ) -> Any:
        """Create an update of a message, number it in the chat's sequence and send it; returns
        it."""
        box: Box = self.state.box_of(chat)
        box.pts += 1
        update = make(chat, message, box.pts, self.bot_id)
        box.updates.append((box.pts, update))
        self._memory.changed(chat)
        self.push(chat, update)
        return update

    def push(self, chat: Chat, update: Any) -> None:
        """Send an update to every connection logged in as the bot, subject to the active faults."""
        self.save()
        if self.faults.on("drop"):
            return
        if self.faults.on("reorder"):
            self._held.append((chat, update))
            if len(self._held) < 2:
                return
            rows, self._held = list(reversed(self._held)), []
        else:
            rows = [*reversed(self._held), (chat, update)]
            self._held = []
        copies = 2 if self.faults.on("duplicate") else 1
        for _, item in rows:
            data = bytes(self.rpc.objects.updates([item]))
            self._mtproto.broadcast(data, copies)
            for receive in self.receivers * copies:
                receive(data)

    def changed(self, chat: Chat) -> None:
        """Record a change of this chat: it is saved, and pages are refreshed."""
        self._memory.changed(chat)
        for listener in self.listeners:
            listener(chat)

    def answer(self, request: Any) -> bytes:
        """The answer to a request of the bot, without a connection.

        Raises:
            RpcFailure: Telegram's own error.
        """
        return self.rpc.answer(request, self.bot_id)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncGenerator[TelegramSandbox]:
        """Listen on loopback until the end."""
        async with self._mtproto.running(port):
            yield self

    def cut_all(self) -> None:
        """Break every connection, as a network does."""
        self._mtproto.cut_all()
