"""Fixed sentences about cards of changes that wait for a decision, by key and language (ru, en,
ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "b.confirm": ("Подтвердить", "Confirm", "დადასტურება"),
    "b.decline": ("Отклонить", "Decline", "უარყოფა"),
    "card.confirm": ("Подтвердите: {title}", "Confirm: {title}", "დაადასტურეთ: {title}"),
    "card.many": ("{n} изм., всё вместе", "{n} changes, together", "{n} ცვლილება, ერთად"),
    "card.change": (
        "{field}: было {old} → станет <b>{new}</b>",
        "{field}: was {old} → becomes <b>{new}</b>",
        "{field}: იყო {old} → იქნება <b>{new}</b>",
    ),
    "card.new": ("{field}: <b>{new}</b>", "{field}: <b>{new}</b>", "{field}: <b>{new}</b>"),
    "card.price": (
        "Цена: {old} → <b>{new}</b> ({delta}{formula})",
        "Price: {old} → <b>{new}</b> ({delta}{formula})",
        "ფასი: {old} → <b>{new}</b> ({delta}{formula})",
    ),
    "card.price.new": (
        "Цена: <b>{new}</b> ({formula})",
        "Price: <b>{new}</b> ({formula})",
        "ფასი: <b>{new}</b> ({formula})",
    ),
    "card.own_price": (
        "цена брони, расчёта RentProg нет",
        "the booking's own price, RentProg quotes none",
        "ჯავშნის ფასი, RentProg-ის გათვლა არ არის",
    ),
    "card.quote": (
        "В основе текст клиента: «{quote}»",
        "Based on a client's text: “{quote}”",
        "ეფუძნება კლიენტის ტექსტს: „{quote}“",
    ),
    "card.undo": ("Отмена после: 10 мин", "Undo: 10 min", "გაუქმება: 10 წთ"),
    "card.no_undo": ("Отмена после: необратимо", "Undo: not possible", "გაუქმება: შეუძლებელია"),
    "card.who": (
        "Подтверждает: {who} · до {t}",
        "May confirm: {who} · until {t}",
        "ადასტურებს: {who} · {t}-მდე",
    ),
    "card.you": ("вы", "you", "თქვენ"),
    "card.two": ("нужны двое", "two needed", "საჭიროა ორი პირი"),
    "card.vote": (
        "Первое подтверждение: {who}, {t}",
        "First confirmation: {who}, {t}",
        "პირველი დადასტურება: {who}, {t}",
    ),
    "card.based": (
        "Основано: {source}, {age}",
        "Based on: {source}, {age}",
        "წყარო: {source}, {age}",
    ),
    "card.partial": ("Выполнено {k} из {n}", "{k} of {n} done", "შესრულდა {k}/{n}"),
    "card.sent": (
        "Отправлено в {system} в {t}, ответа пока нет. Повторять не нужно: результат появится здесь.",
        "Sent to {system} at {t}, no answer yet. No need to repeat: the result will appear here.",
        "გაგზავნილია ({system}, {t}), პასუხი ჯერ არ არის. გამეორება საჭირო არ არის: შედეგი აქ გამოჩნდება.",
    ),
    "card.unknown": (
        "Неясно, прошло ли: {what}",
        "Outcome unknown: {what}",
        "გაურკვეველია, შესრულდა თუ არა: {what}",
    ),
    "card.unknown.why": (
        "{system} не ответил после отправки ({t}), повтор может задвоить. Проверьте в {system}.",
        "{system} went silent after sending ({t}); repeating may double it. Please check in {system}.",
        "{system} გაგზავნის შემდეგ არ პასუხობს ({t}); გამეორებამ შეიძლება მოქმედება გააორმაგოს. გადაამოწმეთ: {system}.",
    ),
    "card.done": (
        "Подтверждение: {who}, {t} · {system} принял {t2}",
        "Confirmed: {who}, {t} · accepted by {system} {t2}",
        "დადასტურება: {who}, {t} · {system}: მიღებულია {t2}",
    ),
    "card.done.by_person": (
        "Подтверждение: {who}, {t} · отмечено вручную после проверки",
        "Confirmed: {who}, {t} · marked by a person after a check",
        "დადასტურება: {who}, {t} · შემოწმების შემდეგ მონიშნულია ხელით",
    ),
    "card.undo_until": ("Отменить можно до {t}", "Undo until {t}", "გაუქმება შესაძლებელია {t}-მდე"),
    "card.undone": ("Отменено: {what}", "Undone: {what}", "გაუქმდა: {what}"),
    "card.undoing": ("Отменяю: {what}", "Undoing: {what}", "უქმდება: {what}"),
    "card.undo_failed": (
        "Отмена не прошла: {what}",
        "The undo failed: {what}",
        "გაუქმება ვერ შესრულდა: {what}",
    ),
    "card.look": ("Проверьте в {system}.", "Please check in {system}.", "გადაამოწმეთ: {system}."),
    "card.failed": ("Не выполнено: {what}", "Not done: {what}", "ვერ შესრულდა: {what}"),
    "card.failed.nothing": ("Ничего не изменено.", "Nothing was changed.", "არაფერი შეცვლილა."),
    "card.cause.not_done": (
        "Проверено человеком: в {system} этого нет",
        "Checked by a person: {system} does not have it",
        "შეამოწმა ადამიანმა: {system}-ში ეს არ არის",
    ),
    "card.cause.dropped": (
        "Предыдущий шаг не выполнен",
        "An earlier step was not done",
        "წინა ნაბიჯი არ შესრულდა",
    ),
    "card.cause.stale": (
        "В {system} запись изменилась, пока ждали",
        "The record changed in {system} meanwhile",
        "ამასობაში ჩანაწერი შეიცვალა ({system})",
    ),
    "card.shadow": (
        "Режим тени: только записано, не отправлено",
        "Shadow mode: noted only, not sent",
        "ჩრდილის რეჟიმი: მხოლოდ ჩაიწერა, არ გაგზავნილა",
    ),
    "card.declined": ("Отклонено: {title}", "Declined: {title}", "უარყოფილია: {title}"),
    "card.moved": (
        "Эта карточка открыта заново ниже.",
        "This card was opened again below.",
        "ეს ბარათი ხელახლა გაიხსნა ქვემოთ.",
    ),
    "card.expired": ("Срок вышел: {title}", "Expired: {title}", "ვადა გავიდა: {title}"),
    "card.expired.why": (
        "До {t} решения не было, ничего не изменено.",
        "No decision by {t}, nothing changed.",
        "{t}-მდე გადაწყვეტილება არ მიღებულა, არაფერი შეცვლილა.",
    ),
    "card.void": ("Карточка устарела: {title}", "Out of date: {title}", "ბარათი მოძველდა: {title}"),
    "card.void.why": (
        "Пока ждали, изменилось: {field}{pair} ({t}). По карточке ничего не сделано.",
        "Meanwhile changed: {field}{pair} ({t}). This card did nothing.",
        "ამასობაში შეიცვალა: {field}{pair} ({t}). ამ ბარათით არაფერი გაკეთებულა.",
    ),
    "card.same_person": (
        "Ваше подтверждение уже есть. Второе даёт другой человек.",
        "Your confirmation stands. The second one is another person's.",
        "თქვენი დასტური უკვე არის. მეორეს სხვა ადამიანი იძლევა.",
    ),
    "card.void.left": (
        "Просивший больше не работает или сменил роль: ничего не изменено.",
        "Who asked no longer works here or has another role: nothing was changed.",
        "ვინც ითხოვა, აღარ მუშაობს ან სხვა როლი აქვს: არაფერი შეცვლილა.",
    ),
    "card.void.tampered": (
        "Содержание карточки не сходится с записанным. По карточке ничего не сделано.",
        "The card does not match its record. This card did nothing.",
        "ბარათის შინაარსი ჩანაწერს არ ემთხვევა. ამ ბარათით არაფერი გაკეთებულა.",
    ),
    "press.roles": ("Это может: {roles}", "For: {roles}", "მხოლოდ: {roles}"),
    "card.typed": (
        "Нажмите кнопку на карточке выше: текст не подтверждение. Она ждёт до {t}.",
        "Please press the button on the card above, a text is not a confirmation. It waits until {t}.",
        "დააჭირეთ ღილაკს ზემოთ ბარათზე: ტექსტი დადასტურება არ არის. ის ელოდება {t}-მდე.",
    ),
    "b.all": ("Выполнить всё", "Do all", "ყველას შესრულება"),
    "b.undo": ("Отменить", "Undo", "გაუქმება"),
    "b.again": ("Подготовить заново", "Prepare again", "ხელახლა მომზადება"),
    "b.again_item": ("Повторить п. {n}", "Retry step {n}", "გამეორება: {n}"),
    "b.done": ("Сделано", "Done", "შესრულდა"),
    "b.not_done": ("Не сделано", "Not done", "არ შესრულდა"),
    "b.again_send": ("Повторить", "Retry", "გამეორება"),
    "b.until": ("До {t}", "Until {t}", "{t}-მდე"),
    "b.swap": ("Пересадить №{next}", "Move #{next}", "გადასმა: №{next}"),
    "inbox": ("Ждёт вас: {n}", "Waiting for you: {n}", "გელოდებათ: {n}"),
    "inbox.none": ("Вас ничего не ждёт.", "Nothing is waiting for you.", "არაფერი გელოდებათ."),
    "inbox.row": (
        "{title} · от: {who} · до {t} (осталось {n} мин)",
        "{title} · from {who} · until {t} ({n} min left)",
        "{title} · ავტორი: {who} · {t}-მდე (დარჩა {n} წთ)",
    ),
    "b.open": ("Открыть {n}", "Open {n}", "გახსნა {n}"),
    "switch.card": (
        "Карточка подождёт до {t}.",
        "The card waits until {t}.",
        "ბარათი დაელოდება {t}-მდე.",
    ),
}
