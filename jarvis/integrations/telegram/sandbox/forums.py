"""Topics of forums and pinned messages, as the server keeps them for a bot that administers a
group."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.state import GENERAL, Chat, Message, Topic

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.rpc import Rpc

TITLE_MAX = 128
_COLOR = 0x6FB9F0


class Forums:
    """The part of the requests that concerns forums."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    # requests

    def do_CreateForumTopic(self, request: Any, bot_id: int | None) -> Any:
        rpc, chat = self._rpc, self._forum(request.peer)
        self._need(chat, "manage_topics")
        if request.random_id in rpc.state.random_ids:
            raise RpcFailure(500, "RANDOM_ID_DUPLICATE")
        if not 0 < len(request.title.strip()) <= TITLE_MAX:
            raise RpcFailure(400, "TOPIC_TITLE_EMPTY")
        rpc.messages.check_flood(chat)
        rpc.state.random_ids.add(request.random_id)
        message = self.add(chat, request.title, bot_id or 0)
        rpc.ledger.add(
            "create_topic",
            chat=chat.title,
            chat_id=chat.marked_id,
            topic=message.id,
            title=request.title,
        )
        return rpc.messages.sent(chat, [(message, request.random_id)], bot_id)

    def add(self, chat: Chat, title: str, by: int) -> Message:
        """A new topic and the service message that represents it."""
        message = self._rpc.state.new_message(chat, by, title, "", service="created")
        message.topic = message.id
        chat.topics[message.id] = Topic(id=message.id, title=title, by=by)
        self._rpc.on_change(chat)
        return message

    def do_EditForumTopic(self, request: Any, bot_id: int | None) -> Any:
        rpc, chat = self._rpc, self._forum(request.peer)
        topic = self._topic(chat, request.topic_id)
        if topic.by != bot_id:
            self._need(chat, "manage_topics")
        if request.closed is not None and request.title is not None:
            raise RpcFailure(400, "TOPIC_CLOSE_SEPARATELY")
        if request.hidden is not None:
            raise RpcFailure(400, "TOPIC_HIDE_SEPARATELY")
        same_title = request.title is None or request.title == topic.title
        if same_title and request.closed in (None, topic.closed):
            raise RpcFailure(400, "TOPIC_NOT_MODIFIED")
        rpc.messages.check_flood(chat)
        if request.title is not None:
            topic.title = request.title
        if request.closed is not None:
            topic.closed = request.closed
        rpc.ledger.add(
            "edit_topic", chat=chat.title, topic=topic.id, title=topic.title, closed=topic.closed
        )
        message = rpc.state.new_message(
            chat, bot_id or 0, topic.title, "", service="edited", topic=topic.id
        )
        rpc.on_change(chat)
        return self._publish_service_message(chat, message, bot_id)

    def do_DeleteTopicHistory(self, request: Any, bot_id: int | None) -> Any:
        rpc, chat = self._rpc, self._forum(request.peer)
        self._need(chat, "delete_messages")
        count = self.delete(chat, self._topic(chat, request.top_msg_id))
        rpc.ledger.add("delete_topic", chat=chat.title, topic=request.top_msg_id)
        chat.box.pts += count
        return types.messages.AffectedHistory(pts=chat.box.pts, pts_count=count, offset=0)

    def delete(self, chat: Chat, topic: Topic) -> int:
        """Delete a topic with all its messages; returns how many."""
        topic.deleted = True
        rows = [m for m in chat.messages.values() if topic.id in (m.topic, m.id) and not m.deleted]
        for message in rows:
            message.deleted = True
        self._rpc.on_change(chat)
        return len(rows)

    def do_GetForumTopicsByID(self, request: Any, bot_id: int | None) -> Any:
        chat = self._forum(request.peer)
        users, chats = self._rpc.objects.cast()
        rows = [self._as_topic(chat, number) for number in request.topics]
        return types.messages.ForumTopics(
            count=len(rows),
            topics=rows,
            messages=[],
            chats=chats,
            users=users,
            pts=chat.box.pts,
            order_by_create_date=True,
        )

    def do_UpdatePinnedMessage(self, request: Any, bot_id: int | None) -> Any:
        rpc, chat = self._rpc, self._rpc.chat(request.peer)
        if chat.kind == "group":
            self._need(chat, "pin_messages")
        message = chat.messages.get(request.id)
        if message is None or message.deleted:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        if message.pinned != bool(request.unpin):
            raise RpcFailure(400, "CHAT_NOT_MODIFIED")
        message.pinned = not request.unpin
        rpc.ledger.add("pin", chat=chat.title, message_id=message.id, pinned=message.pinned)
        rpc.on_change(chat)
        return rpc.objects.updates([])

    # what a message needs

    def place_of(self, chat: Chat, reply_to: Any) -> tuple[int | None, int | None]:
        """The topic of a new message of the bot, and the message that it answers.

        Raises:
            RpcFailure: the topic was deleted.
        """
        number: int | None = getattr(reply_to, "reply_to_msg_id", None)
        if not chat.forum:
            return None, number
        top: int | None = getattr(reply_to, "top_msg_id", None)
        answered = chat.messages.get(number or 0)
        topic = top or (number if number in chat.topics else answered.topic if answered else number)
        if topic in (None, GENERAL):
            return None, number if number != GENERAL else None
        found = self._topic(chat, topic)
        return found.id, None if number == found.id else number

    def header(self, message: Message) -> Any:
        """Which message, and which topic, a message answers; None when it answers nothing and is in
        General."""
        if message.topic is not None:
            return types.MessageReplyHeader(
                forum_topic=True,
                reply_to_msg_id=message.reply_to or message.topic,
                reply_to_top_id=message.topic if message.reply_to else None,
            )
        return (
            types.MessageReplyHeader(reply_to_msg_id=message.reply_to) if message.reply_to else None
        )

    def service_message(self, chat: Chat, message: Message, bot_id: int | None) -> Any:
        """The service message in a chat when a topic was created or changed, or the bot was
        added."""
        if message.service == "added":
            return types.MessageService(
                id=message.id,
                peer_id=types.PeerChannel(chat.id),
                date=message.date,
                from_id=types.PeerUser(message.sender),
                action=types.MessageActionChatAddUser(users=[bot_id or 0]),
            )
        made = message.service == "created"
        return types.MessageService(
            id=message.id,
            peer_id=types.PeerChannel(chat.id),
            date=message.date,
            out=message.sender == bot_id,
            from_id=types.PeerUser(message.sender),
            reply_to=None if made else self.header(message),
            action=types.MessageActionTopicCreate(title=message.text, icon_color=_COLOR)
            if made
            else types.MessageActionTopicEdit(title=message.text),
        )

    def _as_topic(self, chat: Chat, number: int) -> Any:
        topic = chat.topics.get(number)
        if topic is None or topic.deleted:
            return types.ForumTopicDeleted(id=number)
        top = max(
            (m.id for m in chat.messages.values() if m.topic == number and not m.deleted),
            default=number,
        )
        return types.ForumTopic(
            id=number,
            date=datetime.now(UTC),
            peer=types.PeerChannel(chat.id),
            title=topic.title,
            icon_color=_COLOR,
            top_message=top,
            read_inbox_max_id=0,
            read_outbox_max_id=0,
            unread_count=0,
            unread_mentions_count=0,
            unread_reactions_count=0,
            unread_poll_votes_count=0,
            from_id=types.PeerUser(topic.by),
            closed=topic.closed,
            notify_settings=types.PeerNotifySettings(),
        )

    def _publish_service_message(self, chat: Chat, message: Message, bot_id: int | None) -> Any:
        chat.box.pts += 1
        update = self._rpc.objects.new_update(chat, message, chat.box.pts, bot_id)
        chat.box.updates.append((chat.box.pts, update))
        return self._rpc.objects.updates([update])

    def _forum(self, peer: Any) -> Chat:
        chat = self._rpc.chat(peer)
        if chat.kind != "group" or not chat.forum:
            raise RpcFailure(400, "CHANNEL_FORUM_MISSING")
        return chat

    @staticmethod
    def _need(chat: Chat, right: str) -> None:
        if right not in chat.rights:
            raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")

    @staticmethod
    def _topic(chat: Chat, number: int) -> Topic:
        topic = chat.topics.get(number)
        if topic is None:
            raise RpcFailure(400, "TOPIC_ID_INVALID")
        if topic.deleted:
            raise RpcFailure(400, "TOPIC_DELETED")
        return topic
