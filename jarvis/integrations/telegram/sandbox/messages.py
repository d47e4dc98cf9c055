"""Messages: read by their ids, written, changed, deleted, within what a group takes in a minute."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telethon.extensions import html as tg_html
from telethon.tl import functions, types

from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.state import Button, Chat, Media, Message
from jarvis.integrations.telegram.sandbox.wire import true

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.rpc import Rpc


class MessageRequests:
    """The part of the requests that concerns messages."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def do_GetMessages(self, request: Any, bot_id: int | None) -> Any:
        users, chats = self._rpc.objects.cast()
        wanted = [i.id for i in request.id]
        if isinstance(request, functions.channels.GetMessagesRequest):
            chat = self._rpc.group(request.channel.channel_id)
            rows = [self._rpc.objects.message_or_empty(chat, i, bot_id) for i in wanted]
            return types.messages.ChannelMessages(
                pts=chat.box.pts,
                count=len(rows),
                messages=rows,
                topics=[],
                chats=chats,
                users=users,
            )
        private = [c for c in self._rpc.state.chats.values() if c.kind == "private"]
        rows = []
        for number in wanted:
            home = next((c for c in private if number in c.messages), None)
            rows.append(
                types.MessageEmpty(id=number, peer_id=None)
                if home is None
                else self._rpc.objects.message_or_empty(home, number, bot_id)
            )
        return types.messages.Messages(messages=rows, topics=[], chats=chats, users=users)

    def do_GetChannels(self, request: Any, bot_id: int | None) -> Any:
        return types.messages.Chats(
            chats=[
                self._rpc.objects.channel(self._rpc.group(i.channel_id, absent=True))
                for i in request.id
            ]
        )

    def do_SendMessage(self, request: Any, bot_id: int | None) -> Any:
        chat = self.writable(request)
        self.check_text(request.message, 4096)
        message = self.write(chat, bot_id, request, request.message, None)
        return self.sent(chat, [(message, request.random_id)], bot_id)

    def do_EditMessage(self, request: Any, bot_id: int | None) -> Any:
        chat = self._rpc.chat(request.peer)
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
        self._rpc.ledger.add("edit", chat=chat.title, message_id=message.id, text=message.text)
        self._rpc.on_change(chat)
        box = self._rpc.state.box_of(chat)
        box.pts += 1
        update = self._rpc.objects.edit_update(chat, message, box.pts, bot_id)
        box.updates.append((box.pts, update))
        return self._rpc.objects.updates([update])

    def do_DeleteMessages(self, request: Any, bot_id: int | None) -> Any:
        if isinstance(request, functions.channels.DeleteMessagesRequest):
            chats = [self._rpc.group(request.channel.channel_id)]
        else:
            chats = [c for c in self._rpc.state.chats.values() if c.kind == "private"]
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
            self._rpc.ledger.add("delete", chat=chat.title, message_id=message.id)
            self._rpc.on_change(chat)
        box = self._rpc.state.box_of(chats[0]) if chats else self._rpc.state.box
        box.pts += len(rows)
        return types.messages.AffectedMessages(pts=box.pts, pts_count=len(rows))

    def do_SetBotCallbackAnswer(self, request: Any, bot_id: int | None) -> bytes:
        self._rpc.on_answer(request.query_id, request.message)
        return true()

    def writable(self, request: Any, random_ids: list[int] | None = None) -> Chat:
        """The chat that a request writes to: not twice under one random id, within the group's
        limit."""
        chat = self._rpc.chat(request.peer)
        numbers = random_ids or [request.random_id]
        if self._rpc.state.random_ids.intersection(numbers):
            raise RpcFailure(500, "RANDOM_ID_DUPLICATE")
        if chat.kind == "private":
            person = self._rpc.state.users[chat.id]
            if person.blocked:
                raise RpcFailure(403, "USER_IS_BLOCKED")
            if not person.started:
                raise RpcFailure(400, "PEER_ID_INVALID")
        self.check_flood(chat, len(numbers))
        return chat

    def check_flood(self, chat: Chat, count: int = 1) -> None:
        if self._rpc.faults.on("rate_limit"):
            raise RpcFailure(
                420, f"FLOOD_WAIT_{int(self._rpc.faults.arg('rate_limit', 'seconds', 2))}"
            )
        wait = self._rpc.state.over_limit(
            chat, self._rpc.limits.group_per_minute, self._rpc.limits.minute_s, count
        )
        if wait:
            self._rpc.ledger.add("flood", chat=chat.title, seconds=wait)
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
        self._rpc.state.random_ids.add(request.random_id)
        topic, reply = self._rpc.forums.place_of(chat, request.reply_to)
        message = self._rpc.state.new_message(
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
        self._rpc.ledger.add(
            "send",
            chat=chat.title,
            chat_id=chat.marked_id,
            message_id=message.id,
            text=text,
            random_id=request.random_id,
            media=media.kind if media else None,
            topic=topic,
        )
        self._rpc.on_change(chat)
        return message

    def sent(self, chat: Chat, rows: list[tuple[Message, int]], bot_id: int | None) -> Any:
        """The answer to a request that wrote these messages under these random ids."""
        box, updates = self._rpc.state.box_of(chat), list[Any]()
        for message, random_id in rows:
            box.pts += 1
            update = self._rpc.objects.new_update(chat, message, box.pts, bot_id)
            box.updates.append((box.pts, update))
            updates += [types.UpdateMessageID(id=message.id, random_id=random_id), update]
        return self._rpc.objects.updates(updates)

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
