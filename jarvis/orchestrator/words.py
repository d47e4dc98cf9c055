"""Fixed sentences about requests, cards and receipts, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "card.in_private": (
        "❓ Карточка ждёт решения в личном чате с Jarvis. Ничего не изменено.",
        "❓ The card waits for a decision in the private chat with Jarvis. Nothing is changed.",
        "❓ ბარათი გადაწყვეტილებას ელოდება Jarvis-თან პირად ჩატში. არაფერი შეცვლილა.",
    ),
    "card.no_telegram": (
        "Изменения подтверждают карточкой в Telegram, а он не привязан. Ничего не изменено.",
        "Changes are confirmed by a card in Telegram, which is not bound. Nothing is changed.",
        "ცვლილებას ბარათით ადასტურებენ Telegram-ში, რომელიც მიბმული არ არის. არაფერი შეცვლილა.",
    ),
    "status": ("Смотрю…", "Looking…", "ვნახულობ…"),
    "status.slow": (
        "Дольше обычного: ответ собирается",
        "Slower than usual: still collecting",
        "ჩვეულებრივზე დიდხანს: პასუხი მზადდება",
    ),
    "step.failed": (
        "⚠️ Не получилось: {part}. Причина: {cause}",
        "⚠️ Did not work: {part}. Cause: {cause}",
        "⚠️ ვერ შესრულდა: {part}. მიზეზი: {cause}",
    ),
    "cause.model": ("модель не ответила", "the model did not answer", "მოდელმა არ უპასუხა"),
    "cause.source": ("источник не отвечает", "the source does not answer", "წყარო არ პასუხობს"),
    "cause.steps": (
        "слишком много шагов для одной просьбы, попробуйте разделить её",
        "too many steps for one request, try to split it",
        "ერთი თხოვნისთვის ნაბიჯები ძალიან ბევრია, სცადეთ დაყოფა",
    ),
    "budget.request": (
        "Эта просьба исчерпала свой лимит обращений к модели: дальше отвечаю по правилам.",
        "This request has used up its share of model calls: the rest is answered by rules.",
        "ამ თხოვნამ მოდელის ლიმიტი ამოწურა: დანარჩენს წესებით ვპასუხობ.",
    ),
    "budget.employee": (
        "Ваш лимит обращений к модели на сегодня исчерпан: до полуночи отвечаю по правилам, простые просьбы пойму.",
        "Your model calls of today are used up: until midnight simple requests are answered by rules.",
        "დღევანდელი მოდელის ლიმიტი ამოწურულია: შუაღამემდე წესებით ვპასუხობ.",
    ),
    "budget.house": (
        "Лимит компании на обращения к модели на сегодня исчерпан: до полуночи отвечаю по правилам, простые просьбы пойму.",
        "The company's model calls of today are used up: until midnight simple requests are answered by rules.",
        "კომპანიის დღევანდელი მოდელის ლიმიტი ამოწურულია: შუაღამემდე წესებით ვპასუხობ.",
    ),
    "cause.none": ("ответа не нашлось", "no answer was found", "პასუხი ვერ მოიძებნა"),
    "cause.claim.done": (
        "модель сообщила о том, чего в записях нет, переспросите иначе",
        "the model told of what is on no record, please ask in other words",
        "მოდელმა თქვა ის, რაც ჩანაწერებში არ არის, სხვანაირად იკითხეთ",
    ),
    "cause.claim.waits": (
        "карточки по этой просьбе нет, подтверждать нечего, переспросите иначе",
        "there is no card for this request and nothing to confirm, please ask in other words",
        "ამ თხოვნის ბარათი არ არის, დასადასტურებელი არაფერია, სხვანაირად იკითხეთ",
    ),
    "cause.claim.refused": (
        "модель отказала без основания, переспросите иначе",
        "the model refused without grounds, please ask in other words",
        "მოდელმა უსაფუძვლოდ თქვა უარი, სხვანაირად იკითხეთ",
    ),
    "cause.claim.silent": (
        "модель сослалась на сбой, которого не было, переспросите иначе",
        "the model blamed a failure that did not happen, please ask in other words",
        "მოდელმა ხარვეზი დაასახელა, რომელიც არ ყოფილა, სხვანაირად იკითხეთ",
    ),
    "cause.time": ("не хватило времени", "ran out of time", "დრო არ ეყო"),
    "error": (
        "Не получилось ответить: {cause}. Ничего не изменено. · код <code>{code}</code>",
        "No answer: {cause}. Nothing was changed. · code <code>{code}</code>",
        "პასუხი ვერ მოხერხდა: {cause}. არაფერი შეცვლილა. · კოდი <code>{code}</code>",
    ),
    "unclear": (
        "Этого не понял. Могу:",
        "I did not understand this. I can:",
        "ეს ვერ გავიგე. შემიძლია:",
    ),
    "off_topic": (
        "Это не моя работа. Могу:",
        "This is not my work. I can:",
        "ეს ჩემი საქმე არ არის. შემიძლია:",
    ),
    "offline.first": (
        "Офлайн-режим: понимаю простые просьбы, свободную речь не всегда.",
        "Offline mode: simple requests only, free speech not always.",
        "ოფლაინ რეჟიმი: მარტივი მოთხოვნები მესმის, თავისუფალი საუბარი — ყოველთვის არა.",
    ),
    "offline.mark": ("Офлайн-режим", "Offline mode", "ოფლაინ რეჟიმი"),
    "stranger": (
        "Это помощник сотрудников Geodrive, вас нет в списке, поэтому ответить не могу. Если вы сотрудник, попросите у администратора приглашение.",
        "This assistant is for Geodrive staff and you are not on the list, so I can't answer. If you work here, ask an administrator for an invitation.",
        "ეს ასისტენტი Geodrive-ის თანამშრომლებისთვისაა, თქვენ სიაში არ ხართ, ამიტომ ვერ გიპასუხებთ. თუ თანამშრომელი ხართ, მოსაწვევი ადმინისტრატორს სთხოვეთ.",
    ),
    "welcome": (
        "Здравствуйте, {name}. Я Jarvis, рабочий помощник Geodrive. Ваша роль: {role}, {branch}.\nПишите как коллеге: коротко, с ошибками. Показываю сразу.\nПервые шаги:",
        "Hello {name}. I'm Jarvis, Geodrive's work assistant. Your role: {role}, {branch}.\nWrite as to a colleague. I show things at once.\nFirst steps:",
        "გამარჯობა, {name}. მე ვარ Jarvis, Geodrive-ის სამუშაო ასისტენტი. თქვენი როლი: {role}, {branch}.\nმომწერეთ როგორც კოლეგას. ინფორმაციას მაშინვე გაჩვენებთ.\nპირველი ნაბიჯები:",
    ),
    "b.retry": ("Повторить", "Retry", "გამეორება"),
    "unrouted": (
        "⚠️ <b>Событие без маршрута</b>: <code>{kind}</code>\nС ним ничего не сделано, оно сохранено · код <code>{code}</code>",
        "⚠️ <b>An event without a route</b>: <code>{kind}</code>\nNothing was done with it, it is kept · code <code>{code}</code>",
        "⚠️ <b>მოვლენა მარშრუტის გარეშე</b>: <code>{kind}</code>\nარაფერი გაკეთებულა, ის შენახულია · კოდი <code>{code}</code>",
    ),
    "unrouted.like": (
        "Предложение: обрабатывать как <code>{as_kind}</code>{why}",
        "Proposal: handle it as <code>{as_kind}</code>{why}",
        "წინადადება: დამუშავდეს როგორც <code>{as_kind}</code>{why}",
    ),
    "unrouted.none": ("Похожего правила нет.", "No rule is like it.", "მსგავსი წესი არ არის."),
    "b.route": ("Обрабатывать так", "Handle it so", "ასე დამუშავდეს"),
    "b.ignore": ("Не обрабатывать", "Ignore this kind", "არ დამუშავდეს"),
    "route.yes": (
        "<b>Маршрут</b>: <code>{kind}</code> → <code>{as_kind}</code> · {who}, {t}\nПоставлено заново: {n}",
        "<b>Route</b>: <code>{kind}</code> → <code>{as_kind}</code> · {who}, {t}\nQueued again: {n}",
        "<b>მარშრუტი</b>: <code>{kind}</code> → <code>{as_kind}</code> · {who}, {t}\nხელახლა რიგშია: {n}",
    ),
    "route.no": (
        "<b>Не обрабатывается</b>: <code>{kind}</code> · {who}, {t}",
        "<b>Ignored</b>: <code>{kind}</code> · {who}, {t}",
        "<b>არ მუშავდება</b>: <code>{kind}</code> · {who}, {t}",
    ),
}
