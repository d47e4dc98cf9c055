"""Fixed sentences about the company's own chats, by key and language (ru, en, ka); part of the catalogue in words.py."""

from __future__ import annotations

# fmt: off
HOUSE_WORDS: dict[str, tuple[str, str, str]] = {
    "right.manage_topics": ("управление темами", "manage topics", "თემების მართვა"),
    "right.delete_messages": ("удаление сообщений", "delete messages", "შეტყობინებების წაშლა"),
    "right.pin_messages": ("закрепление сообщений", "pin messages", "შეტყობინებების მიმაგრება"),
    "right.invite_users": ("добавление участников", "add members", "წევრების დამატება"),
    "chat.lacks": ("⚠️ {chat}: мне не хватает прав: {list}. Настройки группы → Администраторы → Jarvis. До этого темы машин здесь не меняю.",
                   "⚠️ {chat}: I lack these rights: {list}. Group settings → Administrators → Jarvis. Until then the cars' topics here stay as they are.",
                   "⚠️ {chat}: უფლებები მაკლია: {list}. ჯგუფის პარამეტრები → ადმინისტრატორები → Jarvis. მანამდე აქ მანქანების თემებს არ ვცვლი."),
    "chat.able": ("{chat}: прав снова хватает, привожу темы в порядок.", "{chat}: the rights are back, putting the topics in order.",
                  "{chat}: უფლებები დაბრუნდა, თემებს ვაწესრიგებ."),
    "chat.lost": ("⚠️ {chat}: меня нет в группе. Верните меня администратором, права: {list}.",
                  "⚠️ {chat}: I am not in the group. Add me again as an administrator, rights: {list}.",
                  "⚠️ {chat}: ჯგუფში აღარ ვარ. დამაბრუნეთ ადმინისტრატორად, უფლებები: {list}."),
    "chat.plain": ("⚠️ {chat}: в группе выключены темы. Включите: настройки группы → Темы.",
                   "⚠️ {chat}: topics are switched off in the group. Switch them on: group settings → Topics.",
                   "⚠️ {chat}: ჯგუფში თემები გამორთულია. ჩართეთ: ჯგუფის პარამეტრები → თემები."),
}
# fmt: on
