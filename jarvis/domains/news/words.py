"""Fixed sentences about news, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "digest.day": (
        "Выдачи {a} · возвраты {b}",
        "Pick-ups {a} · returns {b}",
        "გაცემა {a} · დაბრუნება {b}",
    ),
    "digest.overdue": (
        "⚠️ Просрочены возвраты: {list}",
        "⚠️ Overdue returns: {list}",
        "⚠️ დაგვიანებული დაბრუნება: {list}",
    ),
    "digest.debts": ("💰 Долги {x} · {n}", "💰 Debts {x} · {n}", "💰 დავალიანება {x} · {n}"),
    "digest.debts.none": ("💰 Долгов нет", "💰 No debts", "💰 დავალიანება არ არის"),
    "digest.repair": ("🔧 В ремонте {n}", "🔧 In repair {n}", "🔧 რემონტშია {n}"),
    "digest.limited": (
        "◌ Не проверено: долги, лимит запросов к RentProg исчерпан",
        "◌ Not checked: debts, RentProg's limit is used up",
        "◌ ვერ შემოწმდა: დავალიანება, RentProg-ის ლიმიტი ამოწურულია",
    ),
    "digest.unchecked": (
        "◌ Не проверено: долги, RentProg не отвечает",
        "◌ Not checked: debts, RentProg is silent",
        "◌ ვერ შემოწმდა: დავალიანება, RentProg არ პასუხობს",
    ),
    "news.booking_created": ("Новая бронь", "New booking", "ახალი ჯავშანი"),
    "news.booking_cancelled": ("Бронь отменена", "Booking cancelled", "ჯავშანი გაუქმდა"),
    "news.booking_issued": ("Выдача", "Pick-up", "გაცემა"),
    "news.booking_returned": ("Возврат", "Return", "დაბრუნება"),
    "news.car_moved": ("Перегон", "Move", "გადაყვანა"),
    "news.car_problem": ("Проблема с машиной", "Problem with a car", "მანქანის პრობლემა"),
    "news.checklist_gaps": ("Чек-лист с пробелами", "Check-list with gaps", "ჩეკლისტი ხარვეზებით"),
    "news.gaps": ("не сделано {n}: {list}", "not done {n}: {list}", "არ გაკეთდა {n}: {list}"),
    "news.digest": ("Сводка, {date}", "Digest, {date}", "შეჯამება, {date}"),
    "news.more": ("… и ещё {n}", "… and {n} more", "… და კიდევ {n}"),
    "news.mode.instant": ("сразу", "at once", "მაშინვე"),
    "news.mode.digest": ("сводкой", "in the digest", "შეჯამებაში"),
    "news.mode.off": ("не присылать", "not at all", "არ გამოიგზავნოს"),
    "news.everywhere": ("Все филиалы", "Every branch", "ყველა ფილიალი"),
    "news.chat": (
        "<b>{chat}</b>: что приходит. Что изменить?",
        "<b>{chat}</b>: what it hears of. Change what?",
        "<b>{chat}</b>: რა მოდის. რა შევცვალოთ?",
    ),
    "news.which": (
        "Подписки какого чата?",
        "Which chat's subscriptions?",
        "რომელი ჩატის გამოწერები?",
    ),
    "news.no_chats": (
        "Служебных чатов пока нет. Добавьте меня в группу руководителей, продаж или маркетинга.",
        "No service chats yet. Add me to the group of leaders, sales or marketing.",
        "სამსახურებრივი ჩატები ჯერ არ არის. დამამატეთ ხელმძღვანელების, გაყიდვების ან მარკეტინგის ჯგუფში.",
    ),
    "news.denied": (
        "Подписки меняет администратор.",
        "Subscriptions are changed by an administrator.",
        "გამოწერებს ადმინისტრატორი ცვლის.",
    ),
    "cannot.no_chat": (
        "Такого служебного чата нет: /setup.",
        "There is no such service chat: /setup.",
        "ასეთი სამსახურებრივი ჩატი არ არის: /setup.",
    ),
    "card.do.subscribe": ("Подписать чат", "Set it for the chat", "ჩატის გამოწერა"),
    "card.field.news": ("Новости", "News", "სიახლეები"),
    "card.field.mode": ("Как", "How", "როგორ"),
    "write.subscribe": ("Подписка чата", "Subscription of a chat", "ჩატის გამოწერა"),
    "param.news": ("новости", "news", "სიახლეები"),
    "param.mode": ("как", "how", "როგორ"),
}
