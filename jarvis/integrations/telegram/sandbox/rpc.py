"""What the server answers to each request of a bot."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from telethon.extensions import html as tg_html
from telethon.tl import functions, types

from jarvis.integrations.telegram.sandbox.forums import Forums
from jarvis.integrations.telegram.sandbox.media import MediaRequests, as_media
from jarvis.integrations.telegram.sandbox.members import MemberRequests
from jarvis.integrations.telegram.sandbox.people import PeopleRequests
from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.state import (
    MARK,
    Button,
    Chat,
    Media,
    Message,
    TelegramState,
    User,
)
from jarvis.kit.sandbox import Faults, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLimits:
    """How much the server takes: messages into one group within what it holds for a minute."""

    group_per_minute: int = 20
    minute_s: float = 60.0


TELEGRAMS_OWN = TelegramLimits()
_USER_ONLY = (
    functions.channels.CreateChannelRequest,
    functions.messages.CreateChatRequest,
    functions.channels.ToggleForumRequest,
    functions.channels.InviteToChannelRequest,
    functions.channels.JoinChannelRequest,
    functions.channels.DeleteChannelRequest,
    functions.messages.GetHistoryRequest,
    functions.messages.SearchRequest,
    functions.messages.GetDialogsRequest,
    functions.messages.GetRepliesRequest,
    functions.messages.ReadHistoryRequest,
)


class Rpc:
    """Answers requests over the state. `bot_id` is None before login."""

    def __init__(
        self,
        state: TelegramState,
        faults: Faults,
        ledger: Ledger,
        port: Callable[[], int],
        limits: TelegramLimits,
    ) -> None:
        self.state = state
        self.faults = faults
        self.ledger = ledger
        self.port = port
        self.limits = limits
        self.forums = Forums(self)
        self.files = MediaRequests(self)
        self.people = PeopleRequests(self)
        self.members = MemberRequests(self)
        self.on_change: Callable[[Chat], None] = lambda _chat: None
        self.on_publish: Callable[[Chat, Message], None] = lambda _chat, _message: None
        self.on_answer: Callable[[int, str | None], None] = lambda _query, _text: None

    def answer(self, request: Any, bot_id: int | None) -> bytes:
        """The serialised result.

        Raises:
            RpcFailure: Telegram's own error.
        """
        person = bot_id is not None and not self.state.users[bot_id].is_bot
        if isinstance(request, _USER_ONLY) and not person:
            raise RpcFailure(400, "BOT_METHOD_INVALID")
        name = "do_" + type(request).__name__.removesuffix("Request")
        rooms = (self, self.forums, self.files, self.members, *((self.people,) if person else ()))
        handler = next(
            (found for room in rooms if (found := getattr(room, name, None)) is not None), None
        )
        if handler is None:
            raise RpcFailure(400, "METHOD_INVALID")
        if bot_id is None and type(request).__name__ not in _BEFORE_LOGIN:
            raise RpcFailure(401, "AUTH_KEY_UNREGISTERED")
        result = handler(request, bot_id)
        return result if isinstance(result, bytes) else bytes(result)

    @staticmethod
    def yes() -> bytes:
        """The protocol's true."""
        return _true()

    # service

    def do_GetConfig(self, request: Any, bot_id: int | None) -> Any:
        now = datetime.now(UTC)
        numbers = dict.fromkeys(
            (
                "chat_size_max",
                "megagroup_size_max",
                "forwarded_count_max",
                "online_update_period_ms",
                "offline_blur_timeout_ms",
                "offline_idle_timeout_ms",
                "online_cloud_timeout_ms",
                "notify_cloud_delay_ms",
                "notify_default_delay_ms",
                "push_chat_period_ms",
                "push_chat_limit",
                "edit_time_limit",
                "revoke_time_limit",
                "revoke_pm_time_limit",
                "rating_e_decay",
                "stickers_recent_limit",
                "channels_read_media_period",
                "call_receive_timeout_ms",
                "call_ring_timeout_ms",
                "call_connect_timeout_ms",
                "call_packet_timeout_ms",
            ),
            200,
        )
        return types.Config(
            date=now,
            expires=now + timedelta(hours=1),
            test_mode=False,
            this_dc=2,
            dc_options=[types.DcOption(id=2, ip_address="127.0.0.1", port=self.port())],
            dc_txt_domain_name="",
            me_url_prefix="",
            caption_length_max=1024,
            message_length_max=4096,
            webfile_dc_id=2,
            **numbers,
        )

    def do_ImportBotAuthorization(self, request: Any, bot_id: int | None) -> Any:
        known = self.state.tokens.get(request.bot_auth_token)
        if known is None:
            raise RpcFailure(400, "ACCESS_TOKEN_INVALID")
        return types.auth.Authorization(user=self.user(self.state.users[known], me=known))

    def do_LogOut(self, request: Any, bot_id: int | None) -> Any:
        return types.auth.LoggedOut()

    def do_GetUsers(self, request: Any, bot_id: int | None) -> bytes:
        if bot_id is None:
            raise RpcFailure(401, "AUTH_KEY_UNREGISTERED")
        found = [bot_id if isinstance(i, types.InputUserSelf) else i.user_id for i in request.id]
        return _vector(
            [self.user(self.state.users[i], me=bot_id) for i in found if i in self.state.users]
        )

    def do_SetBotCommands(self, request: Any, bot_id: int | None) -> bytes:
        self.state.commands[request.lang_code] = [
            (c.command, c.description) for c in request.commands
        ]
        return _true()

    def do_SetTyping(self, request: Any, bot_id: int | None) -> bytes:
        return _true()

    # updates

    def do_GetState(self, request: Any, bot_id: int | None) -> Any:
        return types.updates.State(
            pts=self.state.box.pts, qts=0, date=datetime.now(UTC), seq=0, unread_count=0
        )

    def do_GetDifference(self, request: Any, bot_id: int | None) -> Any:
        box = self.state.box
        missed = [u for pts, u in box.updates if pts > request.pts]
        if not missed:
            return types.updates.DifferenceEmpty(date=datetime.now(UTC), seq=0)
        users, chats = self.cast()
        state = types.updates.State(
            pts=box.pts, qts=0, date=datetime.now(UTC), seq=0, unread_count=0
        )
        new = [u.message for u in missed if isinstance(u, types.UpdateNewMessage)]
        other = [u for u in missed if not isinstance(u, types.UpdateNewMessage)]
        return types.updates.Difference(
            new_messages=new,
            new_encrypted_messages=[],
            other_updates=other,
            chats=chats,
            users=users,
            state=state,
        )

    def do_GetChannelDifference(self, request: Any, bot_id: int | None) -> Any:
        chat = self.group(request.channel.channel_id)
        missed = [u for pts, u in chat.box.updates if pts > request.pts]
        if not missed:
            return types.updates.ChannelDifferenceEmpty(pts=chat.box.pts, final=True)
        users, chats = self.cast()
        new = [u.message for u in missed if isinstance(u, types.UpdateNewChannelMessage)]
        other = [u for u in missed if not isinstance(u, types.UpdateNewChannelMessage)]
        return types.updates.ChannelDifference(
            pts=chat.box.pts,
            new_messages=new,
            other_updates=other,
            chats=chats,
            users=users,
            final=True,
        )

    # reading

    def do_GetMessages(self, request: Any, bot_id: int | None) -> Any:
        users, chats = self.cast()
        wanted = [i.id for i in request.id]
        if isinstance(request, functions.channels.GetMessagesRequest):
            chat = self.group(request.channel.channel_id)
            rows = [self.message_or_empty(chat, i, bot_id) for i in wanted]
            return types.messages.ChannelMessages(
                pts=chat.box.pts,
                count=len(rows),
                messages=rows,
                topics=[],
                chats=chats,
                users=users,
            )
        private = [c for c in self.state.chats.values() if c.kind == "private"]
        rows = []
        for number in wanted:
            home = next((c for c in private if number in c.messages), None)
            rows.append(
                types.MessageEmpty(id=number, peer_id=None)
                if home is None
                else self.message_or_empty(home, number, bot_id)
            )
        return types.messages.Messages(messages=rows, topics=[], chats=chats, users=users)

    def do_GetChannels(self, request: Any, bot_id: int | None) -> Any:
        return types.messages.Chats(
            chats=[self.channel(self.group(i.channel_id, absent=True)) for i in request.id]
        )

    # writing

    def do_SendMessage(self, request: Any, bot_id: int | None) -> Any:
        chat = self.writable(request)
        self.check_text(request.message, 4096)
        message = self.write(chat, bot_id, request, request.message, None)
        return self.sent(chat, [(message, request.random_id)], bot_id)

    def do_EditMessage(self, request: Any, bot_id: int | None) -> Any:
        chat = self.chat(request.peer)
        message = chat.messages.get(request.id)
        if message is None or message.deleted:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        if message.sender != bot_id:
            raise RpcFailure(403, "MESSAGE_AUTHOR_REQUIRED")
        self.check_text(request.message or "", 4096)
        self.check_flood(chat)
        html = tg_html.unparse(request.message or "", request.entities or [])
        buttons = self.buttons(request.reply_markup)
        if html == message.html and buttons == message.buttons:
            raise RpcFailure(400, "MESSAGE_NOT_MODIFIED")
        message.text, message.html, message.buttons = request.message or "", html, buttons
        message.entities = list(request.entities or [])
        message.edited_at = datetime.now(UTC)
        self.ledger.add("edit", chat=chat.title, message_id=message.id, text=message.text)
        self.on_change(chat)
        box = self.state.box_of(chat)
        box.pts += 1
        update = self.edit_update(chat, message, box.pts, bot_id)
        box.updates.append((box.pts, update))
        return self.updates([update])

    def do_DeleteMessages(self, request: Any, bot_id: int | None) -> Any:
        if isinstance(request, functions.channels.DeleteMessagesRequest):
            chats = [self.group(request.channel.channel_id)]
        else:
            chats = [c for c in self.state.chats.values() if c.kind == "private"]
        rows = [
            (c, m)
            for c in chats
            for n in request.id
            if (m := c.messages.get(n)) is not None and not m.deleted
        ]
        if any(
            c.kind == "group" and m.sender != bot_id and "delete_messages" not in c.rights
            for c, m in rows
        ):
            raise RpcFailure(403, "MESSAGE_DELETE_FORBIDDEN")
        for chat, message in rows:
            message.deleted = True
            self.ledger.add("delete", chat=chat.title, message_id=message.id)
            self.on_change(chat)
        box = self.state.box_of(chats[0]) if chats else self.state.box
        box.pts += len(rows)
        return types.messages.AffectedMessages(pts=box.pts, pts_count=len(rows))

    def do_SetBotCallbackAnswer(self, request: Any, bot_id: int | None) -> bytes:
        self.on_answer(request.query_id, request.message)
        return _true()

    # helpers

    def group(self, channel_id: int, *, absent: bool = False) -> Chat:
        """A group by its id; one that the bot was removed from only when `absent` says so."""
        chat = self.state.chats.get(-(MARK + channel_id))
        if chat is None:
            raise RpcFailure(400, "CHANNEL_INVALID")
        if not absent and self.out(chat):
            raise RpcFailure(400, "CHANNEL_PRIVATE")
        return chat

    def out(self, chat: Chat) -> bool:
        """Whether no bot is in the group any more."""
        return not any(member in self.state.tokens.values() for member in chat.members)

    def chat(self, peer: Any) -> Chat:
        if isinstance(peer, types.InputPeerChannel):
            return self.group(peer.channel_id)
        user = self.state.users.get(getattr(peer, "user_id", 0))
        if user is None:
            raise RpcFailure(400, "PEER_ID_INVALID")
        return self.state.private(user.id)

    def writable(self, request: Any, random_ids: list[int] | None = None) -> Chat:
        """The chat that a request writes to: not twice under one random id, within the group's
        limit."""
        chat = self.chat(request.peer)
        numbers = random_ids or [request.random_id]
        if self.state.random_ids.intersection(numbers):
            raise RpcFailure(500, "RANDOM_ID_DUPLICATE")
        if chat.kind == "private":
            person = self.state.users[chat.id]
            if person.blocked:
                raise RpcFailure(403, "USER_IS_BLOCKED")
            if not person.started:
                raise RpcFailure(400, "PEER_ID_INVALID")
        self.check_flood(chat, len(numbers))
        return chat

    def check_flood(self, chat: Chat, count: int = 1) -> None:
        if self.faults.on("rate_limit"):
            raise RpcFailure(420, f"FLOOD_WAIT_{int(self.faults.arg('rate_limit', 'seconds', 2))}")
        wait = self.state.over_limit(
            chat, self.limits.group_per_minute, self.limits.minute_s, count
        )
        if wait:
            self.ledger.add("flood", chat=chat.title, seconds=wait)
            raise RpcFailure(420, f"FLOOD_WAIT_{wait}")

    @staticmethod
    def check_text(text: str, limit: int) -> None:
        if len(text.encode("utf-16-le")) // 2 > limit:
            raise RpcFailure(400, "MESSAGE_TOO_LONG")

    def write(
        self, chat: Chat, bot_id: int | None, request: Any, text: str, media: Media | None
    ) -> Message:
        if not text and media is None:
            raise RpcFailure(400, "MESSAGE_EMPTY")
        buttons = self.buttons(request.reply_markup)
        self.state.random_ids.add(request.random_id)
        topic, reply = self.forums.place_of(chat, request.reply_to)
        message = self.state.new_message(
            chat,
            bot_id or 0,
            text,
            tg_html.unparse(text, request.entities or []),
            reply_to=reply,
            media=media,
            buttons=buttons,
            entities=list(request.entities or []),
            topic=topic,
        )
        self.ledger.add(
            "send",
            chat=chat.title,
            chat_id=chat.marked_id,
            message_id=message.id,
            text=text,
            random_id=request.random_id,
            media=media.kind if media else None,
            topic=topic,
        )
        self.on_change(chat)
        return message

    def sent(self, chat: Chat, rows: list[tuple[Message, int]], bot_id: int | None) -> Any:
        """The answer to a request that wrote these messages under these random ids."""
        box, updates = self.state.box_of(chat), list[Any]()
        for message, random_id in rows:
            box.pts += 1
            update = self.new_update(chat, message, box.pts, bot_id)
            box.updates.append((box.pts, update))
            updates += [types.UpdateMessageID(id=message.id, random_id=random_id), update]
        return self.updates(updates)

    @staticmethod
    def buttons(markup: Any) -> list[list[Button]]:
        rows = [
            [
                Button(b.text, b.type.data)
                for b in row.buttons
                if isinstance(b.type, types.InlineButtonTypeCallback)
            ]
            for row in getattr(markup, "rows", [])
        ]
        if any(len(button.data) > 64 for row in rows for button in row):
            raise RpcFailure(400, "BUTTON_DATA_INVALID")
        return rows

    # TL objects

    def updates(self, updates: list[Any]) -> Any:
        users, chats = self.cast()
        return types.Updates(
            updates=updates, users=users, chats=chats, date=datetime.now(UTC), seq=0
        )

    def new_update(self, chat: Chat, message: Message, pts: int, bot_id: int | None) -> Any:
        kind = types.UpdateNewMessage if chat.kind == "private" else types.UpdateNewChannelMessage
        return kind(message=self.message(chat, message, bot_id), pts=pts, pts_count=1)

    def edit_update(self, chat: Chat, message: Message, pts: int, bot_id: int | None) -> Any:
        kind = types.UpdateEditMessage if chat.kind == "private" else types.UpdateEditChannelMessage
        return kind(message=self.message(chat, message, bot_id), pts=pts, pts_count=1)

    def message_or_empty(self, chat: Chat, number: int, bot_id: int | None) -> Any:
        message = chat.messages.get(number)
        if message is None or message.deleted:
            return types.MessageEmpty(id=number, peer_id=None)
        return self.message(chat, message, bot_id)

    def message(self, chat: Chat, message: Message, bot_id: int | None) -> Any:
        """A message as the bot sees it."""
        peer = types.PeerUser(chat.id) if chat.kind == "private" else types.PeerChannel(chat.id)
        if message.service is not None:
            return self.forums.service_message(chat, message, bot_id)
        reply = self.forums.header(message)
        forward = None
        if message.forward_from:
            forward = types.MessageFwdHeader(date=message.date, from_name=message.forward_from)
        media = None if message.media is None else as_media(message.media)
        rows = [
            types.KeyboardInlineButtonRow(
                [
                    types.KeyboardInlineButton(
                        text=b.label, type=types.InlineButtonTypeCallback(data=b.data)
                    )
                    for b in row
                ]
            )
            for row in message.buttons
        ]
        return types.Message(
            id=message.id,
            peer_id=peer,
            date=message.date,
            message=message.text,
            out=message.sender == bot_id,
            from_id=types.PeerUser(message.sender),
            reply_to=reply,
            fwd_from=forward,
            media=media,
            entities=list(message.entities),
            edit_date=message.edited_at,
            mentioned=f"@{self.bot_username(bot_id)}" in message.text,
            reply_markup=types.ReplyInlineMarkup(rows=rows) if rows else None,
            pinned=message.pinned,
            grouped_id=message.album,
        )

    def bot_username(self, bot_id: int | None) -> str:
        bot = self.state.users.get(bot_id or 0)
        return (bot.username if bot else None) or "nobody"

    def cast(self) -> tuple[list[Any], list[Any]]:
        """Everybody and every group, so that the client never lacks an access hash."""
        users = [self.user(u) for u in self.state.users.values()]
        chats = [self.channel(c) for c in self.state.chats.values() if c.kind == "group"]
        return users, chats

    @staticmethod
    def user(user: User, me: int | None = None) -> Any:
        return types.User(
            id=user.id,
            is_self=user.id == me,
            bot=user.is_bot,
            access_hash=user.access_hash,
            first_name=user.name,
            username=user.username,
            lang_code=user.language,
            bot_info_version=1 if user.is_bot else None,
        )

    def channel(self, chat: Chat, reader: int | None = None) -> Any:
        """A group as the bot sees it, or the person who made it."""
        if self.out(chat) and (reader is None or chat.owner != reader):
            return types.ChannelForbidden(
                id=chat.id, access_hash=chat.access_hash, title=chat.title, megagroup=True
            )
        return types.Channel(
            id=chat.id,
            title=chat.title,
            photo=types.ChatPhotoEmpty(),
            date=datetime.now(UTC),
            megagroup=True,
            access_hash=chat.access_hash,
            forum=chat.forum,
            participants_count=len(chat.members),
            default_banned_rights=types.ChatBannedRights(
                until_date=None, send_messages=chat.read_only, send_media=chat.read_only
            ),
            admin_rights=types.ChatAdminRights(**dict.fromkeys(chat.rights, True))
            if chat.rights
            else None,
        )


_BEFORE_LOGIN = frozenset({"GetConfigRequest", "ImportBotAuthorizationRequest", "GetUsersRequest"})


def _true() -> bytes:
    return struct.pack("<I", 0x997275B5)


def _vector(items: list[Any]) -> bytes:
    return struct.pack("<Ii", 0x1CB5C415, len(items)) + b"".join(bytes(i) for i in items)
