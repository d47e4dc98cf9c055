"""What a form or a check-list looks like: its one message, its buttons, its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Literal

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.service import Booking
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.service import Form, Point
from jarvis.domains.forms.templates import Item, Template
from jarvis.kit.clock import TBILISI, local_date
from jarvis.messaging.times import day, stamp
from jarvis.messaging.view import Button, Reader

SIGNS = {"missing": "☐", "received": "☑", "rejected": "⛔", "waived": "➖"}
SKIP_REASONS = ("absent", "no_need", "refused")
REJECT_REASONS = ("blur", "wrong", "partial", "value")
WORDS_MAX = 80  # characters of an answer in the message
REPORT_MAX = 3500
REFUSED_FILES = "refuse."  # words of the files that are none that we take


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A form with what its lines name: the car, the booking, colleagues by id; `hands` those who
    may go on with it."""

    form: Form
    car: Car | None
    booking: Booking | None
    people: Mapping[str, str]
    hands: Mapping[str, str]
    reader: Reader

    @property
    def language(self) -> str:
        return self.reader.language


def named(template: Template, car: Car | None, booking: Booking | None, reader: Reader) -> str:
    """`Выдача №1200 · Malibu 235`, as plain text."""
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    label = f" · {car.label}" if car is not None else ""
    return f"{template.title[reader.language]}{number}{label}"


def name(sheet: Sheet) -> str:
    """The form's name, escaped."""
    return escape(named(sheet.form.template, sheet.car, sheet.booking, sheet.reader))


def message(sheet: Sheet) -> str:
    """The form as it stands: progress, a line a point, what is next."""
    form, reader = sheet.form, sheet.reader
    settled = sum(p.settled for p in form.points)
    parts = [reader.say("form.progress", k=settled, n=len(form.points))]
    if form.deadline is not None:
        key = "form.until" if form.deadline > reader.now else "form.overdue"
        parts.append(reader.say(key, t=reader.brief(form.deadline)))
    lines = [
        _head(sheet),
        " · ".join([*parts, escape(form.holder.split()[0])]),
        *(_line(p, sheet) for p in form.points),
    ]
    asked = form.next
    if asked is None or (asked.settled and form.focus is None):
        lines.append(reader.say("form.full"))
    else:
        lines.append(
            reader.say(
                "form.next", what=escape(asked.item.title[sheet.language]), how=_how(asked, sheet)
            )
        )
    return "\n".join(lines)


def report(sheet: Sheet) -> str:
    """What is not done first, then what was waived, then every answer; long words are cut only when
    not all of it fits."""
    whole = _report(sheet, whole=True)
    return whole if len(whole) <= REPORT_MAX else _report(sheet, whole=False)


def _report(sheet: Sheet, *, whole: bool) -> str:
    form, reader = sheet.form, sheet.reader
    lines = [_head(sheet)]
    if form.finished_at is not None:
        key = "form.closed" if form.state == "done" else "form.cancelled"
        lines.append(
            reader.say(key, t=stamp(form.finished_at), who=escape(form.finished_by or "—"))
        )
    lines.append(undone(sheet))
    waived = [
        f"{escape(p.item.title[sheet.language])} ({_why(p, sheet)}, {escape(p.by or '—')})"
        for p in form.points
        if p.state == "waived" and p.item.mandatory
    ]
    if waived:
        lines.append(reader.say("form.waivers", list="; ".join(waived)))
    for point in form.points:
        shown = value(point, sheet, whole=whole) or (
            _pictures(point, sheet) if point.item.kind == "photo" and point.photos else ""
        )
        if shown and point.state == "received":
            lines.append(f"• {escape(point.item.title[sheet.language])}: {shown}")
    return "\n".join(lines)


def undone(sheet: Sheet) -> str:
    """`Не сделано 2: Колёса (2 из 4), Договор подписан`."""
    gaps = sheet.form.gaps
    if not gaps:
        return sheet.reader.say("form.complete")
    rows = [
        escape(p.item.title[sheet.language]) + (f" ({_pictures(p, sheet)})" if p.photos else "")
        for p in gaps
    ]
    return sheet.reader.say("form.undone", n=len(gaps), list=", ".join(rows))


def _head(sheet: Sheet) -> str:
    plate = (
        f" · <code>{show_plate(sheet.car.plate_key)}</code>"
        if sheet.car is not None and sheet.car.plate_key
        else ""
    )
    return f"📝 <b>{name(sheet)}</b>{plate}"


def _line(point: Point, sheet: Sheet) -> str:
    reader, title = sheet.reader, escape(point.item.title[sheet.language])
    if point.state == "waived":
        who, why = escape((point.by or "—").split()[0]), _why(point, sheet)
        return f"➖ {title}: {reader.say('form.waived', who=who, why=why)}"
    details: list[str] = []
    if point.state == "rejected":
        details.append(_why(point, sheet))
    elif point.asked_by is not None:
        details.append(reader.say("form.asked", why=_why(point, sheet)))
    if point.item.kind == "photo" and point.photos:
        details.append(_pictures(point, sheet))
    elif point.state == "received" and (shown := value(point, sheet)):
        details.append(shown)
    if point.state == "missing" and not point.item.mandatory and not details:
        details.append(reader.say("form.optional"))
    return f"{SIGNS[point.state]} {title}" + (f": {', '.join(details)}" if details else "")


def _pictures(point: Point, sheet: Sheet) -> str:
    """`6 из 8, нет: зад слева, крыша`; what came beyond the views, and what is on its way."""
    reader, item = sheet.reader, point.item
    there = {p.view for p in point.photos if p.view is not None}
    lacking = [view[sheet.language] for n, view in enumerate(item.views, 1) if n not in there]
    more = sum(p.view is None for p in point.photos)
    key = "form.views" if lacking and there else "form.files"
    text = reader.say(key, k=len(there), n=item.wanted, list=", ".join(lacking)) + (
        f" +{more}" if more else ""
    )
    coming = sum(not p.arrived for p in point.photos)
    return f"{text}, {reader.say('form.arriving', n=coming)}" if coming else text


def value(point: Point, sheet: Sheet, *, whole: bool = False) -> str:
    """The answer as people read it, escaped; empty when it has none of its own (a tick,
    pictures)."""
    item, language = point.item, sheet.language
    if item.kind == "number" and point.number is not None:
        return escape(amount(point.number, item, sheet.reader))
    if item.kind == "date" and point.day is not None:
        return day_words(point.day, sheet.reader)
    if item.kind == "text" and point.words:
        text = (
            point.words
            if whole or len(point.words) <= WORDS_MAX
            else f"{point.words[: WORDS_MAX - 1]}…"
        )
        return escape(text)
    if item.kind == "choice" and point.choice is not None:
        option = next((o.title[language] for o in item.options if o.key == point.choice), None)
        return escape(option or sheet.people.get(point.choice, "—"))
    return ""


def amount(number: Decimal, item: Item, reader: Reader) -> str:
    """`48 215 км`."""
    shown = (
        reader.count(int(number))
        if number == int(number)
        else f"{number:,.2f}".replace(",", "\N{NO-BREAK SPACE}")
    )
    return f"{shown} {item.unit[reader.language]}" if item.unit else shown


def day_words(value: date, reader: Reader) -> str:
    return day(
        datetime(value.year, value.month, value.day, 12, tzinfo=TBILISI),
        reader.now,
        reader.language,
    )


def why(reason: str | None, reader: Reader) -> str:
    """A reason as it was written, or (`.code argument`) as we have it in words; escaped."""
    if reason is None or not reason.startswith("."):
        return escape(reason or "—")
    code, _, argument = reason[1:].partition(" ")
    key = code if code.startswith(REFUSED_FILES) else f"form.why.{code}"
    return reader.say(key, x=escape(argument))


def _why(point: Point, sheet: Sheet) -> str:
    return why(point.reason, sheet.reader)


def _how(point: Point, sheet: Sheet) -> str:
    reader, item = sheet.reader, point.item
    if sheet.form.expects == "waive":
        return reader.say("form.how.waive")
    if item.kind == "photo":
        left = item.wanted - len({p.view for p in point.photos if p.view is not None})
        return reader.say("form.how.photo", n=max(left, 1))
    unit = f", {item.unit[reader.language]}" if item.unit else ""
    return reader.say(f"form.how.{item.kind}", unit=unit)


# buttons; a choice is `verb|form|point|value`

Page = Literal["main", "items", "skip", "give", "report"]


def button(
    sheet: Sheet, label: str, verb: str, *rest: object, kind: Literal["form", "report_of"] = "form"
) -> Button:
    return Button(
        label=label[:34], request="|".join([verb, str(sheet.form.id), *map(str, rest)]), kind=kind
    )


def main_buttons(sheet: Sheet) -> list[list[Button]]:
    """Answers of the point that is next, then what else can be done."""
    form, reader, asked = sheet.form, sheet.reader, sheet.form.next
    rows: list[list[Button]] = []
    line: list[Button] = []
    if asked is not None and form.expects == "answer":
        rows += _answers(asked, sheet)
        if not asked.settled:
            verb = "skip" if asked.item.mandatory else "drop"
            line.append(button(sheet, reader.say(f"b.form.{verb}"), verb, asked.item.key))
    if form.focus is not None or form.expects != "answer":
        line.append(button(sheet, reader.say("b.form.back"), "main"))
    elif len(form.points) > 1:
        line.append(button(sheet, reader.say("b.form.items"), "items"))
    rows.append(line)
    rows.append(_ends(sheet))
    return [row for row in rows if row]


def _ends(sheet: Sheet) -> list[Button]:
    form, reader = sheet.form, sheet.reader
    if form.template.kind == "checklist":
        last = ("b.form.report", "report") if form.gaps else ("b.form.finish", "done")
        return [
            button(sheet, reader.say("b.form.give"), "give"),
            button(sheet, reader.say(last[0]), last[1]),
        ]
    cancel = button(sheet, reader.say("b.form.cancel"), "cancel")
    return [cancel] if form.gaps else [cancel, button(sheet, reader.say("b.form.send"), "done")]


def _answers(point: Point, sheet: Sheet) -> list[list[Button]]:
    item, reader = point.item, sheet.reader
    if item.kind == "check":
        return [[button(sheet, reader.say("b.form.done"), "pick", item.key, "1")]]
    if item.kind == "date":
        today = local_date(reader.now)
        near = (("today", 0), ("tomorrow", 1), ("after", 2))
        return [
            [
                button(
                    sheet, reader.say(f"b.form.{k}"), "pick", item.key, today + timedelta(days=n)
                )
                for k, n in near
            ]
        ]
    if item.kind == "choice":
        pairs = [(o.key, o.title[sheet.language]) for o in item.options] or [
            (k, n) for k, n in sheet.people.items() if k != str(sheet.form.holder_id)
        ]
        return in_rows([button(sheet, title, "pick", item.key, key) for key, title in pairs])
    if item.kind == "number" and point.state == "rejected" and point.number is not None:
        shown = amount(point.number, item, reader)
        return [[button(sheet, reader.say("b.form.sure", x=shown), "pick", item.key, point.number)]]
    if item.kind == "photo" and point.photos and sheet.form.focus == item.key:
        return [[button(sheet, reader.say("b.form.retake"), "retake", item.key)]]
    return []


def in_rows(buttons: Sequence[Button]) -> list[list[Button]]:
    """Three in a row when all labels are short, two when they fit, else one."""
    longest = max((len(b.label) for b in buttons), default=0)
    wide = 3 if longest <= 12 else 2 if longest <= 18 else 1
    return [list(buttons[n : n + wide]) for n in range(0, len(buttons), wide)]


def item_buttons(sheet: Sheet) -> list[list[Button]]:
    """Every point, to go to it."""
    points = [
        button(sheet, f"{SIGNS[p.state]} {p.item.title[sheet.language]}", "focus", p.item.key)
        for p in sheet.form.points
    ]
    rows = [points[n : n + 2] for n in range(0, len(points), 2)]
    return [*rows, [button(sheet, sheet.reader.say("b.form.back"), "main")]]


def skip_buttons(sheet: Sheet, key: str) -> list[list[Button]]:
    """Why a point is not needed."""
    reader = sheet.reader
    rows = [
        [button(sheet, reader.say(f"form.why.{code}"), "why", key, code)] for code in SKIP_REASONS
    ]
    rows.append([button(sheet, reader.say("b.form.other"), "other", key)])
    return [*rows, [button(sheet, reader.say("b.form.back"), "main")]]


def give_buttons(sheet: Sheet) -> list[list[Button]]:
    """To whom it may be handed over."""
    people = [
        button(sheet, who, "to", key)
        for key, who in sheet.hands.items()
        if key != str(sheet.form.holder_id)
    ]
    return [*in_rows(people), [button(sheet, sheet.reader.say("b.form.back"), "main")]]


def report_buttons(sheet: Sheet) -> list[list[Button]]:
    """Below a report: close it with its gaps, or, when that is done, its files."""
    reader, form = sheet.reader, sheet.form
    if form.state == "open":
        label = (
            reader.say("b.form.gaps", n=len(form.gaps))
            if form.gaps
            else reader.say("b.form.finish")
        )
        back = button(sheet, reader.say("b.form.back"), "main")
        return [
            [button(sheet, label, "done")],
            [button(sheet, reader.say("b.form.cancel"), "cancel"), back],
        ]
    return (
        [[button(sheet, name.upper(), name, kind="report_of") for name in ("pdf", "json")]]
        if form.state == "done"
        else []
    )


def reject_buttons(sheet: Sheet, key: str | None) -> list[list[Button]]:
    """What a head sends back: the point, then why."""
    if key is None:
        received = [p.item for p in sheet.form.points if p.state == "received"]
        return in_rows(
            [
                button(sheet, i.title[sheet.language], "reject", i.key, kind="report_of")
                for i in received
            ]
        )
    reasons = [(code, sheet.reader.say(f"form.why.{code}")) for code in REJECT_REASONS]
    return in_rows(
        [button(sheet, words, "bad", key, code, kind="report_of") for code, words in reasons]
    )
