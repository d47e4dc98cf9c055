"""People, chats and messages inside the sandbox, and the update sequences that a bot reads."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from jarvis.kit.errors import InvalidRequest, NotFound

MARK = 10**12


@dataclass(slots=True)
class User:
    id: int
    name: str
    is_bot: bool = False
    username: str | None = None
    language: str = "ru"
    started: bool = False
    blocked: bool = False

    @property
    def access_hash(self) -> int:
        return self.id * 7919


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    data: bytes


MediaKind = Literal["photo", "video", "video_note", "voice", "audio", "gif", "sticker", "document"]


@dataclass(slots=True)
class Media:
    """A file of a message."""

    id: int
    data: bytes
    kind: MediaKind
    mime: str
    name: str | None = None

    @property
    def access_hash(self) -> int:
        return self.id * 31


RIGHTS = ("manage_topics", "delete_messages", "pin_messages", "invite_users", "ban_users")
GENERAL = 1  # the topic of messages in no other topic


@dataclass(slots=True)
class Topic:
    """A topic of a forum; its id is that of the service message that made it."""

    id: int
    title: str
    by: int
    closed: bool = False
    deleted: bool = False


@dataclass(slots=True)
class Message:
    """`html` is the text with its entities as Telegram's HTML; `date` is real time. `service` marks
    a change of a topic, or of who is in the group."""

    id: int
    sender: int
    text: str
    html: str
    date: datetime
    buttons: list[list[Button]] = field(default_factory=list[list[Button]])
    media: Media | None = None
    album: int | None = None
    reply_to: int | None = None
    forward_from: str | None = None
    edited_at: datetime | None = None
    deleted: bool = False
    toast: str | None = None
    entities: list[object] = field(default_factory=list[object])
    topic: int | None = None
    pinned: bool = False
    service: Literal["created", "edited", "added"] | None = None


@dataclass(slots=True)
class Box:
    """One numbered sequence of updates: the bot's own, or a group's."""

    pts: int = 1
    updates: list[tuple[int, object]] = field(default_factory=list[tuple[int, object]])


@dataclass(slots=True)
class Chat:
    """A private chat (id = the person's) or a supergroup (id without its mark); `rights` are the
    bot's as an administrator; in a `read_only` group people do not write; `links` into it with how
    often each still works."""

    kind: Literal["private", "group"]
    id: int
    title: str
    members: set[int]
    forum: bool = False
    rights: set[str] = field(default_factory=set[str])
    read_only: bool = False
    owner: int | None = None
    banned: set[int] = field(default_factory=set[int])
    links: dict[str, int] = field(default_factory=dict[str, int])
    topics: dict[int, Topic] = field(default_factory=dict[int, Topic])
    messages: dict[int, Message] = field(default_factory=dict[int, Message])
    box: Box = field(default_factory=Box)
    sends: deque[float] = field(default_factory=deque[float])
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def marked_id(self) -> int:
        return self.id if self.kind == "private" else -(MARK + self.id)

    @property
    def access_hash(self) -> int:
        return self.id * 104729


class TelegramState:
    """The state of the server."""

    def __init__(self) -> None:
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.tokens: dict[str, int] = {}
        self.box = Box()
        self.private_ids = itertools.count(1)
        self.random_ids: set[int] = set()
        self.files: dict[int, dict[int, bytes]] = {}
        self.media: dict[int, Media] = {}
        self.media_ids = itertools.count(5_000_001)
        self.albums = itertools.count(13_000_000_001)
        self.commands: dict[str, list[tuple[str, str]]] = {}

    def add_bot(self, token: str, name: str, username: str) -> User:
        bot = User(id=int(token.split(":")[0]), name=name, is_bot=True, username=username)
        self.users[bot.id] = bot
        self.tokens[token] = bot.id
        return bot

    def add_person(self, user_id: int, name: str, language: str) -> User:
        person = User(id=user_id, name=name, language=language)
        self.users[user_id] = person
        return person

    def add_group(
        self, group_id: int, title: str, members: set[int], *, forum: bool = False
    ) -> Chat:
        """A supergroup with the bot in it; in a forum the bot administers."""
        chat = Chat(
            kind="group",
            id=group_id,
            title=title,
            members=members,
            forum=forum,
            rights=set(RIGHTS) if forum else set(),
        )
        if forum:
            next(chat.ids)  # number 1 is General
        self.chats[chat.marked_id] = chat
        return chat

    def private(self, user_id: int) -> Chat:
        """The chat between a person and the bot, created at the first message."""
        if user_id not in self.chats:
            person = self.users[user_id]
            self.chats[user_id] = Chat(
                kind="private", id=user_id, title=person.name, members={user_id}
            )
        return self.chats[user_id]

    def person(self, name: str) -> User:
        """A person by name or id.

        Raises:
            NotFound: no such person; the message lists those that exist.
        """
        for user in self.users.values():
            if not user.is_bot and name in (user.name, str(user.id)):
                return user
        known = ", ".join(u.name for u in self.users.values() if not u.is_bot)
        raise NotFound(f"nobody is called {name!r}; people: {known}")

    def chat_of(self, user: User, chat: str) -> Chat:
        """`dm`, or a group of which the person is a member."""
        if chat == "dm":
            return self.private(user.id)
        for group in self.chats.values():
            if group.kind == "group" and chat in (group.title, str(group.marked_id)):
                if user.id not in group.members:
                    raise InvalidRequest(f"{user.name} is not a member of {group.title}")
                return group
        titles = ", ".join(c.title for c in self.chats.values() if c.kind == "group")
        raise NotFound(f"no chat {chat!r}; chats: dm, {titles}")

    def without_bot(self, chat: Chat) -> bool:
        """Whether no bot is in the group any more."""
        return not any(member in self.tokens.values() for member in chat.members)

    def box_of(self, chat: Chat) -> Box:
        return self.box if chat.kind == "private" else chat.box

    def new_message(
        self,
        chat: Chat,
        sender: int,
        text: str,
        html: str,
        *,
        reply_to: int | None = None,
        media: Media | None = None,
        album: int | None = None,
        forward_from: str | None = None,
        buttons: list[list[Button]] | None = None,
        entities: list[object] | None = None,
        topic: int | None = None,
        service: Literal["created", "edited", "added"] | None = None,
    ) -> Message:
        """Write a message into a chat."""
        number = next(self.private_ids if chat.kind == "private" else chat.ids)
        message = Message(
            id=number,
            sender=sender,
            text=text,
            html=html,
            date=datetime.now(UTC),
            reply_to=reply_to,
            media=media,
            album=album,
            forward_from=forward_from,
            buttons=buttons or [],
            entities=entities or [],
            topic=topic,
            service=service,
        )
        chat.messages[number] = message
        return message

    def topic_of(self, chat: Chat, said: str | int | None) -> Topic | None:
        """A topic that people see by its title or id; None stands for General.

        Raises:
            NotFound: no such topic; the message lists those that exist.
        """
        if said in (None, GENERAL, str(GENERAL)):
            return None
        shown = [t for t in chat.topics.values() if not t.deleted]
        for topic in shown:
            if str(said) in (topic.title, str(topic.id)):
                return topic
        raise NotFound(
            f"no topic {said!r} in {chat.title}; topics: "
            f"{', '.join(t.title for t in shown) or 'none'}"
        )

    def keep(self, data: bytes, kind: MediaKind, mime: str, name: str | None = None) -> Media:
        """Keep a file under a new id."""
        made = Media(id=next(self.media_ids), data=data, kind=kind, mime=mime, name=name)
        self.media[made.id] = made
        return made

    def over_limit(self, chat: Chat, per_minute: int, minute_s: float, count: int = 1) -> int:
        """Seconds to wait when a group has had its messages of this minute; 0 and `count` more
        counted otherwise."""
        if chat.kind == "private":
            return 0
        now = time.monotonic()
        while chat.sends and chat.sends[0] < now - minute_s:
            chat.sends.popleft()
        if len(chat.sends) + count > per_minute:
            return max(1, int((chat.sends[0] if chat.sends else now) + minute_s - now) + 1)
        chat.sends.extend([now] * count)
        return 0


def as_seen(message: Message, names: Mapping[int, str]) -> dict[str, object]:
    """A message as the control surface shows it."""
    return {
        "id": message.id,
        "from": names.get(message.sender, "?"),
        "text": message.text,
        "html": message.html,
        "buttons": [[button.label for button in row] for row in message.buttons],
        "topic": message.topic,
        "media": [] if message.media is None else [message.media.id],
        "kind": None if message.media is None else message.media.kind,
        "album": message.album,
        "pinned": message.pinned,
        "edited_at": message.edited_at.isoformat() if message.edited_at else None,
        "reply_to": message.reply_to,
        "at": message.date.isoformat(),
        "toast": message.toast,
        "service": message.service,
    }
