"""What people do in their own Telegram: write, edit, press, read."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from jarvis.integrations.telegram.incoming import version_of
from jarvis.integrations.telegram.sandbox.media import ALBUM_MAX, attached
from jarvis.integrations.telegram.sandbox.state import Chat, Message, as_seen
from jarvis.kit.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.server import TelegramSandbox

BOT_NAME = "Jarvis"
_LONG_AGO = datetime.fromtimestamp(0).astimezone()


class UserActions:
    """The people's side of the server."""

    def __init__(self, sandbox: TelegramSandbox) -> None:
        self._sandbox = sandbox
        self._queries: dict[int, tuple[Message, asyncio.Event]] = {}
        self._query_ids = itertools.count(9_000_000_001)

    def forget(self) -> None:
        """Drop pending answers to callbacks."""
        self._queries.clear()

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
                a photo that is not an image.
            NotFound: no such person, chat or topic.
        """
        user = self._sandbox.state.person(person)
        place = self._sandbox.state.chat_of(user, chat)
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
        within = self._sandbox.state.topic_of(place, topic)
        if within is not None and within.closed:
            raise InvalidRequest(f"the topic {within.title} is closed")
        user.started = user.started or place.kind == "private"
        files = [self._sandbox.state.keep(*attached(photo)) for photo in photos]
        album = next(self._sandbox.state.albums) if len(files) > 1 else None
        rows: list[Message] = []
        for n, media in enumerate(files or [None]):
            words = text if n == 0 else ""
            rows.append(
                self._sandbox.state.new_message(
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
            self._sandbox.publish(place, self._sandbox.rpc.objects.new_update, message)
            if place.kind == "private" or self._sandbox.bot_id in place.members:
                self._sandbox.sent[f"message:{place.marked_id}:{message.id}:0"] = None
        self._sandbox.changed(place)
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
        user = self._sandbox.state.person(person)
        place = self._sandbox.state.chat_of(user, chat)
        message = place.messages.get(message_id)
        if message is None or message.sender != user.id:
            raise NotFound(f"no message {message_id} of {person}")
        message.text, message.html, message.edited_at = (
            text,
            escape(text, quote=False),
            datetime.now().astimezone(),
        )
        if photo is not None:
            message.media = self._sandbox.state.keep(*attached(photo))
        update = self._sandbox.publish(place, self._sandbox.rpc.objects.edit_update, message)
        if self._sandbox.listening():  # gap filling finds messages, not edits
            self._sandbox.sent[
                f"message:{place.marked_id}:{message.id}:{version_of(update.message)}"
            ] = None
        self._sandbox.changed(place)

    async def press(
        self, person: str, chat: str, message_id: int, button: str | int, *, wait_s: float = 5.0
    ) -> str | None:
        """A person presses a button by its label or index; returns the toast.

        Raises:
            NotFound: no such message or button.
        """
        user = self._sandbox.state.person(person)
        place = self._sandbox.state.chat_of(user, chat)
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
        if self._sandbox.listening():  # a callback is never sent a second time
            self._sandbox.sent[f"press:{query}"] = None
        peer = types.PeerUser(place.id) if place.kind == "private" else types.PeerChannel(place.id)
        self._sandbox.push(
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
        user = self._sandbox.state.person(person)
        self._sandbox.state.private(user.id)
        rows = [
            c
            for c in self._sandbox.state.chats.values()
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
        place = self._sandbox.state.chat_of(self._sandbox.state.person(person), chat)
        within = None if topic is None else self._sandbox.state.topic_of(place, topic)
        number = None if within is None else within.id
        names = {u.id: u.name for u in self._sandbox.state.users.values()}
        return [
            as_seen(m, names)
            for m in place.messages.values()
            if m.id > after and not m.deleted and (topic is None or m.topic == number)
        ]

    def _title(self, chat: Chat) -> str:
        return BOT_NAME if chat.kind == "private" else chat.title

    def answered(self, query: int, text: str | None) -> None:
        """Record the bot's answer to a callback."""
        if query in self._queries:
            message, answered = self._queries.pop(query)
            message.toast = text
            answered.set()
