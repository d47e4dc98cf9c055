"""Fixed sentences about conversations, reports and buttons, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "forgotten": (
        "Наш разговор забыт.",
        "Our conversation is forgotten.",
        "ჩვენი საუბარი დავიწყებულია.",
    ),
    "report.done": (
        "Записано, код <code>{code}</code>. Разберёт администратор.",
        "Noted, code <code>{code}</code>. An administrator will look at it.",
        "ჩაწერილია, კოდი <code>{code}</code>. განიხილავს ადმინისტრატორი.",
    ),
    "report.none": (
        "Сообщать пока не о чем: ответов в этом разговоре нет.",
        "Nothing to report yet: no answers in this conversation.",
        "შესატყობინებელი ჯერ არაფერია: ამ საუბარში პასუხი არ არის.",
    ),
    "press.old": (
        "Кнопка устарела, спросите ещё раз",
        "This button is out of date, please ask again",
        "ღილაკი მოძველდა, ჰკითხეთ თავიდან",
    ),
    "press.lapsed": (
        "⌛ Срок вышел, кнопки больше не действуют, ничего не сделано. Приглашение можно отправить ещё раз.",
        "⌛ Its time is over: the buttons work no more, nothing was done. The invitation can be sent again.",
        "⌛ ვადა გავიდა: ღილაკები აღარ მუშაობს, არაფერი გაკეთებულა. მოწვევის ხელახლა გაგზავნა შეიძლება.",
    ),
    "press.used": ("Уже выбрано", "Already chosen", "უკვე არჩეულია"),
    "press.other": (
        "Это выбирает тот, кто спрашивал",
        "For the person who asked",
        "ირჩევს ის, ვინც იკითხა",
    ),
    "failed.you": (
        "⚠️ Не получилось, причина записана. Администраторам сообщено · код <code>{code}</code>",
        "⚠️ That did not work; the cause is on record. The administrators know · code <code>{code}</code>",
        "⚠️ ვერ მოხერხდა, მიზეზი ჩაწერილია. ადმინისტრატორებმა იციან · კოდი <code>{code}</code>",
    ),
}
