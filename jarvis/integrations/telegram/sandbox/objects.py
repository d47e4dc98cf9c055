"""People, groups and messages as objects of the protocol."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from jarvis.integrations.telegram.sandbox.media import as_media
from jarvis.integrations.telegram.sandbox.state import Chat, Message, TelegramState, User

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.forums import Forums


class Objects:
    """Builds protocol objects from the state, for each request."""

    def __init__(self, state: TelegramState, forums: Forums) -> None:
        self._state = state
        self._forums = forums

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
            return self._forums.service_message(chat, message, bot_id)
        reply = self._forums.header(message)
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
        bot = self._state.users.get(bot_id or 0)
        return (bot.username if bot else None) or "nobody"

    def cast(self) -> tuple[list[Any], list[Any]]:
        """Everybody and every group, so that the client never lacks an access hash."""
        users = [self.user(u) for u in self._state.users.values()]
        chats = [self.channel(c) for c in self._state.chats.values() if c.kind == "group"]
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
        if self._state.without_bot(chat) and (reader is None or chat.owner != reader):
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
