"""Changes that people can make outside the bot, as the control surface offers them, and the tables
to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jarvis.integrations.telegram.sandbox.state import Chat, TelegramState, User
from jarvis.integrations.telegram.sandbox.words import (
    ABOUT_THE_BOT,
    CHANGES,
    COLUMNS,
    FIELDS,
    TABLES,
)
from jarvis.kit.sandbox_manifest import Change, ChangeField, Label, Table, Title


def offered(state: TelegramState) -> Sequence[Change]:
    """What people can do in this world's groups."""
    people = {u.name: u.name for u in state.users.values() if not u.is_bot}
    forums = [c for c in state.chats.values() if c.forum]
    topics = {
        f"{c.title}/{t.id}": f"{c.title} · {t.title}"
        for c in forums
        for t in c.topics.values()
        if not t.deleted
    }
    groups = {c.title: c.title for c in state.chats.values() if c.kind == "group"}
    who, which, where = _field("person", people), _field("topic", topics), _field("chat", groups)
    people_do = [
        _change("create_group", who, _field("title")),
        _change("enable_topics", where),
        _change("forbid_writing", where),
        _change("promote_bot", where),
        _change("demote_bot", where),
        _change("remove_bot", where),
        _change("add_bot", where),
        _change("block_bot", who),
        _change("unblock_bot", who),
        _change("join", who, _field("link")),
        _change("leave", who, where),
    ]
    if not forums:
        return people_do
    return [
        *people_do,
        _change("delete_topic", which),
        _change("close_topic", which),
        _change("rename_topic", which, _field("title")),
        _change("unpin_post", which),
        _change("delete_post", which),
    ]


def _change(name: str, *fields: ChangeField) -> Change:
    return Change(name=name, title=CHANGES[name], fields=fields)


def _field(name: str, choices: Mapping[str, str] | None = None) -> ChangeField:
    return ChangeField(name=name, title=FIELDS[name], choices=choices)


def tables(state: TelegramState, bot_id: int) -> Sequence[Table]:
    """People and groups, with what the bot is to them."""
    people: list[list[Label]] = [
        [user.name, _of_person(user)] for user in state.users.values() if not user.is_bot
    ]
    groups: list[list[Label]] = [
        [
            chat.title,
            str(len(chat.members - {bot_id})),
            str(sum(not topic.deleted for topic in chat.topics.values())) if chat.forum else "",
            _of_group(chat, bot_id),
        ]
        for chat in state.chats.values()
        if chat.kind == "group"
    ]
    return (
        _table("people", "name bot", people),
        _table("groups", "group members topics rights", groups),
    )


def _of_person(user: User) -> Title:
    word = "blocked" if user.blocked else "started" if user.started else "never"
    return ABOUT_THE_BOT[word]


def _of_group(chat: Chat, bot_id: int) -> Title:
    if bot_id not in chat.members:
        return ABOUT_THE_BOT["out"]
    return ABOUT_THE_BOT["admin" if chat.rights else "member"]


def _table(name: str, columns: str, rows: Sequence[Sequence[Label]]) -> Table:
    return Table(
        name=name, title=TABLES[name], columns=[COLUMNS[c] for c in columns.split()], rows=rows
    )
