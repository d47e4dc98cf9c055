"""The running server: connections of bots on one side, people (the desk, the control surface) on
the other."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from telethon.tl import functions, types

from jarvis.integrations.telegram.incoming import version_of
from jarvis.integrations.telegram.sandbox.changes import offered, tables
from jarvis.integrations.telegram.sandbox.media import ALBUM_MAX, attached
from jarvis.integrations.telegram.sandbox.memory import TelegramMemory
from jarvis.integrations.telegram.sandbox.people import new_session
from jarvis.integrations.telegram.sandbox.rpc import TELEGRAMS_OWN, Rpc, RpcFailure, TelegramLimits
from jarvis.integrations.telegram.sandbox.state import (
    RIGHTS,
    Box,
    Chat,
    Message,
    TelegramState,
    as_seen,
)
from jarvis.integrations.telegram.sandbox.transport import Connection, ServerKey
from jarvis.integrations.telegram.sandbox.words import FAULTS
from jarvis.integrations.telegram.sandbox.world import FIRST_FORUM, FIRST_GROUP, TelegramWorld
from jarvis.kit.errors import InvalidRequest, NotFound
from jarvis.kit.keep import Keep
from jarvis.kit.sandbox import Faults, Ledger
from jarvis.kit.sandbox_manifest import Change, Table
from jarvis.kit.world import World

_log = logging.getLogger(__name__)
BOT_NAME, BOT_USERNAME = "Jarvis", "geodrive_jarvis_bot"


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
        self.connections: set[Connection] = set()
        self.listeners: list[Callable[[Chat], None]] = []
        # bots in this process, without a connection
        self.receivers: list[Callable[[bytes], None]] = []
        self.state = TelegramState()
        self._rpc = self._new_rpc()
        self._queries: dict[int, tuple[Message, asyncio.Event]] = {}
        self._query_ids = itertools.count(9_000_000_001)
        self._server: asyncio.Server | None = None
        self._held: list[tuple[Chat, Any]] = []
        self.sent: dict[str, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self._memory = TelegramMemory(None)

    @property
    def key(self) -> ServerKey:
        """Made when somebody needs it: it takes longer than many a test."""
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
        if kind == "down":  # whoever is connected notices at once
            self.cut_all()

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
        rpc.on_change = self._changed
        rpc.on_answer = self._toast
        rpc.on_publish = lambda chat, message: self._publish(chat, self._rpc.new_update, message)
        return rpc

    def load(self, world: World, now: datetime) -> None:
        """Begin anew with the world's people and groups; bots that are connected must log in
        again."""
        held = world.part(TelegramWorld)
        self.state = TelegramState()
        self._rpc = self._new_rpc()
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
                self._rpc.forums.add(made, title, self.bot_id)
        self.faults.stop()
        self.ledger.clear()
        self._queries.clear()
        self.sent.clear()
        self._memory.clear()

    def session_of(self, person: str) -> str:
        """A session of a person's own, as `JARVIS_TELEGRAM_USER_SESSION` takes it."""
        return new_session(self.keys, self.logins, self.state.person(person).id, self.port)

    # people's side

    def send(
        self,
        person: str,
        chat: str,
        text: str,
        *,
        photos: Sequence[str | bytes | Mapping[str, Any]] = (),
        reply_to: int | None = None,
        forward_from: str | None = None,
        topic: str | int | None = None,
    ) -> tuple[Chat, Message]:
        """A person writes. Several photos are one album; a photo may be any media as `{kind, data,
        name?, mime?}`.

        Raises:
            InvalidRequest: empty, too long, not a member, a closed topic, more than ten photos, or
                a photo that is none.
            NotFound: no such person, chat or topic.
        """
        user = self.state.person(person)
        place = self.state.chat_of(user, chat)
        if not text.strip() and not photos:
            raise InvalidRequest("write a text or attach a photo")
        if len(text) > 4096:
            raise InvalidRequest("a message has at most 4096 characters")
        if len(photos) > ALBUM_MAX:
            raise InvalidRequest(f"an album has at most {ALBUM_MAX} photos")
        if place.read_only:
            raise InvalidRequest(f"people may not write in {place.title}")
        if reply_to is not None and reply_to not in place.messages:
            raise NotFound(f"no message {reply_to} in this chat")
        within = self.state.topic_of(place, topic)
        if within is not None and within.closed:
            raise InvalidRequest(f"the topic {within.title} is closed")
        user.started = user.started or place.kind == "private"
        files = [self.state.keep(*attached(photo)) for photo in photos]
        album = next(self.state.albums) if len(files) > 1 else None
        rows: list[Message] = []
        for n, media in enumerate(files or [None]):
            words = text if n == 0 else ""
            rows.append(
                self.state.new_message(
                    place,
                    user.id,
                    words,
                    escape(words, quote=False),
                    media=media,
                    album=album,
                    reply_to=reply_to,
                    forward_from=forward_from,
                    topic=None if within is None else within.id,
                )
            )
        for message in rows:
            self._publish(place, self._rpc.new_update, message)
            if place.kind == "private" or self.bot_id in place.members:
                self.sent[f"message:{place.marked_id}:{message.id}:0"] = None
        self._changed(place)
        return place, rows[0]

    def edit(
        self,
        person: str,
        chat: str,
        message_id: int,
        text: str,
        *,
        photo: str | bytes | Mapping[str, Any] | None = None,
    ) -> None:
        """A person edits their own message, or makes it one with media."""
        user = self.state.person(person)
        place = self.state.chat_of(user, chat)
        message = place.messages.get(message_id)
        if message is None or message.sender != user.id:
            raise NotFound(f"no message {message_id} of {person}")
        message.text, message.html, message.edited_at = (
            text,
            escape(text, quote=False),
            datetime.now().astimezone(),
        )
        if photo is not None:
            message.media = self.state.keep(*attached(photo))
        update = self._publish(place, self._rpc.edit_update, message)
        if self._listening():  # a gap is searched for messages, not for changes of them
            self.sent[f"message:{place.marked_id}:{message.id}:{version_of(update.message)}"] = None
        self._changed(place)

    async def press(
        self, person: str, chat: str, message_id: int, button: str | int, *, wait_s: float = 5.0
    ) -> str | None:
        """A person presses a button by its label or index; returns the toast.

        Raises:
            NotFound: no such message or button.
        """
        user = self.state.person(person)
        place = self.state.chat_of(user, chat)
        message = place.messages.get(message_id)
        if message is None or message.deleted:
            raise NotFound(f"no message {message_id} in this chat")
        flat = [b for row in message.buttons for b in row]
        found = next(
            (b for n, b in enumerate(flat) if button in (b.label, n) or str(button) == str(n)), None
        )
        if found is None:
            raise NotFound(
                f"no button {button!r}; buttons: {', '.join(b.label for b in flat) or 'none'}"
            )
        query = next(self._query_ids)
        answered = asyncio.Event()
        self._queries[query] = message, answered
        message.toast = None
        if self._listening():  # nobody tells of a press a second time
            self.sent[f"press:{query}"] = None
        peer = types.PeerUser(place.id) if place.kind == "private" else types.PeerChannel(place.id)
        self._push(
            place,
            types.UpdateBotCallbackQuery(
                query_id=query,
                user_id=user.id,
                peer=peer,
                msg_id=message_id,
                chat_instance=1,
                data=found.data,
            ),
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await answered.wait()
        self._queries.pop(query, None)
        return message.toast

    def chats_of(self, person: str) -> list[dict[str, Any]]:
        """The chats of a person, the latest first."""
        user = self.state.person(person)
        self.state.private(user.id)
        rows = [
            c
            for c in self.state.chats.values()
            if user.id in c.members and (c.kind == "group" or c.id == user.id)
        ]
        rows.sort(
            key=lambda c: max((m.date for m in c.messages.values()), default=_LONG_AGO),
            reverse=True,
        )
        return [
            {
                "chat": "dm" if c.kind == "private" else c.title,
                "kind": c.kind,
                "title": self._title(c),
                "topics": [
                    {"id": t.id, "title": t.title, "closed": t.closed}
                    for t in c.topics.values()
                    if not t.deleted
                ],
            }
            for c in rows
        ]

    def messages_of(
        self, person: str, chat: str, after: int = 0, topic: str | int | None = None
    ) -> list[dict[str, Any]]:
        """A chat's messages as the person sees them; of one topic when it is named."""
        place = self.state.chat_of(self.state.person(person), chat)
        within = None if topic is None else self.state.topic_of(place, topic)
        number = None if within is None else within.id
        names = {u.id: u.name for u in self.state.users.values()}
        return [
            as_seen(m, names)
            for m in place.messages.values()
            if m.id > after and not m.deleted and (topic is None or m.topic == number)
        ]

    def _title(self, chat: Chat) -> str:
        return BOT_NAME if chat.kind == "private" else chat.title

    def changes(self) -> Sequence[Change]:
        return offered(self.state)

    async def change(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        if name in ("block_bot", "unblock_bot"):
            user = self.state.person(str(args.get("person", "")))
            user.blocked = name == "block_bot"
            return {"change": name, "person": user.name}
        if name in ("join", "leave"):
            return self._member(name, self.state.person(str(args.get("person", ""))).id, args)
        if name == "create_group":
            return self._create(
                self.state.person(str(args.get("person", ""))).id, str(args.get("title") or "")
            )
        if name in (
            "demote_bot",
            "promote_bot",
            "remove_bot",
            "add_bot",
            "enable_topics",
            "forbid_writing",
        ):
            return self._regroup(name, self._group(str(args.get("chat", ""))))
        if name in ("delete_topic", "close_topic", "rename_topic", "unpin_post", "delete_post"):
            return self._by_hand(name, args)
        raise InvalidRequest(f"Telegram has no change {name!r}")

    def _create(self, person: int, title: str) -> Mapping[str, Any]:
        """A person makes a group and adds the bot, which is no administrator yet."""
        if not title.strip():
            raise InvalidRequest("a group needs a name")
        number = 1 + max(
            [FIRST_FORUM + 99, *(c.id for c in self.state.chats.values() if c.kind == "group")]
        )
        made = self.state.add_group(number, title.strip(), {person, self.bot_id})
        next(made.ids)  # number 1 is what says that the group was made
        self._added(made, person)
        return {"change": "create_group", "chat": made.title}

    def _member(self, name: str, person: int, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Somebody leaves a group, or joins one by a link, which works as often as it was made
        for."""
        if name == "leave":
            group = self._group(str(args.get("chat", "")))
            group.members.discard(person)
            return {"change": name, "chat": group.title}
        link = str(args.get("link", "")).strip()
        group = next((c for c in self.state.chats.values() if c.links.get(link, 0) > 0), None)
        if group is None or person in group.banned:
            raise InvalidRequest("the link has expired, was used, or is for somebody else")
        group.links[link] -= 1
        group.members.add(person)
        return {"change": name, "chat": group.title}

    def _added(self, group: Chat, by: int) -> None:
        message = self.state.new_message(group, by, "", "", service="added")
        self._publish(group, self._rpc.new_update, message)
        self.sent[f"joined:{group.marked_id}:{message.id}"] = None
        self._changed(group)

    def _regroup(self, name: str, group: Chat) -> Mapping[str, Any]:
        """An administrator changes what the bot is in a group, or switches its topics on."""
        if name == "enable_topics":
            group.forum = True
        elif name == "forbid_writing":
            group.read_only = True
        elif name == "remove_bot":
            group.rights, group.members = set(), group.members - {self.bot_id}
        elif name == "add_bot":
            group.rights, group.members = set(RIGHTS), group.members | {self.bot_id}
            self._added(group, min(group.members - {self.bot_id}, default=self.bot_id))
        else:
            group.rights = set() if name == "demote_bot" else set(RIGHTS)
        self._changed(group)
        return {"change": name, "chat": group.title}

    def _group(self, title: str) -> Chat:
        for chat in self.state.chats.values():
            if chat.kind == "group" and title in (chat.title, str(chat.marked_id)):
                return chat
        raise NotFound(
            f"no group {title!r}; groups: "
            f"{', '.join(c.title for c in self.state.chats.values() if c.kind == 'group')}"
        )

    def _by_hand(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """An administrator changes a topic, named `forum title/number`, past the bot."""
        chat, _, number = str(args.get("topic", "")).rpartition("/")
        forum = self._group(chat)
        topic = self.state.topic_of(forum, number)
        if topic is None:
            raise InvalidRequest(
                "General can be neither deleted nor closed here; name another topic"
            )
        if name == "delete_topic":
            self._rpc.forums.delete(forum, topic)
        elif name == "close_topic":
            topic.closed = True
        elif name in ("unpin_post", "delete_post"):
            for message in [m for m in forum.messages.values() if m.topic == topic.id and m.pinned]:
                message.pinned, message.deleted = False, name == "delete_post"
        else:
            topic.title = str(args.get("title") or "")[:128] or topic.title
        self._changed(forum)
        return {"change": name, "chat": forum.title, "topic": topic.id}

    def busy(self) -> bool:
        return bool(self._tasks)

    def _listening(self) -> bool:
        """Whether what is told now reaches a bot."""
        return bool(self.connections or self.receivers) and not self.faults.active

    def unheard(self) -> list[str]:
        """Under which keys what people sent will stand in Jarvis's journal, but for those that
        `heard` has named."""
        return list(self.sent)

    def heard(self, keys: Iterable[str]) -> None:
        """These have reached the journal."""
        for key in keys:
            self.sent.pop(key, None)

    # updates

    def _publish(
        self, chat: Chat, make: Callable[[Chat, Message, int, int | None], Any], message: Message
    ) -> Any:
        box: Box = self.state.box_of(chat)
        box.pts += 1
        update = make(chat, message, box.pts, self.bot_id)
        box.updates.append((box.pts, update))
        self._memory.changed(chat)
        self._push(chat, update)
        return update

    def _push(self, chat: Chat, update: Any) -> None:
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
            data = bytes(self._rpc.updates([item]))
            for connection in list(self.connections):
                if connection.bot_id == self.bot_id == self.logins.get(connection.key_id):
                    for _ in range(copies):
                        connection.send_object(data, reply=False)
            for receive in self.receivers * copies:
                receive(data)

    def _changed(self, chat: Chat) -> None:
        self._memory.changed(chat)
        for listener in self.listeners:
            listener(chat)

    def _toast(self, query: int, text: str | None) -> None:
        if query in self._queries:
            message, answered = self._queries.pop(query)
            message.toast = text
            answered.set()

    # server

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncGenerator[TelegramSandbox]:
        """Listen on loopback until the end."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._server.close()
            self.cut_all()
            for task in list(self._tasks):
                task.cancel()

    def answer(self, request: Any) -> bytes:
        """What the bot is answered, without a connection.

        Raises:
            RpcFailure: Telegram's own error.
        """
        return self._rpc.answer(request, self.bot_id)

    def cut_all(self) -> None:
        """Break every connection, as a network does."""
        for connection in list(self.connections):
            connection.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.on("down") or self.faults.on("refuse"):
            writer.transport.abort()
            return
        connection = Connection(reader, writer, self.keys, self.key)
        self.connections.add(connection)
        try:
            while (payload := await connection.frame()) is not None:
                if self.faults.on("down"):
                    break
                if payload[:8] == b"\0" * 8:
                    connection.answer_plain(payload)
                    continue
                for message_id, request in connection.open(payload):
                    connection.bot_id = self.logins.get(connection.key_id)
                    task = asyncio.create_task(self._answer(connection, message_id, request))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
        except Exception:  # a boundary: a client's rubbish ends its connection, not the server
            _log.exception("a connection broke")
        finally:
            self.connections.discard(connection)
            connection.cut()
            # they went with the connection
            self.sent = {key: None for key in self.sent if not key.startswith("press:")}

    async def _answer(self, connection: Connection, message_id: int, request: Any) -> None:
        if isinstance(request, functions.PingRequest | functions.PingDelayDisconnectRequest):
            connection.send_object(
                bytes(types.Pong(msg_id=message_id, ping_id=request.ping_id)), reply=True
            )
            return
        if isinstance(request, types.MsgsAck | types.MsgsStateReq):
            return
        while hasattr(request, "query"):
            request = request.query
        if self.faults.on("slow"):
            await asyncio.sleep(self.faults.arg("slow", "seconds", 2))
        if self.faults.on("garble"):
            connection.write(b"garbled frame of no meaning")
            return
        try:
            data = self._rpc.answer(request, self.logins.get(connection.key_id))
        except RpcFailure as failure:
            connection.error(message_id, failure.code, failure.text)
            return
        except Exception:
            _log.exception("the sandbox failed at %s", type(request).__name__)
            connection.error(message_id, 500, "INTERNAL")
            return
        if isinstance(request, functions.auth.ImportBotAuthorizationRequest):
            self.logins[connection.key_id] = self.bot_id
            connection.bot_id = self.bot_id
        self.save()
        if self._writes(request) and self.faults.on("truncate"):
            connection.cut()  # the work is done, the answer is lost
            return
        connection.result(message_id, data)

    @staticmethod
    def _writes(request: Any) -> bool:
        return isinstance(
            request,
            functions.messages.SendMessageRequest
            | functions.messages.SendMediaRequest
            | functions.messages.SendMultiMediaRequest
            | functions.messages.CreateForumTopicRequest,
        )


_LONG_AGO = datetime.fromtimestamp(0).astimezone()
