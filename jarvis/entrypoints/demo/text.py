"""Words of the desk in three languages."""

from __future__ import annotations

from collections.abc import Callable

# fmt: off
_WORDS: dict[str, tuple[str, str, str]] = {
    "who": ("Кто вы сегодня?", "Who are you today?", "ვინ ხართ დღეს?"),
    "who.note": ("Вы увидите Telegram глазами этого человека. Сменить можно в любой момент.",
                 "You will see Telegram through this person's eyes. Change it at any time.",
                 "Telegram-ს ამ ადამიანის თვალით დაინახავთ. შეცვლა ნებისმიერ დროს შეიძლება."),
    "company": ("Вся компания", "Whole company", "მთელი კომპანია"),
    "refused": ("Проверить отказ", "Try a refusal", "უარის შემოწმება"),
    "dismissed": ("Уволен", "Has left", "წასულია"),
    "stranger": ("Не привязан к компании", "Not of the company", "კომპანიაში არ არის"),
    "sandbox": ("Песочница", "Sandbox", "ქვიშის ყუთი"),
    "chats": ("Чаты", "Chats", "ჩატები"), "world": ("Мир", "World", "სამყარო"), "change": ("Изменить", "Change", "შეცვლა"),
    "ledger": ("Журнал", "Ledger", "ჟურნალი"), "steps": ("Шаги", "Steps", "ნაბიჯები"), "who_am_i": ("Кто я", "Who am I", "ვინ ვარ"),
    "close": ("Закрыть", "Close", "დახურვა"), "back": ("Назад", "Back", "უკან"), "clear": ("Очистить", "Clear", "გასუფთავება"),
    "search": ("Чат или слово", "Chat or word", "ჩატი ან სიტყვა"),
    "send": ("Отправить", "Send", "გაგზავნა"),
    "write": ("Напишите Jarvis", "Write to Jarvis", "მისწერეთ Jarvis-ს"),
    "attach": ("Приложить фото", "Attach a photo", "ფოტოს დართვა"),
    "private": ("Личный чат", "Private chat", "პირადი ჩატი"),
    "topics": ("Темы: {n}", "Topics: {n}", "თემები: {n}"), "topic.empty": ("Пусто", "Empty", "ცარიელია"),
    "pinned": ("Закреплено", "Pinned", "მიმაგრებულია"),
    "group": ("Группа: ответит, если обратиться", "Group: answers when addressed", "ჯგუფი: პასუხობს, თუ მიმართავთ"),
    "ask.title": ("Спросите Jarvis", "Ask Jarvis", "ჰკითხეთ Jarvis-ს"),
    "ask.note": ("Где машина, что свободно, кто должен. Пишите как удобно.", "Where a car is, what is free, who owes. Write as you like.",
                 "სად არის მანქანა, რა არის თავისუფალი, ვის აქვს დავალიანება."),
    "ask.1": ("Что свободно на выходные?", "What is free this weekend?", "რა არის თავისუფალი შაბათ-კვირას?"),
    "ask.2": ("Где приус 417?", "Where is prius 417?", "სად არის პრიუს 417?"),
    "today": ("Сегодня", "Today", "დღეს"), "yesterday": ("Вчера", "Yesterday", "გუშინ"),
    "newer": ("Новых", "New", "ახალი"), "unread": ("непрочитанных", "unread", "წაუკითხავი"),
    "vendor": ("Система", "System", "სისტემა"),
    "what": ("Что случилось", "What happened", "რა მოხდა"),
    "do": ("Изменить в", "Change in", "შეცვლა:"),
    "choose": ("Выбрать", "Choose", "არჩევა"),
    "faults": ("Сбои", "Faults", "შეფერხებები"),
    "fault.down": ("Не отвечает", "Does not answer", "არ პასუხობს"), "fault.slow": ("Медленно", "Slow", "ნელა"),
    "fault.duplicate": ("Дубли", "Doubles", "დუბლები"), "fault.drop": ("Теряет", "Loses", "კარგავს"),
    "fault.rate_limit": ("Лимит", "Limit", "ლიმიტი"), "fault.garble": ("Мусор", "Rubbish", "ნაგავი"),
    "fault.reorder": ("Не по порядку", "Out of order", "არეული რიგი"), "fault.refuse": ("Отказ", "Refuses", "უარი"),
    "fault.expire_token": ("Токен истёк", "Token expired", "ტოკენს ვადა გაუვიდა"), "fault.hang": ("Висит", "Hangs", "გაჭედილია"),
    "fault.truncate": ("Обрыв ответа", "Answer cut", "პასუხი წყდება"),
    "fault.stop": ("Прекратить", "Stop it", "შეწყვეტა"),
    "fault.on": ("Сбой включён", "A fault is on", "შეფერხება ჩართულია"),
    "clock.hour": ("+1 час", "+1 hour", "+1 საათი"), "clock.day": ("До завтра", "To tomorrow", "ხვალამდე"),
    "chain.you": ("Вы изменили запись в", "You changed a record in", "თქვენ შეცვალეთ ჩანაწერი:"),
    "chain.hook": ("Пришёл вебхук, записан до ответа", "The webhook came, stored before the answer", "ვებჰუკი მოვიდა, პასუხამდე ჩაიწერა"),
    "chain.dup": ("Копия вебхука: ничего не запускает", "A copy of the webhook: triggers nothing", "ვებჰუკის ასლი: არაფერს უშვებს"),
    "chain.reread": ("Запись перечитана", "The record was read anew", "ჩანაწერი თავიდან წაიკითხა"),
    "chain.told": ("Копия отмечена, запись будет перечитана", "The copy is noted, the record will be read anew", "ასლი აღინიშნა, ჩანაწერი თავიდან წაიკითხება"),
    "chain.event": ("Событие «{x}», правило без модели", "Event “{x}”, a rule, no model", "მოვლენა „{x}“, წესი მოდელის გარეშე"),
    "chain.none": ("Пока ничего не менялось", "Nothing has changed yet", "ჯერ არაფერი შეცვლილა"),
    "chain.took": ("дошло за {x}", "arrived in {x}", "მოვიდა: {x}"), "chain.waits": ("в пути", "on its way", "გზაშია"),
    "chain.copy": ("повтор", "copy", "ასლი"), "chain.lost": ("вебхук не пришёл", "no webhook came", "ვებჰუკი არ მოვიდა"),
    "event.car.created": ("новое авто", "new car", "ახალი მანქანა"), "event.car.updated": ("авто изменилось", "car changed", "მანქანა შეიცვალა"),
    "event.car.moved": ("авто переехало", "car moved", "მანქანა გადავიდა"),
    "event.client.created": ("новый клиент", "new client", "ახალი კლიენტი"),
    "event.client.updated": ("клиент изменился", "client changed", "კლიენტი შეიცვალა"),
    "event.booking.created": ("новая бронь", "new booking", "ახალი ჯავშანი"),
    "event.booking.updated": ("бронь изменилась", "booking changed", "ჯავშანი შეიცვალა"),
    "event.booking.issued": ("машину выдали", "car handed over", "მანქანა გაიცა"),
    "event.booking.returned": ("машину вернули", "car returned", "მანქანა დაბრუნდა"),
    "event.booking.cancelled": ("бронь отменена", "booking cancelled", "ჯავშანი გაუქმდა"),
    "event.other": ("другое", "other", "სხვა"),
    "ledger.none": ("Журнал пуст: сюда попадает всё, что система получила от Jarvis", "The ledger is empty: whatever the system got from Jarvis comes here",
                    "ჟურნალი ცარიელია: აქ ჩაიწერება ყველაფერი, რაც სისტემამ Jarvis-ისგან მიიღო"),
    "ledger.send": ("Сообщение", "Message", "შეტყობინება"), "ledger.edit": ("Правка", "Edit", "რედაქტირება"),
    "ledger.delete": ("Удаление", "Deletion", "წაშლა"), "ledger.write": ("Запись", "Write", "ჩაწერა"),
    "steps.none": ("Выберите «Шаги» под ответом Jarvis", "Choose “Steps” under an answer", "აირჩიეთ „ნაბიჯები“ პასუხის ქვეშ"),
    "steps.behind": ("Шаги за ответом", "Steps behind the answer", "ნაბიჯები პასუხის უკან"),
    "steps.count": ("Шаги: {n}", "Steps: {n}", "ნაბიჯები: {n}"),
    "time": ("время", "time", "დრო"), "cost": ("цена", "cost", "ფასი"),
    "calls": ("модель", "model", "მოდელი"), "writes": ("записи", "writes", "ჩაწერა"),
    "offline.short": ("офлайн", "offline", "ოფლაინ"),
    "writes.title": ("Записи по карточке", "Writes of the card", "ბარათის ჩანაწერები"),
    "write.approved": ("подтвердили", "confirmed by", "დაადასტურა"), "write.receipt": ("квитанция", "receipt", "ქვითარი"),
    "write.class": ("класс", "class", "კლასი"), "write.attempts": ("попыток: {n}", "attempts: {n}", "მცდელობა: {n}"),
    "write.cause": ("причина", "cause", "მიზეზი"),
    "effect.card.waiting": ("ждёт подтверждения", "waits for a word", "ელოდება დასტურს"),
    "effect.card.declined": ("отклонено", "rejected", "უარყოფილია"), "effect.card.expired": ("истекло", "expired", "ვადა გავიდა"),
    "effect.card.void": ("аннулировано", "void", "გაუქმებულია"), "effect.card.approved": ("подтверждено", "confirmed", "დადასტურებულია"),
    "effect.undo.pending": ("отменяется", "being undone", "უქმდება"), "effect.undo.claimed": ("отменяется", "being undone", "უქმდება"),
    "effect.undo.done": ("отменено", "undone", "გაუქმდა"), "effect.undo.dead": ("отменить не вышло", "undo failed", "ვერ გაუქმდა"),
    "effect.undo.unknown": ("неясно, отменено ли", "undo unknown", "გაურკვეველია"),
    "step.route": ("Маршрут", "Route", "მარშრუტი"), "step.model": ("Ответ роли", "The role's answer", "როლის პასუხი"),
    "step.tool": ("Чтение", "Read", "წაკითხვა"), "step.refused": ("Отказ", "Refused", "უარი"),
    "step.dropped": ("Выброшено без квитанции", "Dropped without a receipt", "ამოღებულია ქვითრის გარეშე"),
    "step.error": ("Не вышло", "Failed", "ვერ შესრულდა"), "step.answer": ("Ответ", "Answer", "პასუხი"),
    "raw": ("Что увидела модель", "What the model read", "რა დაინახა მოდელმა"), "prompt": ("инструкция", "prompt", "ინსტრუქცია"),
    "role.fleet": ("автопарк", "fleet", "ავტოპარკი"), "role.bookings": ("брони", "bookings", "ჯავშნები"),
    "role.clients": ("клиенты", "clients", "კლიენტები"), "role.guide": ("справка", "guide", "ცნობარი"),
    "out.question": ("вопрос", "question", "კითხვა"), "out.off_topic": ("не наша работа", "not our work", "ჩვენი საქმე არ არის"),
    "out.facts": ("факты", "facts", "ფაქტები"), "out.text": ("текст", "text", "ტექსტი"), "out.refusal": ("отказ", "refusal", "უარი"),
    "out.proposal": ("предложение", "proposal", "წინადადება"), "out.cause.model": ("модель не ответила", "the model did not answer", "მოდელმა არ უპასუხა"),
    "out.cause.time": ("не хватило времени", "ran out of time", "დრო არ ეყო"),
    "tool.car_card": ("Карточка авто", "Car card", "მანქანის ბარათი"), "tool.find_car": ("Найти авто", "Find cars", "მანქანის პოვნა"),
    "tool.list_cars": ("Список авто", "List cars", "მანქანების სია"), "tool.check_availability": ("Свободные", "Availability", "თავისუფალი"),
    "tool.booking_card": ("Карточка брони", "Booking card", "ჯავშნის ბარათი"), "tool.find_booking": ("Найти бронь", "Find bookings", "ჯავშნის პოვნა"),
    "tool.list_bookings": ("Список броней", "List bookings", "ჯავშნების სია"), "tool.check_conflicts": ("Накладки", "Conflicts", "გადაფარვა"),
    "tool.list_debts": ("Долги", "Debts", "დავალიანება"), "tool.who_changed": ("Кто менял", "Who changed", "ვინ შეცვალა"),
    "tool.client_card": ("Карточка клиента", "Client card", "კლიენტის ბარათი"), "tool.search_knowledge": ("Правила", "Rules", "წესები"),
    "tool.extend_booking": ("Продление", "Extension", "გახანგრძლივება"),
    "tool.change_booking": ("Изменение брони", "Change of booking", "ჯავშნის შეცვლა"),
    "tool.note_booking": ("Заметка в брони", "Note in booking", "ჩანაწერი ჯავშანში"),
    "tool.cancel_booking": ("Отмена брони", "Cancellation", "ჯავშნის გაუქმება"),
    "tool.create_booking": ("Новая бронь", "New booking", "ახალი ჯავშანი"), "tool.move_car": ("Перегон", "Move", "გადაყვანა"),
    "tool.set_car_state": ("Состояние авто", "State of car", "მანქანის მდგომარეობა"),
    "out.waits for approval": ("ждёт подтверждения", "waits for a word", "ელოდება დასტურს"),
    "out.cause.steps": ("слишком много шагов", "too many steps", "ნაბიჯები ძალიან ბევრია"),
    "param.until": ("до", "until", "მდე"), "param.until_day": ("до дня", "until day", "დღემდე"), "param.days": ("суток", "days", "დღე"),
    "param.move_next_to": ("следующую бронь на", "next booking to", "შემდეგი ჯავშანი"), "param.text": ("текст", "text", "ტექსტი"),
    "param.place_start": ("место выдачи", "pick-up place", "გაცემის ადგილი"), "param.place_end": ("место возврата", "return place", "დაბრუნების ადგილი"),
    "tool.about_jarvis": ("Что умею", "What I can do", "რა შემიძლია"),
    "param.request": ("просьба", "request", "მოთხოვნა"), "param.name": ("что сказано", "what was said", "რა ითქვა"),
    "param.car": ("авто", "car", "მანქანა"), "param.client": ("клиент", "client", "კლიენტი"), "param.number": ("номер", "number", "ნომერი"),
    "param.booking": ("бронь", "booking", "ჯავშანი"), "param.branch": ("филиал", "branch", "ფილიალი"), "param.start": ("с", "from", "დან"),
    "param.end": ("по", "to", "მდე"), "param.what": ("список", "list", "სია"), "param.kind": ("вид", "kind", "სახე"),
    "param.state": ("состояние", "state", "მდგომარეობა"), "param.question": ("вопрос", "question", "კითხვა"),
    "photo": ("Фото", "Photo", "ფოტო"), "edited": ("изменено", "edited", "შეცვლილია"),
    "skip": ("К переписке", "To the conversation", "მიმოწერაზე"),
    "online": ("На связи", "Connected", "კავშირშია"), "lost": ("Нет связи, пробую снова", "No connection, trying again", "კავშირი არ არის, ვცდი თავიდან"),
    "now": ("Сейчас", "Now", "ახლა"),
    "theme": ("Тема", "Theme", "თემა"), "language": ("Язык", "Language", "ენა"), "find": ("Имя или роль", "Name or role", "სახელი ან როლი"),
    "none.found": ("Ничего не нашлось", "Nothing found", "ვერაფერი მოიძებნა"),
    "error": ("Не удалось", "It failed", "ვერ მოხერხდა"),
    "role.employee": ("Сотрудник", "Employee", "თანამშრომელი"), "role.branch_head": ("Руководитель филиала", "Branch head", "ფილიალის ხელმძღვანელი"),
    "role.department_head": ("Руководитель подразделения", "Department head", "დეპარტამენტის ხელმძღვანელი"),
    "role.director": ("Директор", "Director", "დირექტორი"), "role.sales": ("Продажи", "Sales", "გაყიდვები"),
    "role.marketing": ("Маркетинг", "Marketing", "მარკეტინგი"), "role.accountant": ("Бухгалтер", "Accountant", "ბუღალტერი"),
    "role.mechanic": ("Механик", "Mechanic", "მექანიკოსი"), "role.admin": ("Администратор", "Administrator", "ადმინისტრატორი"),
    "role.prompt_engineer": ("Инженер промптов", "Prompt engineer", "პრომპტ-ინჟინერი"),
    "role.stranger": ("Посторонний", "Stranger", "უცხო"),
    "help": ("/ поиск · Enter отправить · ↑ ↓ чаты · [ ] соседний чат · S шаги · W мир · Alt 1…3 человек · Esc закрыть",
             "/ search · Enter send · ↑ ↓ chats · [ ] next chat · S steps · W world · Alt 1…3 person · Esc close",
             "/ ძებნა · Enter გაგზავნა · ↑ ↓ ჩატები · [ ] მეზობელი ჩატი · S ნაბიჯები · W სამყარო · Alt 1…3 ადამიანი · Esc დახურვა"),
    "keys": ("Клавиши", "Keys", "კლავიშები"),
    "change.move_car": ("Авто переехало в другой филиал", "A car moved to another branch", "მანქანა სხვა ფილიალში გადავიდა"),
    "change.set_car_state": ("Сменилось состояние авто", "A car's state changed", "მანქანის მდგომარეობა შეიცვალა"),
    "change.set_mileage": ("Изменился пробег", "Mileage changed", "გარბენი შეიცვალა"),
    "change.extend_booking": ("Бронь продлили", "A booking was extended", "ჯავშანი გახანგრძლივდა"),
    "change.change_booking": ("Бронь изменили (любое поле)", "A booking was changed (any field)", "ჯავშანი შეიცვალა (ნებისმიერი ველი)"),
    "change.create_booking": ("Новая бронь", "New booking", "ახალი ჯავშანი"), "change.issue_booking": ("Машину выдали", "A car was handed over", "მანქანა გაიცა"),
    "change.return_booking": ("Машину вернули", "A car was returned", "მანქანა დაბრუნდა"),
    "change.cancel_booking": ("Бронь отменили", "A booking was cancelled", "ჯავშანი გაუქმდა"),
    "change.rename_client": ("Клиента переименовали", "A client was renamed", "კლიენტს სახელი შეეცვალა"),
    "change.pay_debt": ("Долг оплачен (вебхука нет)", "A debt was paid (no webhook)", "ვალი გადაიხადეს (ვებჰუკის გარეშე)"),
    "change.block_bot": ("Человек заблокировал бота", "Somebody blocked the bot", "ადამიანმა ბოტი დაბლოკა"),
    "change.unblock_bot": ("Человек разблокировал бота", "Somebody unblocked the bot", "ადამიანმა ბოტი განბლოკა"),
    "arg.car": ("Авто", "Car", "მანქანა"), "arg.branch": ("Куда", "Where to", "სად"), "arg.state": ("Состояние", "State", "მდგომარეობა"),
    "arg.mileage": ("Пробег, км", "Mileage, km", "გარბენი, კმ"), "arg.booking": ("Бронь", "Booking", "ჯავშანი"),
    "arg.days": ("На сколько суток", "For how many days", "რამდენი დღით"), "arg.field": ("Поле", "Field", "ველი"),
    "arg.value": ("Значение", "Value", "მნიშვნელობა"), "arg.client": ("Клиент", "Client", "კლიენტი"),
    "arg.start": ("Через сколько суток", "In how many days", "რამდენ დღეში"), "arg.name": ("Имя", "First name", "სახელი"),
    "arg.lastname": ("Фамилия", "Last name", "გვარი"), "arg.person": ("Кто", "Who", "ვინ"),
}
# fmt: on
_COLUMN = {"ru": 0, "en": 1, "ka": 2}
Words = Callable[..., str]


def words(language: str) -> Words:
    """A function from a key (and its values) to a sentence; an unknown key is a bug and raises KeyError."""
    column = _COLUMN.get(language, 0)

    def say(key: str, **values: object) -> str:
        text = _WORDS[key][column]
        return text.format(**values) if values else text

    return say


def known(key: str) -> bool:
    """Whether the desk has a word of its own for this."""
    return key in _WORDS


def seconds(ms: int, language: str) -> str:
    """`38 мс`, `1,8 с`."""
    short, long = {"ru": ("мс", "с"), "en": ("ms", "s"), "ka": ("მწმ", "წმ")}[language]
    if ms < 1000:
        return f"{ms} {short}"
    text = f"{ms / 1000:.1f}"
    return f"{text if language == 'en' else text.replace('.', ',')} {long}"
