"""Times as people read them: local, with the weekday, 24 hours, no zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from jarvis.kit.clock import local, local_date

_DAYS = {
    "ru": ("пн", "вт", "ср", "чт", "пт", "сб", "вс"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "ka": ("ორშ", "სამ", "ოთხ", "ხუთ", "პარ", "შაბ", "კვ"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEAR = {
    "ru": {0: "сегодня", 1: "завтра", -1: "вчера"},
    "en": {0: "today", 1: "tomorrow", -1: "yesterday"},
    "ka": {0: "დღეს", 1: "ხვალ", -1: "გუშინ"},
}
_AGES = {
    "ru": (
        "только что",
        "{n} мин назад",
        "{n} ч назад ({t})",
        "вчера, {t}",
        "{d} ({n} дн.)",
        "никогда",
    ),
    "en": (
        "just now",
        "{n} min ago",
        "{n} h ago ({t})",
        "yesterday, {t}",
        "{d} ({n} days)",
        "never",
    ),
    "ka": ("ახლახან", "{n} წთ წინ", "{n} სთ წინ ({t})", "გუშინ, {t}", "{d} ({n} დღე)", "არასოდეს"),
}


def day(moment: datetime, now: datetime, language: str) -> str:
    """`пт 16.10`; the year only when it is not this one."""
    wall = local(moment)
    year = f".{wall:%Y}" if wall.year != local(now).year else ""
    if language == "en":
        return f"{_DAYS['en'][wall.weekday()]} {wall.day} {_MONTHS[wall.month - 1]}" + (
            f" {wall:%Y}" if year else ""
        )
    return f"{_DAYS[language][wall.weekday()]} {wall:%d.%m}{year}"


def moment(at: datetime | None, now: datetime, language: str) -> str:
    """`завтра, чт 15.10, 10:00`; a relative day when it is near, always with the date."""
    if at is None:
        return {"ru": "нет данных", "en": "no data", "ka": "მონაცემები არ არის"}[language]
    near = _NEAR[language].get((local_date(at) - local_date(now)).days)
    return f"{near + ', ' if near else ''}{day(at, now, language)}, {local(at):%H:%M}"


def short_moment(at: datetime | None, now: datetime, language: str) -> str:
    """The same without the relative day, for lists."""
    return (
        moment(None, now, language)
        if at is None
        else f"{day(at, now, language)}, {local(at):%H:%M}"
    )


def period(start: datetime, end: datetime, now: datetime, language: str) -> str:
    """`сб 17.10, 10:00 → вс 18.10, 20:00`; whole days without hours."""
    first, last = local(start), local(end)
    if (first.hour, first.minute, last.hour, last.minute) == (0, 0, 0, 0):
        final = end - timedelta(days=1)
        same = local_date(start) == local_date(final)
        return (
            day(start, now, language)
            if same
            else f"{day(start, now, language)} → {day(final, now, language)}"
        )
    return f"{day(start, now, language)}, {first:%H:%M} → {day(end, now, language)}, {last:%H:%M}"


def age(at: datetime | None, now: datetime, language: str) -> str:
    """`5 мин назад`, `3 ч назад (08:15)`, `вчера, 19:40`."""
    words = _AGES[language]
    if at is None:
        return words[5]
    seconds = max(0, int((now - at).total_seconds()))
    if seconds < 60:
        return words[0]
    if seconds < 3600:
        return words[1].format(n=seconds // 60)
    days = (local_date(now) - local_date(at)).days
    if days == 0 or seconds < 6 * 3600:
        return words[2].format(n=seconds // 3600, t=f"{local(at):%H:%M}")
    if days == 1:
        return words[3].format(t=f"{local(at):%H:%M}")
    return words[4].format(d=f"{local(at):%d.%m}", n=days)


def clock(at: datetime) -> str:
    """`11:24`."""
    return f"{local(at):%H:%M}"


def stamp(moment: datetime | None) -> str:
    """`12.03.2026 14:30`, for texts that are not updated; a dash when there is none."""
    return "—" if moment is None else f"{local(moment):%d.%m.%Y %H:%M}"


def day_of(day: date) -> str:
    """`12.03.2026`, for texts that are not updated."""
    return f"{day:%d.%m.%Y}"
