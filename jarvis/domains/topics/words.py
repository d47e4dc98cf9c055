"""Fixed sentences about topics, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "chat.lacks": (
        "⚠️ {chat}: мне не хватает прав: {list}. Настройки группы → Администраторы → Jarvis. До этого темы машин здесь не меняю.",
        "⚠️ {chat}: I lack these rights: {list}. Group settings → Administrators → Jarvis. Until then the cars' topics here stay as they are.",
        "⚠️ {chat}: უფლებები მაკლია: {list}. ჯგუფის პარამეტრები → ადმინისტრატორები → Jarvis. მანამდე აქ მანქანების თემებს არ ვცვლი.",
    ),
    "chat.able": (
        "{chat}: прав снова хватает, привожу темы в порядок.",
        "{chat}: the rights are back, putting the topics in order.",
        "{chat}: უფლებები დაბრუნდა, თემებს ვაწესრიგებ.",
    ),
    "chat.lost": (
        "⚠️ {chat}: меня нет в группе. Верните меня администратором, права: {list}.",
        "⚠️ {chat}: I am not in the group. Add me again as an administrator, rights: {list}.",
        "⚠️ {chat}: ჯგუფში აღარ ვარ. დამაბრუნეთ ადმინისტრატორად, უფლებები: {list}.",
    ),
    "chat.plain": (
        "⚠️ {chat}: в группе выключены темы. Включите: настройки группы → Темы.",
        "⚠️ {chat}: topics are switched off in the group. Switch them on: group settings → Topics.",
        "⚠️ {chat}: ჯგუფში თემები გამორთულია. ჩართეთ: ჯგუფის პარამეტრები → თემები.",
    ),
    "standin": ("Сейчас вместо: {who}", "Standing in now: {who}", "ახლა ანაცვლებს: {who}"),
    "client.before": (
        "Аренд раньше: {n}, первая {t}",
        "Earlier rentals: {n}, the first {t}",
        "ადრე ქირა: {n}, პირველი {t}",
    ),
    "task.from": ("От: {who}", "From: {who}", "ვისგან: {who}"),
    "task.done": ("✅ Сделано: {who}, {t}", "✅ Done: {who}, {t}", "✅ შესრულდა: {who}, {t}"),
    "b.task.open": ("Вернуть в работу", "Open again", "სამუშაოში დაბრუნება"),
    "moves.progress": (
        "⏳ {chat}: машины переезжают, тем готово {k} из {n}",
        "⏳ {chat}: cars are moving in, topics ready {k} of {n}",
        "⏳ {chat}: მანქანები გადმოდის, თემა მზადაა {k} / {n}",
    ),
    "moves.done": (
        "✅ {chat}: машины переехали, тем готово {k} из {n}",
        "✅ {chat}: the cars have moved in, topics ready {k} of {n}",
        "✅ {chat}: მანქანები გადმოვიდა, თემა მზადაა {k} / {n}",
    ),
    "archive.talk": (
        "🗒 Переписка темы «{topic}» · {n}",
        "🗒 Talk of the topic “{topic}” · {n}",
        "🗒 თემის „{topic}“ მიმოწერა · {n}",
    ),
    "opening.material": (
        "Материалы: {n} · {what} {t}",
        "Material: {n} · {what} {t}",
        "მასალები: {n} · {what} {t}",
    ),
    "cannot.no_words": (
        "Напишите текст, до {n} знаков.",
        "Write the words, up to {n} characters.",
        "დაწერეთ ტექსტი, {n} სიმბოლომდე.",
    ),
    "cannot.no_topic": (
        "У машины {car} пока нет темы.",
        "{car} has no topic yet.",
        "{car}: თემა ჯერ არ არის.",
    ),
    "cannot.no_forum": (
        "У филиала нет форума: /setup.",
        "The branch has no forum: /setup.",
        "ფილიალს ფორუმი არ აქვს: /setup.",
    ),
    "card.do.post": ("Написать в тему", "Post to the topic", "თემაში დაწერა"),
    "card.field.post": ("Текст", "Text", "ტექსტი"),
    "write.post": ("Сообщение в тему", "Words into a topic", "შეტყობინება თემაში"),
    "param.text": ("текст", "text", "ტექსტი"),
}
