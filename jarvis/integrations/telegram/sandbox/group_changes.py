"""Changes by people and administrators outside the bot: groups, topics, members, blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jarvis.integrations.telegram.sandbox.state import RIGHTS, Chat
from jarvis.integrations.telegram.sandbox.world import FIRST_FORUM
from jarvis.kit.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.server import TelegramSandbox


class GroupChanges:
    """Makes the changes that the control surface offers."""

    def __init__(self, sandbox: TelegramSandbox) -> None:
        self._sandbox = sandbox

    def change(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """One of the offered changes, by its name.

        Raises:
            InvalidRequest: no such change, or it cannot be made.
            NotFound: no such person, group or topic.
        """
        if name in ("block_bot", "unblock_bot"):
            user = self._sandbox.state.person(str(args.get("person", "")))
            user.blocked = name == "block_bot"
            return {"change": name, "person": user.name}
        if name in ("join", "leave"):
            return self._member(
                name, self._sandbox.state.person(str(args.get("person", ""))).id, args
            )
        if name == "create_group":
            return self._create(
                self._sandbox.state.person(str(args.get("person", ""))).id,
                str(args.get("title") or ""),
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
            [
                FIRST_FORUM + 99,
                *(c.id for c in self._sandbox.state.chats.values() if c.kind == "group"),
            ]
        )
        made = self._sandbox.state.add_group(number, title.strip(), {person, self._sandbox.bot_id})
        next(made.ids)  # message 1 is the service message that the group was created
        self._added(made, person)
        return {"change": "create_group", "chat": made.title}

    def _member(self, name: str, person: int, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Somebody leaves a group, or joins one by a link, as often as the link allows."""
        if name == "leave":
            group = self._group(str(args.get("chat", "")))
            group.members.discard(person)
            return {"change": name, "chat": group.title}
        link = str(args.get("link", "")).strip()
        group = next(
            (c for c in self._sandbox.state.chats.values() if c.links.get(link, 0) > 0), None
        )
        if group is None or person in group.banned:
            raise InvalidRequest("the link has expired, was used, or is for somebody else")
        group.links[link] -= 1
        group.members.add(person)
        return {"change": name, "chat": group.title}

    def _added(self, group: Chat, by: int) -> None:
        message = self._sandbox.state.new_message(group, by, "", "", service="added")
        self._sandbox.publish(group, self._sandbox.rpc.objects.new_update, message)
        self._sandbox.sent[f"joined:{group.marked_id}:{message.id}"] = None
        self._sandbox.changed(group)

    def _regroup(self, name: str, group: Chat) -> Mapping[str, Any]:
        """An administrator changes what the bot is in a group, or switches its topics on."""
        if name == "enable_topics":
            group.forum = True
        elif name == "forbid_writing":
            group.read_only = True
        elif name == "remove_bot":
            group.rights, group.members = set(), group.members - {self._sandbox.bot_id}
        elif name == "add_bot":
            group.rights, group.members = set(RIGHTS), group.members | {self._sandbox.bot_id}
            self._added(
                group, min(group.members - {self._sandbox.bot_id}, default=self._sandbox.bot_id)
            )
        else:
            group.rights = set() if name == "demote_bot" else set(RIGHTS)
        self._sandbox.changed(group)
        return {"change": name, "chat": group.title}

    def _group(self, title: str) -> Chat:
        for chat in self._sandbox.state.chats.values():
            if chat.kind == "group" and title in (chat.title, str(chat.marked_id)):
                return chat
        raise NotFound(
            f"no group {title!r}; groups: "
            f"{', '.join(c.title for c in self._sandbox.state.chats.values() if c.kind == 'group')}"
        )

    def _by_hand(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """An administrator changes a topic, named `forum title/number`, past the bot."""
        chat, _, number = str(args.get("topic", "")).rpartition("/")
        forum = self._group(chat)
        topic = self._sandbox.state.topic_of(forum, number)
        if topic is None:
            raise InvalidRequest(
                "General can be neither deleted nor closed here; name another topic"
            )
        if name == "delete_topic":
            self._sandbox.rpc.forums.delete(forum, topic)
        elif name == "close_topic":
            topic.closed = True
        elif name in ("unpin_post", "delete_post"):
            for message in [m for m in forum.messages.values() if m.topic == topic.id and m.pinned]:
                message.pinned, message.deleted = False, name == "delete_post"
        else:
            topic.title = str(args.get("title") or "")[:128] or topic.title
        self._sandbox.changed(forum)
        return {"change": name, "chat": forum.title, "topic": topic.id}
