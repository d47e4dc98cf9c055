"""Fixed sentences about sources and lists, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "b.more": ("Показать ещё {n}", "{n} more", "კიდევ {n}"),
    "as_of": ("{source}, на {t}", "{source}, as of {t}", "{source}, {t}"),
    "stale": ("🕓 Данные старые: {age}.", "🕓 Old data: {age}.", "🕓 ძველი მონაცემები: {age}."),
    "limited": (
        "⚠️ Лимит запросов к RentProg исчерпан до {t}, новее данных нет.",
        "⚠️ RentProg's limit is used up until {t}, nothing newer is known.",
        "⚠️ RentProg-ის ლიმიტი ამოწურულია {t}-მდე, უფრო ახალი მონაცემები არ არის.",
    ),
    "limited.own": (
        "⚠️ Лимит ваших запросов к RentProg исчерпан до {t}, новее данных нет.",
        "⚠️ Your share of RentProg's limit is used up until {t}, nothing newer is known.",
        "⚠️ RentProg-ზე თქვენი მოთხოვნების ლიმიტი ამოწურულია {t}-მდე, უფრო ახალი მონაცემები არ არის.",
    ),
    "silent": (
        "⚠️ RentProg не отвечает с {t}, новее данных нет.",
        "⚠️ RentProg has not answered since {t}, nothing newer is known.",
        "⚠️ RentProg არ პასუხობს {t}-დან, უფრო ახალი მონაცემები არ არის.",
    ),
    "never": (
        "⚠️ RentProg ещё прочитан не весь, спросите через минуту.",
        "⚠️ RentProg is not read whole yet, please ask in a minute.",
        "⚠️ RentProg ჯერ ბოლომდე არ არის წაკითხული, ჰკითხეთ ერთ წუთში.",
    ),
    "card.field.branch": ("Филиал", "Branch", "ფილიალი"),
    "card.empty": ("пусто", "empty", "ცარიელია"),
    "card.warn.paid": (
        "Уже оплачено {x}: понадобится возврат денег",
        "{x} is paid already: a refund will be needed",
        "უკვე გადახდილია {x}: საჭირო იქნება თანხის დაბრუნება",
    ),
    "cannot.limited": (
        "Лимит запросов к {system} исчерпан до {until}.",
        "{system}'s limit is used up until {until}.",
        "{system}-ის ლიმიტი ამოწურულია: {until}-მდე.",
    ),
    "cannot.limited.own": (
        "Лимит ваших запросов к {system} исчерпан до {until}.",
        "Your share of {system}'s limit is used up until {until}.",
        "{system}-ზე თქვენი მოთხოვნების ლიმიტი ამოწურულია: {until}-მდე.",
    ),
    "switch.read_only": (
        "Сейчас только чтение: изменения отключены",
        "Reading only now: changes are switched off",
        "ახლა მხოლოდ კითხვაა: ცვლილებები გამორთულია",
    ),
    "switch.off": ("Сейчас отключено", "Switched off now", "ახლა გამორთულია"),
    "switch.by": ("Отключение: {who}, {t}", "Switched off by: {who}, {t}", "გამორთვა: {who}, {t}"),
    "tool.about_jarvis": ("Что умею", "What I can do", "რა შემიძლია"),
}
