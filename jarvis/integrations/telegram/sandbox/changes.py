"""What people can do past the bot, as the control surface offers it."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.integrations.telegram.sandbox.state import TelegramState
from jarvis.kit.sandbox import Change, ChangeField


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
    who, which = (
        ChangeField(name="person", title="Кто", choices=people),
        ChangeField(name="topic", title="Тема", choices=topics),
    )
    groups = {c.title: c.title for c in state.chats.values() if c.kind == "group"}
    where = ChangeField(name="chat", title="Группа", choices=groups)
    named = ChangeField(name="title", title="Название")
    people_do = [
        Change(name="create_group", title="Создали группу и добавили бота", fields=(who, named)),
        Change(name="enable_topics", title="В группе включили темы", fields=(where,)),
        Change(name="forbid_writing", title="Участникам группы запретили писать", fields=(where,)),
        Change(name="promote_bot", title="Боту дали права", fields=(where,)),
        Change(name="demote_bot", title="У бота забрали права", fields=(where,)),
        Change(name="remove_bot", title="Бота убрали из группы", fields=(where,)),
        Change(name="add_bot", title="Бота вернули в группу", fields=(where,)),
        Change(name="block_bot", title="Человек заблокировал бота", fields=(who,)),
        Change(name="unblock_bot", title="Человек разблокировал бота", fields=(who,)),
        Change(
            name="join",
            title="Вступили по ссылке",
            fields=(who, ChangeField(name="link", title="Ссылка")),
        ),
        Change(name="leave", title="Вышли из группы", fields=(who, where)),
    ]
    if not forums:
        return people_do
    return [
        *people_do,
        Change(name="delete_topic", title="Тему удалили руками", fields=(which,)),
        Change(name="close_topic", title="Тему закрыли руками", fields=(which,)),
        Change(
            name="rename_topic",
            title="Тему переименовали руками",
            fields=(which, ChangeField(name="title", title="Название")),
        ),
        Change(name="unpin_post", title="Закреплённое сообщение открепили", fields=(which,)),
        Change(name="delete_post", title="Закреплённое сообщение удалили руками", fields=(which,)),
    ]
