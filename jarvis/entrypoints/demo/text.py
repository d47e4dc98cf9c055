"""Texts of the desk in three languages; the names of a noun's tools are in the noun's own
catalogue."""

from __future__ import annotations

from collections.abc import Callable

from jarvis.messaging import catalogue

_WORDS: dict[str, tuple[str, str, str]] = {
    "who": ("Кто вы сегодня?", "Who are you today?", "ვინ ხართ დღეს?"),
    "who.note": (
        "Вы увидите Telegram глазами этого человека. Сменить можно в любой момент.",
        "You will see Telegram through this person's eyes. Change it at any time.",
        "Telegram-ს ამ ადამიანის თვალით დაინახავთ. შეცვლა ნებისმიერ დროს შეიძლება.",
    ),
    "company": ("Вся компания", "Whole company", "მთელი კომპანია"),
    "refused": ("Проверить отказ", "Try a refusal", "უარის შემოწმება"),
    "dismissed": ("Уволен", "Has left", "წასულია"),
    "stranger": ("Не привязан к компании", "Not of the company", "კომპანიაში არ არის"),
    "sandbox": ("Песочница", "Sandbox", "ქვიშის ყუთი"),
    "chats": ("Чаты", "Chats", "ჩატები"),
    "world": ("Мир", "World", "სამყარო"),
    "change": ("Изменить", "Change", "შეცვლა"),
    "ledger": ("Журнал", "Ledger", "ჟურნალი"),
    "records": ("Записи", "Records", "ჩანაწერები"),
    "records.none": ("Пока пусто", "Nothing yet", "ჯერ ცარიელია"),
    "records.more": ("и ещё {n}", "and {n} more", "და კიდევ {n}"),
    "changes.none": (
        "Здесь менять нечего",
        "There is nothing to change here",
        "აქ შესაცვლელი არაფერია",
    ),
    "steps": ("Шаги", "Steps", "ნაბიჯები"),
    "who_am_i": ("Кто я", "Who am I", "ვინ ვარ"),
    "close": ("Закрыть", "Close", "დახურვა"),
    "back": ("Назад", "Back", "უკან"),
    "clear": ("Очистить", "Clear", "გასუფთავება"),
    "search": ("Чат или слово", "Chat or word", "ჩატი ან სიტყვა"),
    "send": ("Отправить", "Send", "გაგზავნა"),
    "write": ("Напишите Jarvis", "Write to Jarvis", "მისწერეთ Jarvis-ს"),
    "attach": ("Приложить фото", "Attach photos", "ფოტოების დართვა"),
    "kind.video": ("Видео", "Video", "ვიდეო"),
    "kind.video_note": ("Видеосообщение", "Video note", "ვიდეოშეტყობინება"),
    "kind.voice": ("Голосовое", "Voice", "ხმოვანი"),
    "kind.audio": ("Аудио", "Audio", "აუდიო"),
    "kind.gif": ("GIF", "GIF", "GIF"),
    "kind.document": ("Файл", "File", "ფაილი"),
    "private": ("Личный чат", "Private chat", "პირადი ჩატი"),
    "topics": ("Темы: {n}", "Topics: {n}", "თემები: {n}"),
    "topic.closed": ("закрыта", "closed", "დახურულია"),
    "topic.empty": ("Пусто", "Empty", "ცარიელია"),
    "pinned": ("Закреплено", "Pinned", "მიმაგრებულია"),
    "group": (
        "Группа: ответит, если обратиться",
        "Group: answers when addressed",
        "ჯგუფი: პასუხობს, თუ მიმართავთ",
    ),
    "ask.title": ("Спросите Jarvis", "Ask Jarvis", "ჰკითხეთ Jarvis-ს"),
    "ask.note": (
        "Где машина, что свободно, кто должен. Пишите как удобно.",
        "Where a car is, what is free, who owes. Write as you like.",
        "სად არის მანქანა, რა არის თავისუფალი, ვის აქვს დავალიანება.",
    ),
    "ask.1": (
        "Что свободно на выходные?",
        "What is free this weekend?",
        "რა არის თავისუფალი შაბათ-კვირას?",
    ),
    "ask.2": ("Где приус 417?", "Where is prius 417?", "სად არის პრიუს 417?"),
    "today": ("Сегодня", "Today", "დღეს"),
    "yesterday": ("Вчера", "Yesterday", "გუშინ"),
    "newer": ("Новых", "New", "ახალი"),
    "unread": ("непрочитанных", "unread", "წაუკითხავი"),
    "vendor": ("Система", "System", "სისტემა"),
    "what": ("Что случилось", "What happened", "რა მოხდა"),
    "do": ("Изменить в", "Change in", "შეცვლა:"),
    "choose": ("Выбрать", "Choose", "არჩევა"),
    "faults": ("Сбои", "Faults", "შეფერხებები"),
    "fault.stop": ("Прекратить", "Stop it", "შეწყვეტა"),
    "fault.on": ("Сбой включён", "A fault is on", "შეფერხება ჩართულია"),
    "clock.hour": ("+1 час", "+1 hour", "+1 საათი"),
    "clock.day": ("До завтра", "To tomorrow", "ხვალამდე"),
    "chain.you": ("Вы изменили запись в", "You changed a record in", "თქვენ შეცვალეთ ჩანაწერი:"),
    "chain.hook": (
        "Пришёл вебхук, записан до ответа",
        "The webhook came, stored before the answer",
        "ვებჰუკი მოვიდა, პასუხამდე ჩაიწერა",
    ),
    "chain.dup": (
        "Копия вебхука: ничего не запускает",
        "A copy of the webhook: triggers nothing",
        "ვებჰუკის ასლი: არაფერს უშვებს",
    ),
    "chain.reread": ("Запись перечитана", "The record was read anew", "ჩანაწერი თავიდან წაიკითხა"),
    "chain.told": (
        "Копия отмечена, запись будет перечитана",
        "The copy is noted, the record will be read anew",
        "ასლი აღინიშნა, ჩანაწერი თავიდან წაიკითხება",
    ),
    "chain.event": (
        "Событие «{x}», правило без модели",
        "Event “{x}”, a rule, no model",
        "მოვლენა „{x}“, წესი მოდელის გარეშე",
    ),
    "chain.none": ("Пока ничего не менялось", "Nothing has changed yet", "ჯერ არაფერი შეცვლილა"),
    "chain.took": ("дошло за {x}", "arrived in {x}", "მოვიდა: {x}"),
    "chain.waits": ("в пути", "on its way", "გზაშია"),
    "chain.copy": ("повтор", "copy", "ასლი"),
    "chain.lost": ("вебхук не пришёл", "no webhook came", "ვებჰუკი არ მოვიდა"),
    "event.other": ("другое", "other", "სხვა"),
    "ledger.none": (
        "Журнал пуст: сюда попадает всё, что система получила от Jarvis",
        "The ledger is empty: whatever the system got from Jarvis comes here",
        "ჟურნალი ცარიელია: აქ ჩაიწერება ყველაფერი, რაც სისტემამ Jarvis-ისგან მიიღო",
    ),
    "steps.none": (
        "Выберите «Шаги» под ответом Jarvis",
        "Choose “Steps” under an answer",
        "აირჩიეთ „ნაბიჯები“ პასუხის ქვეშ",
    ),
    "steps.behind": ("Шаги за ответом", "Steps behind the answer", "ნაბიჯები პასუხის უკან"),
    "steps.count": ("Шаги: {n}", "Steps: {n}", "ნაბიჯები: {n}"),
    "time": ("время", "time", "დრო"),
    "cost": ("цена", "cost", "ფასი"),
    "calls": ("модель", "model", "მოდელი"),
    "writes": ("записи", "writes", "ჩაწერა"),
    "offline.short": ("офлайн", "offline", "ოფლაინ"),
    "writes.title": ("Записи по карточке", "Writes of the card", "ბარათის ჩანაწერები"),
    "write.approved": ("подтвердили", "confirmed by", "დაადასტურა"),
    "write.receipt": ("квитанция", "receipt", "ქვითარი"),
    "write.class": ("класс", "class", "კლასი"),
    "write.attempts": ("попыток: {n}", "attempts: {n}", "მცდელობა: {n}"),
    "write.cause": ("причина", "cause", "მიზეზი"),
    "effect.card.waiting": ("ждёт подтверждения", "waits for a word", "ელოდება დასტურს"),
    "effect.card.declined": ("отклонено", "rejected", "უარყოფილია"),
    "effect.card.expired": ("истекло", "expired", "ვადა გავიდა"),
    "effect.card.void": ("аннулировано", "void", "გაუქმებულია"),
    "effect.card.approved": ("подтверждено", "confirmed", "დადასტურებულია"),
    "effect.undo.pending": ("отменяется", "being undone", "უქმდება"),
    "effect.undo.claimed": ("отменяется", "being undone", "უქმდება"),
    "effect.undo.done": ("отменено", "undone", "გაუქმდა"),
    "effect.undo.dead": ("отменить не вышло", "undo failed", "ვერ გაუქმდა"),
    "effect.undo.unknown": ("неясно, отменено ли", "undo unknown", "გაურკვეველია"),
    "step.route": ("Маршрут", "Route", "მარშრუტი"),
    "step.model": ("Ответ роли", "The role's answer", "როლის პასუხი"),
    "step.tool": ("Чтение", "Read", "წაკითხვა"),
    "step.refused": ("Отказ", "Refused", "უარი"),
    "step.dropped": (
        "Не показано: ничем не подтверждено",
        "Not shown: nothing bears it out",
        "არ არის ნაჩვენები: არაფრით დასტურდება",
    ),
    "step.error": ("Не вышло", "Failed", "ვერ შესრულდა"),
    "step.answer": ("Ответ", "Answer", "პასუხი"),
    "raw": ("Что увидела модель", "What the model read", "რა დაინახა მოდელმა"),
    "prompt": ("инструкция", "prompt", "ინსტრუქცია"),
    "out.question": ("вопрос", "question", "კითხვა"),
    "out.off_topic": ("не наша работа", "not our work", "ჩვენი საქმე არ არის"),
    "out.facts": ("факты", "facts", "ფაქტები"),
    "out.text": ("текст", "text", "ტექსტი"),
    "out.refusal": ("отказ", "refusal", "უარი"),
    "out.proposal": ("предложение", "proposal", "წინადადება"),
    "out.cause.model": ("модель не ответила", "the model did not answer", "მოდელმა არ უპასუხა"),
    "out.cause.time": ("не хватило времени", "ran out of time", "დრო არ ეყო"),
    "out.waits for approval": ("ждёт подтверждения", "waits for a word", "ელოდება დასტურს"),
    "out.cause.steps": ("слишком много шагов", "too many steps", "ნაბიჯები ძალიან ბევრია"),
    "param.request": ("просьба", "request", "მოთხოვნა"),
    "param.name": ("что сказано", "what was said", "რა ითქვა"),
    "photo": ("Фото", "Photo", "ფოტო"),
    "edited": ("изменено", "edited", "შეცვლილია"),
    "skip": ("К переписке", "To the conversation", "მიმოწერაზე"),
    "online": ("На связи", "Connected", "კავშირშია"),
    "lost": (
        "Нет связи, пробую снова",
        "No connection, trying again",
        "კავშირი არ არის, ვცდი თავიდან",
    ),
    "now": ("Сейчас", "Now", "ახლა"),
    "theme": ("Тема", "Theme", "თემა"),
    "language": ("Язык", "Language", "ენა"),
    "find": ("Имя или роль", "Name or role", "სახელი ან როლი"),
    "none.found": ("Ничего не нашлось", "Nothing found", "ვერაფერი მოიძებნა"),
    "error": ("Не удалось", "It failed", "ვერ მოხერხდა"),
    "role.employee": ("Сотрудник", "Employee", "თანამშრომელი"),
    "role.branch_head": ("Руководитель филиала", "Branch head", "ფილიალის ხელმძღვანელი"),
    "role.department_head": (
        "Руководитель подразделения",
        "Department head",
        "დეპარტამენტის ხელმძღვანელი",
    ),
    "role.director": ("Директор", "Director", "დირექტორი"),
    "role.sales": ("Продажи", "Sales", "გაყიდვები"),
    "role.marketing": ("Маркетинг", "Marketing", "მარკეტინგი"),
    "role.accountant": ("Бухгалтер", "Accountant", "ბუღალტერი"),
    "role.mechanic": ("Механик", "Mechanic", "მექანიკოსი"),
    "role.admin": ("Администратор", "Administrator", "ადმინისტრატორი"),
    "role.prompt_engineer": ("Инженер промптов", "Prompt engineer", "პრომპტ-ინჟინერი"),
    "role.stranger": ("Посторонний", "Stranger", "უცხო"),
    "help": (
        "/ поиск · Enter отправить · ↑ ↓ чаты · [ ] соседний чат · S шаги · W мир · Alt 1…3 человек · Esc закрыть",
        "/ search · Enter send · ↑ ↓ chats · [ ] next chat · S steps · W world · Alt 1…3 person · Esc close",
        "/ ძებნა · Enter გაგზავნა · ↑ ↓ ჩატები · [ ] მეზობელი ჩატი · S ნაბიჯები · W სამყარო · Alt 1…3 ადამიანი · Esc დახურვა",
    ),
    "keys": ("Клавиши", "Keys", "კლავიშები"),
}

_COLUMN = {"ru": 0, "en": 1, "ka": 2}
Words = Callable[..., str]


def words(language: str) -> Words:
    """A function from a key (and its values) to a sentence; an unknown key is a bug and raises
    KeyError."""
    column = _COLUMN.get(language, 0)

    def say(key: str, **values: object) -> str:
        if key not in _WORDS:
            return catalogue.label(key, language, **values)
        text = _WORDS[key][column]
        return text.format(**values) if values else text

    return say


def known(key: str) -> bool:
    """Whether the desk has a text for this key."""
    return key in (_WORDS.keys() | catalogue.keys())


def seconds(ms: int, language: str) -> str:
    """`38 мс`, `1,8 с`."""
    short, long = {"ru": ("мс", "с"), "en": ("ms", "s"), "ka": ("მწმ", "წმ")}[language]
    if ms < 1000:
        return f"{ms} {short}"
    text = f"{ms / 1000:.1f}"
    return f"{text if language == 'en' else text.replace('.', ',')} {long}"
