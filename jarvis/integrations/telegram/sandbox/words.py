"""What a person reads of Telegram's sandbox: changes, their arguments, faults, ledger, records."""

from __future__ import annotations

from collections.abc import Mapping

from jarvis.kit.sandbox_manifest import Fault, Title

CHANGES: Mapping[str, Title] = {
    "create_group": Title(
        "Создали группу и добавили бота",
        "A group was made and the bot added",
        "შექმნეს ჯგუფი და დაამატეს ბოტი",
    ),
    "enable_topics": Title(
        "В группе включили темы", "Topics were switched on in a group", "ჯგუფში თემები ჩართეს"
    ),
    "forbid_writing": Title(
        "Участникам группы запретили писать",
        "Members of a group may not write",
        "ჯგუფის წევრებს წერა აეკრძალათ",
    ),
    "promote_bot": Title("Боту дали права", "The bot was given its rights", "ბოტს უფლებები მისცეს"),
    "demote_bot": Title(
        "У бота забрали права", "The bot lost its rights", "ბოტს უფლებები წაართვეს"
    ),
    "remove_bot": Title(
        "Бота убрали из группы", "The bot was removed from a group", "ბოტი ჯგუფიდან ამოიღეს"
    ),
    "add_bot": Title(
        "Бота вернули в группу", "The bot was added to the group again", "ბოტი ჯგუფში დააბრუნეს"
    ),
    "block_bot": Title(
        "Человек заблокировал бота", "Somebody blocked the bot", "ადამიანმა ბოტი დაბლოკა"
    ),
    "unblock_bot": Title(
        "Человек разблокировал бота", "Somebody unblocked the bot", "ადამიანმა ბოტი განბლოკა"
    ),
    "join": Title("Вступили по ссылке", "Joined by a link", "ბმულით შეუერთდნენ"),
    "leave": Title("Вышли из группы", "Left a group", "ჯგუფი დატოვეს"),
    "delete_topic": Title(
        "Тему удалили руками", "A topic was deleted by hand", "თემა ხელით წაშალეს"
    ),
    "close_topic": Title("Тему закрыли руками", "A topic was closed by hand", "თემა ხელით დახურეს"),
    "rename_topic": Title(
        "Тему переименовали руками", "A topic was renamed by hand", "თემას ხელით სახელი შეუცვალეს"
    ),
    "unpin_post": Title(
        "Закреплённое сообщение открепили",
        "A pinned post was unpinned",
        "მიმაგრებული შეტყობინება მოხსნეს",
    ),
    "delete_post": Title(
        "Закреплённое сообщение удалили руками",
        "A pinned post was deleted by hand",
        "მიმაგრებული შეტყობინება ხელით წაშალეს",
    ),
}
FIELDS: Mapping[str, Title] = {
    "person": Title("Кто", "Who", "ვინ"),
    "topic": Title("Тема", "Topic", "თემა"),
    "chat": Title("Группа", "Group", "ჯგუფი"),
    "title": Title("Название", "Name", "სახელი"),
    "link": Title("Ссылка", "Link", "ბმული"),
}
FAULTS = (
    Fault(kind="down", title=Title("Не отвечает", "Does not answer", "არ პასუხობს")),
    Fault(kind="slow", title=Title("Медленно", "Slow", "ნელა")),
    Fault(kind="duplicate", title=Title("Дубли", "Doubles", "დუბლები")),
    Fault(kind="drop", title=Title("Теряет", "Loses", "კარგავს")),
    Fault(kind="rate_limit", title=Title("Лимит", "Limit", "ლიმიტი")),
    Fault(kind="garble", title=Title("Мусор", "Rubbish", "ნაგავი"), on_the_desk=False),
    Fault(
        kind="reorder",
        title=Title("Не по порядку", "Out of order", "არეული რიგი"),
        on_the_desk=False,
    ),
    Fault(kind="refuse", title=Title("Отказ", "Refuses", "უარი"), on_the_desk=False),
    Fault(
        kind="truncate",
        title=Title("Обрыв ответа", "Answer cut", "პასუხი წყდება"),
        on_the_desk=False,
    ),
)
LEDGER: Mapping[str, Title] = {
    "send": Title("Сообщение", "Message", "შეტყობინება"),
    "edit": Title("Правка", "Edit", "რედაქტირება"),
    "delete": Title("Удаление", "Deletion", "წაშლა"),
    "create_group": Title("Новая группа", "New group", "ახალი ჯგუფი"),
    "create_topic": Title("Новая тема", "New topic", "ახალი თემა"),
    "edit_topic": Title("Изменение темы", "Change of topic", "თემის შეცვლა"),
    "delete_topic": Title("Удаление темы", "Deletion of topic", "თემის წაშლა"),
    "pin": Title("Закрепление", "Pinning", "მიმაგრება"),
    "invite": Title("Приглашение", "Invitation", "მოწვევა"),
    "ban": Title("Исключение", "Removal", "გაძევება"),
    "unban": Title("Снятие запрета", "Ban lifted", "აკრძალვის მოხსნა"),
    "flood": Title("Слишком часто", "Too often", "ძალიან ხშირად"),
}
TABLES: Mapping[str, Title] = {
    "people": Title("Люди", "People", "ადამიანები"),
    "groups": Title("Группы", "Groups", "ჯგუფები"),
}
COLUMNS: Mapping[str, Title] = {
    "name": Title("Имя", "Name", "სახელი"),
    "bot": Title("Бот", "Bot", "ბოტი"),
    "group": Title("Группа", "Group", "ჯგუფი"),
    "members": Title("Участники", "Members", "წევრები"),
    "topics": Title("Темы", "Topics", "თემები"),
    "rights": Title("Права бота", "The bot's rights", "ბოტის უფლებები"),
}
ABOUT_THE_BOT: Mapping[str, Title] = {
    "started": Title("запущен", "started", "გაშვებულია"),
    "blocked": Title("заблокирован", "blocked", "დაბლოკილია"),
    "never": Title("не запускали", "never started", "არ გაუშვიათ"),
    "admin": Title("администратор", "administrator", "ადმინისტრატორი"),
    "member": Title("участник", "member", "წევრი"),
    "out": Title("не в группе", "not in the group", "ჯგუფში არ არის"),
}
