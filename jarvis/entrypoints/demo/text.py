"""Words of the desk in three languages, and the filters of its templates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jarvis.kit.clock import TBILISI

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
    "chats": ("Чаты", "Chats", "ჩატები"),
    "world": ("Мир", "World", "სამყარო"),
    "change": ("Изменить", "Change", "შეცვლა"),
    "ledger": ("Журнал", "Ledger", "ჟურნალი"),
    "steps": ("Шаги", "Steps", "ნაბიჯები"),
    "who_am_i": ("Кто я", "Who am I", "ვინ ვარ"),
    "send": ("Отправить", "Send", "გაგზავნა"),
    "write": ("Напишите Jarvis", "Write to Jarvis", "მისწერეთ Jarvis-ს"),
    "attach": ("Приложить фото", "Attach a photo", "ფოტოს დართვა"),
    "private": ("Личный чат", "Private chat", "პირადი ჩატი"),
    "group": ("Группа: ответит, если обратиться", "Group: answers when addressed", "ჯგუფი: პასუხობს, თუ მიმართავთ"),
    "ask.title": ("Спросите Jarvis", "Ask Jarvis", "ჰკითხეთ Jarvis-ს"),
    "ask.note": ("Где машина, что свободно, кто должен. Пишите как удобно.", "Where a car is, what is free, who owes. Write as you like.",
                 "სად არის მანქანა, რა არის თავისუფალი, ვის აქვს დავალიანება."),
    "vendor": ("Система", "System", "სისტემა"),
    "what": ("Что случилось", "What happened", "რა მოხდა"),
    "do": ("Изменить в", "Change in", "შეცვლა:"),
    "choose": ("Выбрать", "Choose", "არჩევა"),
    "faults": ("Сбои", "Faults", "შეფერხებები"),
    "fault.down": ("Не отвечает", "Does not answer", "არ პასუხობს"),
    "fault.slow": ("Медленно", "Slow", "ნელა"),
    "fault.duplicate": ("Дубли вебхуков", "Doubled webhooks", "გაორმაგებული ვებჰუკები"),
    "fault.stop": ("Прекратить", "Stop it", "შეწყვეტა"),
    "fault.on": ("Сбой включён", "A fault is on", "შეფერხება ჩართულია"),
    "clock.hour": ("+1 час", "+1 hour", "+1 საათი"),
    "clock.day": ("До завтра", "To tomorrow", "ხვალამდე"),
    "chain.you": ("Вы изменили", "You changed", "თქვენ შეცვალეთ"),
    "chain.hook": ("Пришёл вебхук", "The webhook came", "ვებჰუკი მოვიდა"),
    "chain.rule": ("Правило без модели", "A rule, no model", "წესი, მოდელის გარეშე"),
    "chain.dup": ("Повтор, не запускает ничего", "A copy, triggers nothing", "ასლი, არაფერს უშვებს"),
    "chain.none": ("Пока ничего не менялось", "Nothing has changed yet", "ჯერ არაფერი შეცვლილა"),
    "ledger.none": ("Журнал пуст", "The ledger is empty", "ჟურნალი ცარიელია"),
    "steps.none": ("Выберите «Шаги» под ответом Jarvis", "Choose “Steps” under an answer", "აირჩიეთ „ნაბიჯები“ პასუხის ქვეშ"),
    "time": ("время", "time", "დრო"), "cost": ("цена", "cost", "ფასი"),
    "calls": ("вызовы модели", "model calls", "მოდელის გამოძახება"), "writes": ("записи", "writes", "ჩაწერა"),
    "offline": ("офлайн, 0 ¢", "offline, 0 ¢", "ოფლაინ, 0 ¢"),
    "step.route": ("Кому поручить", "Who must act", "ვის დაევალოს"), "step.model": ("Ответ роли", "The role's answer", "როლის პასუხი"),
    "step.tool": ("Чтение", "Read", "წაკითხვა"), "step.refused": ("Отказ", "Refused", "უარი"),
    "step.dropped": ("Выброшено", "Dropped", "ამოღებულია"), "step.error": ("Не вышло", "Failed", "ვერ შესრულდა"),
    "step.answer": ("Ответ", "Answer", "პასუხი"),
    "photo": ("Фото", "Photo", "ფოტო"),
    "edited": ("изменено", "edited", "შეცვლილია"),
    "you": ("Вы", "You", "თქვენ"),
    "skip": ("К переписке", "To the conversation", "მიმოწერაზე"),
    "online": ("На связи", "Connected", "კავშირშია"), "lost": ("Нет связи, пробую снова", "No connection, trying again", "კავშირი არ არის"),
    "theme": ("Тема", "Theme", "თემა"), "back": ("Назад", "Back", "უკან"), "find": ("Имя или роль", "Name or role", "სახელი ან როლი"),
    "none.found": ("Ничего не нашлось", "Nothing found", "ვერაფერი მოიძებნა"),
    "role.employee": ("Сотрудник", "Employee", "თანამშრომელი"), "role.branch_head": ("Руководитель филиала", "Branch head", "ფილიალის ხელმძღვანელი"),
    "role.department_head": ("Руководитель подразделения", "Department head", "დეპარტამენტის ხელმძღვანელი"),
    "role.director": ("Директор", "Director", "დირექტორი"), "role.sales": ("Продажи", "Sales", "გაყიდვები"),
    "role.marketing": ("Маркетинг", "Marketing", "მარკეტინგი"), "role.accountant": ("Бухгалтер", "Accountant", "ბუღალტერი"),
    "role.mechanic": ("Механик", "Mechanic", "მექანიკოსი"), "role.admin": ("Администратор", "Administrator", "ადმინისტრატორი"),
    "role.prompt_engineer": ("Инженер промптов", "Prompt engineer", "პრომპტ-ინჟინერი"),
    "role.stranger": ("Посторонний", "Stranger", "უცხო"),
    "help": ("Клавиши: / поиск, Enter отправить, S шаги, W мир, [ ] чаты", "Keys: / search, Enter send, S steps, W world, [ ] chats",
             "კლავიშები: / ძებნა, Enter გაგზავნა, S ნაბიჯები, W სამყარო, [ ] ჩატები"),
    "error": ("Не удалось", "It failed", "ვერ მოხერხდა"),
}
# fmt: on
_COLUMN = {"ru": 0, "en": 1, "ka": 2}


def words(language: str) -> Callable[[str], str]:
    """A function from key to word."""
    column = _COLUMN.get(language, 0)
    return lambda key: _WORDS[key][column]


def filters() -> dict[str, Callable[..., Any]]:
    """Jinja filters."""
    return {"hm": hm, "initials": initials, "ground": ground, "drawn": drawn}


def hm(value: str | datetime | None) -> str:
    """`14:32` in Tbilisi."""
    if value is None:
        return ""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment.astimezone(TBILISI):%H:%M}"


def initials(name: str) -> str:
    """Two letters of a name."""
    return "".join(part[0] for part in name.split()[:2]).upper()


def ground(name: str) -> int:
    """One of five pale grounds, the same in every list."""
    return sum(map(ord, name)) % 5


# The fixed signs of our messages, drawn by the page: a bare system has no glyphs for them. Copied text stays as sent.
_CIRCLES = {"🟢": "#2E9E57", "🟠": "#D9822B", "🔴": "#C8332B", "⚫": "#333B40", "🔵": "#2B6CB0", "🩷": "#D46A9A", "⚪": "#C9D1D6",
            "🟡": "#D9B62B"}  # fmt: skip
_PATHS = {
    "🚗": "M2 10l2-4h8l2 4v3h-2v-1H4v1H2zM4 9h8l-1-2H5z", "📅": "M2 3h12v11H2zM4 7h8v5H4zM5 1v3M11 1v3",
    "👤": "M8 8a3 3 0 100-6 3 3 0 000 6zm-6 6a6 6 0 0112 0z", "📍": "M8 1a5 5 0 00-5 5c0 4 5 9 5 9s5-5 5-9a5 5 0 00-5-5z",
    "💰": "M6 1h4l-1 3c4 2 4 10-1 10S3 6 7 4z", "🔧": "M10 2a4 4 0 00-4 5L1 12l3 3 5-5a4 4 0 005-4l-2 2-3-3z",
    "❓": "M8 1a7 7 0 100 14A7 7 0 008 1zM7 11h2v2H7zm-1-5c0-3 5-3 5 0 0 2-2 2-2 4H7c0-3 2-3 2-4s-1-1-1 0z",
    "⚠": "M8 1l7 13H1zM7 6h2v4H7zm0 5h2v2H7z", "⛔": "M8 1a7 7 0 100 14A7 7 0 008 1zM4 7h8v2H4z",
    "🕓": "M8 1a7 7 0 100 14A7 7 0 008 1zM7 4h2v4l3 2-1 1-4-2z", "₾": "M3 14h10v-1H8a4 4 0 01-1-8v4h1V5h1v4h1V5a4 4 0 013 3h1a5 5 0 00-4-4V2H9v2H8V2H7v2a5 5 0 000 10z",
}  # fmt: skip
_SIGNS = re.compile("[" + "".join([*_CIRCLES, *_PATHS]) + "]\ufe0f?")


def drawn(html: str) -> str:
    """The text with its fixed signs as small pictures that keep the sign as their text alternative."""

    def draw(found: re.Match[str]) -> str:
        sign = found.group()[0]
        if sign in _CIRCLES:
            shape = f'<circle cx="8" cy="8" r="5" fill="{_CIRCLES[sign]}"/>'
        else:
            shape = f'<path d="{_PATHS[sign]}" fill="currentColor" fill-rule="evenodd"/>'
        return f'<svg class="sign" viewBox="0 0 16 16" role="img" aria-label="{sign}">{shape}</svg>'

    return _SIGNS.sub(draw, html)
