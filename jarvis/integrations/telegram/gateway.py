"""The one connection to Telegram: updates become events before anything else, effects go out by
stored random ids.

One process holds the lease; others stand by. Flood waits reschedule, they never sleep inside a
handler.
"""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportPrivateUsage=false, reportMissingTypeArgument=false
# pyright: reportCallIssue=false

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import logfire
from telethon import Button, TelegramClient, events, utils
from telethon.crypto import rsa
from telethon.errors import (
    AuthKeyNotFound,
    ChatWriteForbiddenError,
    FloodWaitError,
    MessageIdInvalidError,
    MessageNotModifiedError,
    PeerIdInvalidError,
    RandomIdDuplicateError,
    RPCError,
    ServerError,
    UnauthorizedError,
    UserIsBlockedError,
)
from telethon.extensions import html as tg_html
from telethon.tl import functions, types

from jarvis.engine import sources
from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.journal import Journal
from jarvis.engine.leases import Leases
from jarvis.engine.loop import going
from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.incoming import describe, token_of, topic_of, version_of, words_of
from jarvis.integrations.telegram.kinds import TOPIC_GONE
from jarvis.integrations.telegram.session import PgSession
from jarvis.integrations.telegram.settings import SYSTEM, TelegramSettings
from jarvis.integrations.telegram.updates import Updates
from jarvis.kit.errors import (
    AuthExpired,
    LeaseLost,
    NotFound,
    Rejected,
    SettingsMissing,
    Unavailable,
)
from jarvis.kit.faults import fault
from jarvis.kit.ids import sha256_hex

WINDOW = 50  # message ids read at once
OVERLAP = 2 * WINDOW  # so far behind the last seen message gaps are looked for
REFUSED_PAUSE_S = 5.0
ANSWER_S = 10.0  # Telegram takes the answer to a press no longer than this
_log = logging.getLogger(__name__)
OnPress = Callable[[int, str], Awaitable[str | None]]
_GONE = ("TOPIC_DELETED", "TOPIC_ID_INVALID")  # no classes of their own in Telethon 1.45
PRODUCTION = {1: ("149.154.175.53", 443), 2: ("149.154.167.51", 443), 4: ("149.154.167.92", 443)}


def random_id(effect_id: UUID) -> int:
    """The 63-bit id under which Telegram recognises a repeated send of this effect."""
    return int(sha256_hex(str(effect_id))[:15], 16)


class TelegramGateway:
    """A connected client and what it can do for effects. `client` makes the client of each
    connection."""

    def __init__(
        self,
        db: Database,
        settings: TelegramSettings,
        *,
        on_press: OnPress,
        holder: str,
        client: NewClient = telethon,
    ) -> None:
        self._db = db
        self._settings = settings
        self._new_client = client
        self._journal = Journal(db)
        self._on_press = on_press
        self._holder = holder
        self._client: TelegramClient | None = None
        self._session: PgSession | None = None
        self.ready = asyncio.Event()
        self.problem: str | None = "not started"
        self.me: int | None = None
        self.username: str | None = None
        self._updates = Updates(self._journal, self._accept)

    async def run(self) -> None:
        """Hold the lease, stay connected, begin again after a failure; until cancelled."""
        leases = Leases(self._db)
        while going():
            try:
                lease = await leases.take(
                    f"telegram:{self._settings.session}", self._holder, self._settings.lease_s
                )
                if lease is None:
                    self.problem = "standing by: another process holds the session"
                    await asyncio.sleep(min(2.0, self._settings.lease_s / 3))
                    continue
                try:
                    await self._hold(leases, lease)
                finally:
                    self.ready.clear()
                    with contextlib.suppress(*DATABASE_AWAY):
                        await leases.give_back(lease)
            except SettingsMissing:
                raise
            except LeaseLost:
                self.problem = "the lease went to another process"
            except AuthExpired as error:
                self.problem = error.reason
                await self._alert(error.reason)
                await asyncio.sleep(REFUSED_PAUSE_S)
            # a boundary: Telethon lets EOFError, its own and asyncio's errors out of a handshake
            except Exception as error:
                self.problem = f"no connection ({type(error).__name__})"
                _log.warning("Telegram is away: %s", type(error).__name__)
                await asyncio.sleep(1)

    async def _alert(self, reason: str) -> None:
        """No chat can tell of this: it goes to the log, the traces, `jarvis doctor` and the web
        process's readiness."""
        _log.error("Telegram refuses the bot: %s", reason)
        logfire.error("telegram.refused", reason=reason)
        with contextlib.suppress(*DATABASE_AWAY):
            await sources.report_failure(self._db, SYSTEM, datetime.now(UTC), reason)

    async def _hold(self, leases: Leases, lease: Any) -> None:
        host, port = self._settings.host, self._settings.port
        if self._settings.public_key is not None:
            rsa._server_keys.clear()
            rsa.add_key(self._settings.public_key_pem(), old=False)
            _log.warning("talking to a Telegram server of your own at %s:%s", host, port)
        if host is None or port is None:
            host, port = PRODUCTION[self._settings.dc]
        session = await PgSession.load(
            self._db, self._settings.session, self._settings.dc, host, port, lease.fence
        )
        self._session = session
        async with self._connected(session) as client:
            await self._login(client, session)
            self.problem = None
            await sources.report_ok(self._db, SYSTEM, datetime.now(UTC))
            self.ready.set()
            reconciler = asyncio.create_task(self._reconcile_forever())
            flusher = asyncio.create_task(
                self._updates.flush_forever(session, self._settings.lease_s / 3)
            )
            try:
                while client.is_connected():
                    await leases.keep(lease, self._settings.lease_s)
                    await session.flush()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._settings.lease_s / 3):
                            await asyncio.shield(client.disconnected)
            finally:
                reconciler.cancel()
                flusher.cancel()
                self.ready.clear()
                self._client = None
        raise ConnectionError("disconnected")

    @asynccontextmanager
    async def _connected(self, session: PgSession) -> AsyncGenerator[TelegramClient]:
        client = self._new_client(session, self._settings)
        client.add_event_handler(self._updates.take, events.Raw())
        client.session.save_entities = True
        try:
            try:
                async with asyncio.timeout(self._settings.timeout_s * 2):
                    await client.connect()
            except AuthKeyNotFound:
                session.forget_key()
                await session.flush()
                raise ConnectionError("the server does not know our key") from None
            self._client = client
            yield client
        finally:
            # leaving anyway: a broken connection may fail to close politely
            with contextlib.suppress(Exception):
                async with asyncio.timeout(3):
                    await client.disconnect()  # pyright: ignore[reportGeneralTypeIssues]  # a coroutine while a loop runs
            await self._updates.end(session)

    async def _login(self, client: TelegramClient, session: PgSession) -> None:
        try:
            if not await client.is_user_authorized():
                await client.sign_in(bot_token=self._settings.bot_token.get_secret_value())
            me = await client.get_me()
        except (UnauthorizedError, RPCError) as error:
            if isinstance(error, ServerError | FloodWaitError):
                raise
            raise AuthExpired(
                SYSTEM, "the bot token was refused; take a new one from BotFather"
            ) from None
        self.me, self.username = me.id, me.username
        session.note_username(me.username)
        await session.flush()
        for language, words in COMMANDS.items():
            # the menu is a convenience; the start goes on without it
            with contextlib.suppress(RPCError):
                await client(
                    functions.bots.SetBotCommandsRequest(
                        scope=types.BotCommandScopeDefault(),
                        lang_code=language,
                        commands=[types.BotCommand(command=c, description=d) for c, d in words],
                    )
                )

    # updates in

    async def _accept(self, update: Any) -> None:
        if isinstance(update, types.UpdateNewMessage | types.UpdateNewChannelMessage):
            await self.accept_message(update.message, edited=False)
        elif isinstance(update, types.UpdateEditMessage | types.UpdateEditChannelMessage):
            await self.accept_message(update.message, edited=True)
        elif isinstance(update, types.UpdateBotCallbackQuery):
            await self._accept_press(update)

    async def accept_message(self, message: Any, *, edited: bool) -> bool:
        """One event a message, or a version of it; our own and service messages are no input. False
        when it was known.

        A service message that says that the bot was added to a group is an event of its own.
        """
        if isinstance(message, types.MessageService):
            return await self._joined(message)
        if not isinstance(message, types.Message) or message.out:
            return False
        sender = utils.get_peer_id(message.from_id or message.peer_id)
        if sender == self.me:
            return False
        chat = utils.get_peer_id(message.peer_id)
        version = version_of(message) if edited else "0"
        if version is None:
            return False
        reply_id = getattr(message.reply_to, "reply_to_msg_id", None)
        if reply_id == topic_of(message):
            reply_id = None  # it stands in the topic and answers nobody
        text = words_of(message)
        payload = {
            "chat_id": chat,
            "private": isinstance(message.peer_id, types.PeerUser),
            "message_id": message.id,
            "sender_id": sender,
            "text": text,
            "reply_to": reply_id,
            "edited": edited,
            "mentioned": bool(message.mentioned) or self._names_me(text),
            "forwarded": message.fwd_from is not None,
            "media": describe(message.media),
            "album": message.grouped_id,
            "topic": topic_of(message),
            "version": version,
        }
        await self._note_chat(chat, message.id, private=payload["private"])
        accepted = await self._journal.accept(
            source="telegram",
            kind="message.employee",
            dedup_key=f"message:{chat}:{message.id}:{version}",
            payload=payload,
            ordering_key=f"telegram:{chat}:{sender}",
            sender=f"telegram:{sender}",
        )
        return accepted.fresh

    async def _joined(self, message: Any) -> bool:
        action = message.action
        if not isinstance(action, types.MessageActionChatAddUser) or self.me not in action.users:
            return False
        chat = utils.get_peer_id(message.peer_id)
        await self._note_chat(chat, message.id, private=False)
        accepted = await self._journal.accept(
            source="telegram",
            kind="chat.joined",
            dedup_key=f"joined:{chat}:{message.id}",
            ordering_key=f"telegram:{chat}",
            payload={
                "chat_id": chat,
                "by": utils.get_peer_id(message.from_id) if message.from_id else None,
            },
        )
        return accepted.fresh

    def _names_me(self, text: str) -> bool:
        lowered = text.casefold()
        return (
            self.username is not None and f"@{self.username.casefold()}" in lowered
        ) or lowered.startswith(("jarvis", "джарвис", "ჯარვის"))

    async def _note_chat(self, chat: int, message_id: int, *, private: bool) -> None:
        await self._db.execute(
            """INSERT INTO chat (marked_id, kind, last_seen_message, seen_at) VALUES ($1, $2, $3,
                now())
               ON CONFLICT (marked_id) DO UPDATE
                 SET last_seen_message = greatest(chat.last_seen_message, $3), seen_at = now()""",
            chat,
            "private" if private else "group",
            message_id,
        )

    async def _accept_press(self, update: Any) -> None:
        token = token_of(update)
        toast = await self._on_press(update.user_id, token)
        await self._journal.accept(
            source="telegram",
            kind="callback.button",
            dedup_key=f"press:{update.query_id}",
            payload={
                "chat_id": utils.get_peer_id(update.peer),
                "message_id": update.msg_id,
                "sender_id": update.user_id,
                "token": token,
            },
            ordering_key=f"telegram:{utils.get_peer_id(update.peer)}:{update.user_id}",
            sender=f"telegram:{update.user_id}",
        )
        client = self._client
        if client is not None:
            with contextlib.suppress(RPCError, ConnectionError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await client(
                        functions.messages.SetBotCallbackAnswerRequest(
                            query_id=update.query_id, cache_time=0, message=toast
                        )
                    )

    async def _reconcile_forever(self) -> None:
        while going():
            with contextlib.suppress(RPCError, ConnectionError, *DATABASE_AWAY):
                await self.reconcile()
            await asyncio.sleep(self._settings.reconcile_s)

    async def reconcile(self) -> int:
        """Read message ids after the last ones seen and accept what no update told; returns how
        many were new.

        It begins some way before them: a process that died with an update in its hands leaves a gap
        behind newer messages. Our own messages have ids of the same row, so a window that holds any
        message is followed by the next one.
        """
        found = 0
        groups = await self._db.fetch(
            "SELECT marked_id, last_seen_message FROM chat WHERE kind = 'group'"
        )
        private = await self._db.fetchval(
            "SELECT max(last_seen_message) FROM chat WHERE kind = 'private'"
        )
        for chat, seen in [(r["marked_id"], r["last_seen_message"]) for r in groups] + [
            (None, private or 0)
        ]:
            # a group that the bot lost must not hide the others' gaps
            with contextlib.suppress(RPCError, ValueError):
                found += await self._fill(chat, seen)
        return found

    async def _fill(self, chat: int | None, seen: int) -> int:
        found, last = 0, max(0, seen - OVERLAP)
        while (rows := await self._existing(chat, last)) or last < seen:
            for message in rows:
                found += await self.accept_message(message, edited=False)
            last += WINDOW
        return found

    async def _existing(self, chat: int | None, last: int) -> list[Any]:
        """The messages of one window of ids that are there."""
        rows = await self.messages(chat, range(last + 1, last + 1 + WINDOW))
        return [m for m in rows if isinstance(m, types.Message | types.MessageService)]

    async def messages(self, chat: int | None, ids: Sequence[int]) -> list[Any]:
        """The messages of these ids of a group, or (chat None) of the bot's private chats; absent
        ones are `MessageEmpty`."""
        client = self.client()
        wanted = [types.InputMessageID(id=i) for i in ids]
        if chat is None:
            answer = await client(functions.messages.GetMessagesRequest(id=wanted))
        else:
            channel = utils.get_input_channel(await client.get_input_entity(chat))
            answer = await client(functions.channels.GetMessagesRequest(channel=channel, id=wanted))
        return list(answer.messages)

    # effects out

    def client(self) -> TelegramClient:
        """The connected client.

        Raises:
            Unavailable: there is no connection now.
        """
        if self._client is None or not self.ready.is_set():
            raise Unavailable(SYSTEM, self.problem or "not connected", retry_after_s=1.0)
        return self._client

    async def send(
        self,
        effect_id: UUID,
        chat_id: int,
        text: str,
        *,
        buttons: Sequence[Sequence[Mapping[str, str]]] = (),
        reply_to: int | None = None,
        topic: int | None = None,
        attempt: int = 1,
        after: int = 0,
    ) -> int:
        """Send one message and return its id; a repeated send of the same effect finds the first
        one's id.

        `text` is Telegram's HTML. `after` is the last message id known before the first attempt.
        """
        plain, entities = tg_html.parse(text)
        client = self.client()

        async def call() -> Any:
            return await client(
                functions.messages.SendMessageRequest(
                    peer=await client.get_input_entity(chat_id),
                    message=plain,
                    entities=entities,
                    no_webpage=True,
                    random_id=random_id(effect_id),
                    reply_markup=_markup(client, buttons),
                    reply_to=reply_header(reply_to, topic),
                )
            )

        if attempt > 1 and (known := await self._recover(chat_id, plain, after)) is not None:
            return known
        try:
            answer = await self.guarded(call, chat_id)
        except RandomIdDuplicateError:
            known = await self._recover(chat_id, plain, after)
            if known is None:
                raise Unavailable(
                    SYSTEM, "sent, but its id is not found yet", retry_after_s=2.0
                ) from None
            return known
        return next(u.id for u in answer.updates if isinstance(u, types.UpdateMessageID))

    async def _recover(self, chat_id: int, text: str, after: int) -> int | None:
        ids = range(after + 1, after + 1 + 2 * WINDOW)
        try:
            rows = await self.messages(None if chat_id > 0 else chat_id, ids)
        except (RPCError, ConnectionError) as error:
            raise Unavailable(
                SYSTEM, f"cannot read back ({type(error).__name__})", retry_after_s=2.0
            ) from None
        for message in rows:
            ours = isinstance(message, types.Message) and message.out and message.message == text
            if ours and utils.get_peer_id(message.peer_id) == chat_id:
                return int(message.id)
        return None

    async def edit(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        *,
        buttons: Sequence[Sequence[Mapping[str, str]]] = (),
    ) -> None:
        """Change a message of ours; the same text again is success."""
        plain, entities = tg_html.parse(text)
        client = self.client()

        async def call() -> Any:
            return await client(
                functions.messages.EditMessageRequest(
                    peer=await client.get_input_entity(chat_id),
                    id=message_id,
                    message=plain,
                    entities=entities,
                    no_webpage=True,
                    reply_markup=_markup(client, buttons),
                )
            )

        with contextlib.suppress(MessageNotModifiedError):
            await self.guarded(call, chat_id)

    async def guarded(
        self, call: Callable[[], Awaitable[Any]], chat_id: int, *, files: bool = False
    ) -> Any:
        """One call to Telegram with its errors turned into ours; `files` gives it the time that a
        large file takes."""
        try:
            async with asyncio.timeout(
                self._settings.files_timeout_s if files else self._settings.timeout_s
            ):
                fault("telegram.before_send")
                answer = await call()
                fault("telegram.sent")
                return answer
        except FloodWaitError as error:
            # Telethon remembers a wait for all chats; ours concerns one, and is kept by the
            # effect's own schedule.
            with contextlib.suppress(AttributeError):
                self.client()._flood_waited_requests.clear()
            raise Unavailable(SYSTEM, "flood wait", retry_after_s=float(error.seconds)) from None
        except (MessageNotModifiedError, RandomIdDuplicateError):
            raise
        except (UserIsBlockedError, ChatWriteForbiddenError, PeerIdInvalidError) as error:
            raise Rejected(SYSTEM, type(error).__name__.removesuffix("Error")) from None
        except MessageIdInvalidError:
            raise NotFound("the message is gone") from None
        except (ServerError, ConnectionError, TimeoutError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and asyncio.current_task() is not None:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
            raise Unavailable(
                SYSTEM, f"no answer ({type(error).__name__})", retry_after_s=1.0
            ) from None
        except ValueError as error:
            raise Rejected(
                SYSTEM,
                f"chat {'of a person' if chat_id > 0 else 'group'} is unknown: {error}"[:120],
            ) from None
        except RPCError as error:
            raise _refusal(error) from None


def _refusal(error: RPCError) -> Exception:
    # Telethon's own classes carry the name of the error only in their class; the others carry it as
    # their message.
    name = error.message
    if name == getattr(type(error), "message", None):
        name = re.sub(
            r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")
        ).upper()
    return NotFound(TOPIC_GONE) if name in _GONE else Rejected(SYSTEM, str(name)[:120])


def reply_header(message_id: int | None, topic: int | None) -> Any:
    """Which message, or which topic, a new message answers."""
    if message_id is None and topic is None:
        return None
    return types.InputReplyToMessage(
        reply_to_msg_id=message_id or topic, top_msg_id=topic if message_id else None
    )


def _markup(client: TelegramClient, buttons: Sequence[Sequence[Mapping[str, str]]]) -> Any:
    rows = [[Button.inline(b["label"], b["token"].encode()) for b in row] for row in buttons if row]
    return client.build_reply_markup(rows) if rows else None


COMMANDS: Mapping[str, Sequence[tuple[str, str]]] = {
    "": (
        ("help", "Что умеет Jarvis"),
        ("inbox", "Что ждёт моего решения"),
        ("checklist", "Чек-листы"),
        ("form", "Отсутствие, задача, платёж"),
        ("tasks", "Мои задачи"),
        ("car", "Материалы машины"),
        ("settings", "Язык, сводка, тишина"),
        ("new", "Начать разговор заново"),
        ("forget", "Забыть наш разговор"),
        ("report", "Сообщить об ошибке"),
    ),
    "en": (
        ("help", "What Jarvis can do"),
        ("inbox", "What waits for my word"),
        ("checklist", "Check-lists"),
        ("form", "Absence, task, payment"),
        ("tasks", "My tasks"),
        ("car", "A car's material"),
        ("settings", "Language, digest, mute"),
        ("new", "Begin a new conversation"),
        ("forget", "Forget our conversation"),
        ("report", "Report a problem"),
    ),
    "ka": (
        ("help", "რა შეუძლია Jarvis-ს"),
        ("inbox", "რა ელოდება ჩემს გადაწყვეტილებას"),
        ("checklist", "ჩეკლისტები"),
        ("form", "არყოფნა, დავალება, გადახდა"),
        ("tasks", "ჩემი დავალებები"),
        ("car", "მანქანის მასალები"),
        ("settings", "ენა, შეჯამება, ჩუმი რეჟიმი"),
        ("new", "საუბრის თავიდან დაწყება"),
        ("forget", "ჩვენი საუბრის დავიწყება"),
        ("report", "შეცდომის შეტყობინება"),
    ),
}
