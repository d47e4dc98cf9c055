"""Texts and buttons of forms and check-lists: the message, its pages, the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.models import Form, Point
from jarvis.domains.forms.payloads import (
    AnswerPoint,
    AskReason,
    CloseForm,
    ExportReport,
    Flaw,
    FocusPoint,
    Format,
    HandOver,
    Reason,
    RejectPoint,
    RetakePhotos,
    ReworkPoint,
    ShowForm,
    ShowFormPage,
    TypeReason,
    WaivePoint,
)
from jarvis.domains.forms.templates import Item, Template
from jarvis.kit.clock import TBILISI, local_date
from jarvis.messaging.callbacks import Payload
from jarvis.messaging.markup import Markup, html, joined, lines
from jarvis.messaging.times import day, stamp
from jarvis.messaging.view import Button, Reader

SIGNS = {"missing": "☐", "received": "☑", "rejected": "⛔", "waived": "➖"}
SKIP_REASONS: Sequence[Reason] = ("absent", "no_need", "refused")
REJECT_REASONS: Sequence[Flaw] = ("blur", "wrong", "partial", "value")
FORMATS: Sequence[Format] = ("pdf", "json")
WORDS_MAX = 80  # characters of an answer in the message
REPORT_MAX = 3500
REFUSED_FILES = "refuse."  # prefix of the texts about files that are not accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class FormContext:
    """A form with the car, the booking and the colleagues (by id) that it names; `hands` are
    those it can be handed over to."""

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
    """Return the form's name as plain text: `Выдача №1200 · Malibu 235`."""
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    label = f" · {car.label}" if car is not None else ""
    return f"{template.title[reader.language]}{number}{label}"


def name(context: FormContext) -> str:
    """Return the form's name as plain text."""
    return named(context.form.template, context.car, context.booking, context.reader)


def message(context: FormContext) -> Markup:
    """Return the open form: progress, a line for each point, and what is asked next."""
    form, reader = context.form, context.reader
    complete = sum(p.complete for p in form.points)
    parts = [reader.say("form.progress", k=complete, n=len(form.points))]
    if form.deadline is not None:
        key = "form.until" if form.deadline > reader.now else "form.overdue"
        parts.append(reader.say(key, t=reader.brief(form.deadline)))
    rows = [
        _head(context),
        joined(" · ", [*parts, form.holder.split()[0]]),
        *(_line(p, context) for p in form.points),
    ]
    asked = form.next
    if asked is None or (asked.complete and form.focus is None):
        rows.append(reader.say("form.full"))
    else:
        what = asked.item.title[context.language]
        rows.append(reader.say("form.next", what=what, how=_how(asked, context)))
    return lines(rows)


def report(context: FormContext) -> Markup:
    """Return what is missing, then what was waived, then every answer; long texts are cut only
    if the report is too long otherwise."""
    whole = _report(context, whole=True)
    return whole if len(whole) <= REPORT_MAX else _report(context, whole=False)


def _report(context: FormContext, *, whole: bool) -> Markup:
    form, reader = context.form, context.reader
    rows = [_head(context)]
    if form.finished_at is not None:
        key = "form.closed" if form.state == "done" else "form.cancelled"
        rows.append(reader.say(key, t=stamp(form.finished_at), who=form.finished_by or "—"))
    rows.append(undone(context))
    waived = [
        f"{p.item.title[context.language]} ({_why(p, context)}, {p.by or '—'})"
        for p in form.points
        if p.state == "waived" and p.item.mandatory
    ]
    if waived:
        rows.append(reader.say("form.waivers", list="; ".join(waived)))
    for point in form.points:
        shown = value(point, context, whole=whole) or (
            _pictures(point, context) if point.item.kind == "photo" and point.photos else ""
        )
        if shown and point.state == "received":
            rows.append(html("• {}: {}", point.item.title[context.language], shown))
    return lines(rows)


def undone(context: FormContext) -> Markup:
    """Return `Не сделано 2: Колёса (2 из 4), Договор подписан`."""
    gaps = context.form.gaps
    if not gaps:
        return context.reader.say("form.complete")
    rows = [
        p.item.title[context.language] + (f" ({_pictures(p, context)})" if p.photos else "")
        for p in gaps
    ]
    return context.reader.say("form.undone", n=len(gaps), list=", ".join(rows))


def _head(context: FormContext) -> Markup:
    plate = (
        html(" · <code>{}</code>", show_plate(context.car.plate_key))
        if context.car is not None and context.car.plate_key
        else ""
    )
    return html("📝 <b>{}</b>{}", name(context), plate)


def _line(point: Point, context: FormContext) -> Markup:
    reader, title = context.reader, point.item.title[context.language]
    if point.state == "waived":
        who, why = (point.by or "—").split()[0], _why(point, context)
        return html("➖ {}: {}", title, reader.say("form.waived", who=who, why=why))
    details: list[str] = []
    if point.state == "rejected":
        details.append(_why(point, context))
    elif point.asked_by is not None:
        details.append(reader.say("form.asked", why=_why(point, context)))
    if point.item.kind == "photo" and point.photos:
        details.append(_pictures(point, context))
    elif point.state == "received" and (shown := value(point, context)):
        details.append(shown)
    if point.state == "missing" and not point.item.mandatory and not details:
        details.append(reader.say("form.optional"))
    line = html("{} {}", SIGNS[point.state], title)
    return html("{}: {}", line, joined(", ", details)) if details else line


def _pictures(point: Point, context: FormContext) -> str:
    """Return `6 из 8, нет: зад слева, крыша` as plain text, with additional photos and those
    still being stored."""
    reader, item = context.reader, point.item
    there = {p.view for p in point.photos if p.view is not None}
    lacking = [view[context.language] for n, view in enumerate(item.views, 1) if n not in there]
    more = sum(p.view is None for p in point.photos)
    key = "form.views" if lacking and there else "form.files"
    text = reader.label(key, k=len(there), n=item.wanted, list=", ".join(lacking)) + (
        f" +{more}" if more else ""
    )
    coming = sum(not p.arrived for p in point.photos)
    return f"{text}, {reader.label('form.arriving', n=coming)}" if coming else text


def value(point: Point, context: FormContext, *, whole: bool = False) -> str:
    """Return the answer as plain text; empty for ticks and photos."""
    item, language = point.item, context.language
    if item.kind == "number" and point.number is not None:
        return amount(point.number, item, context.reader)
    if item.kind == "date" and point.day is not None:
        return day_words(point.day, context.reader)
    if item.kind == "text" and point.words:
        return (
            point.words
            if whole or len(point.words) <= WORDS_MAX
            else f"{point.words[: WORDS_MAX - 1]}…"
        )
    if item.kind == "choice" and point.choice is not None:
        option = next((o.title[language] for o in item.options if o.key == point.choice), None)
        return option or context.people.get(point.choice, "—")
    return ""


def amount(number: Decimal, item: Item, reader: Reader) -> str:
    """Return a number with its unit: `48 215 км`."""
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
    """Return a reason as plain text: as it was typed, or the text of a predefined one (`.code
    argument`)."""
    if reason is None or not reason.startswith("."):
        return reason or "—"
    code, _, argument = reason[1:].partition(" ")
    key = code if code.startswith(REFUSED_FILES) else f"form.why.{code}"
    return reader.label(key, x=argument)


def _why(point: Point, context: FormContext) -> str:
    return why(point.reason, context.reader)


def _how(point: Point, context: FormContext) -> Markup:
    reader, item = context.reader, point.item
    if context.form.expects == "waive":
        return reader.say("form.how.waive")
    if item.kind == "photo":
        left = item.wanted - len({p.view for p in point.photos if p.view is not None})
        return reader.say("form.how.photo", n=max(left, 1))
    unit = f", {item.unit[reader.language]}" if item.unit else ""
    return reader.say(f"form.how.{item.kind}", unit=unit)


Page = Literal["main", "items", "skip", "give", "report"]


def button(label: str, payload: Payload) -> Button:
    """Return a button with its label cut to a readable length."""
    return Button(label=label[:34], payload=payload)


def main_buttons(context: FormContext) -> list[list[Button]]:
    """Return the answers of the next point, then what else can be done."""
    form, reader, asked = context.form, context.reader, context.form.next
    rows: list[list[Button]] = []
    line: list[Button] = []
    if asked is not None and form.expects == "answer":
        rows += _answers(asked, context)
        if not asked.complete:
            line.append(_leave_out(asked, context))
    if form.focus is not None or form.expects != "answer":
        line.append(_back(context))
    elif len(form.points) > 1:
        payload = ShowFormPage(form_id=form.id, page="items")
        line.append(button(reader.label("b.form.items"), payload))
    rows.append(line)
    rows.append(_ends(context))
    return [row for row in rows if row]


def _back(context: FormContext) -> Button:
    return button(context.reader.label("b.form.back"), ShowForm(form_id=context.form.id))


def _leave_out(point: Point, context: FormContext) -> Button:
    """Return the button that waives the point; of a mandatory one the reason is asked."""
    form_id, key = context.form.id, point.item.key
    if point.item.mandatory:
        return button(context.reader.label("b.form.skip"), AskReason(form_id=form_id, point=key))
    payload = WaivePoint(form_id=form_id, point=key, reason="optional")
    return button(context.reader.label("b.form.drop"), payload)


def _ends(context: FormContext) -> list[Button]:
    form, reader = context.form, context.reader
    done = CloseForm(form_id=form.id, state="done")
    if form.template.kind == "checklist":
        give = ShowFormPage(form_id=form.id, page="give")
        report = ShowFormPage(form_id=form.id, page="report")
        return [
            button(reader.label("b.form.give"), give),
            button(reader.label("b.form.report"), report)
            if form.gaps
            else button(reader.label("b.form.finish"), done),
        ]
    cancel = _cancel(context)
    return [cancel] if form.gaps else [cancel, button(reader.label("b.form.send"), done)]


def _cancel(context: FormContext) -> Button:
    payload = CloseForm(form_id=context.form.id, state="cancelled")
    return button(context.reader.label("b.form.cancel"), payload)


def _answers(point: Point, context: FormContext) -> list[list[Button]]:
    item, reader, form_id = point.item, context.reader, context.form.id
    if item.kind == "check":
        payload = AnswerPoint(form_id=form_id, point=item.key)
        return [[button(reader.label("b.form.done"), payload)]]
    if item.kind == "date":
        today = local_date(reader.now)
        near = (("today", 0), ("tomorrow", 1), ("after", 2))
        return [
            [
                button(
                    reader.label(f"b.form.{k}"),
                    AnswerPoint(form_id=form_id, point=item.key, day=today + timedelta(days=n)),
                )
                for k, n in near
            ]
        ]
    if item.kind == "choice":
        pairs = [(o.key, o.title[context.language]) for o in item.options] or [
            (k, n) for k, n in context.people.items() if k != str(context.form.holder_id)
        ]
        return in_rows(
            [
                button(title, AnswerPoint(form_id=form_id, point=item.key, choice=key))
                for key, title in pairs
            ]
        )
    if item.kind == "number" and point.state == "rejected" and point.number is not None:
        payload = AnswerPoint(form_id=form_id, point=item.key, number=point.number)
        shown = amount(point.number, item, reader)
        return [[button(reader.label("b.form.sure", x=shown), payload)]]
    if item.kind == "photo" and point.photos and context.form.focus == item.key:
        payload = RetakePhotos(form_id=form_id, point=item.key)
        return [[button(reader.label("b.form.retake"), payload)]]
    return []


def in_rows(buttons: Sequence[Button]) -> list[list[Button]]:
    """Arrange buttons three in a row if all labels are short, two if they fit, else one."""
    longest = max((len(b.label) for b in buttons), default=0)
    wide = 3 if longest <= 12 else 2 if longest <= 18 else 1
    return [list(buttons[n : n + wide]) for n in range(0, len(buttons), wide)]


def item_buttons(context: FormContext) -> list[list[Button]]:
    """Return a button for each point."""
    points = [
        button(
            f"{SIGNS[p.state]} {p.item.title[context.language]}",
            FocusPoint(form_id=context.form.id, point=p.item.key),
        )
        for p in context.form.points
    ]
    rows = [points[n : n + 2] for n in range(0, len(points), 2)]
    return [*rows, [_back(context)]]


def skip_buttons(context: FormContext, key: str) -> list[list[Button]]:
    """Return the reasons why a point is not needed."""
    reader, form_id = context.reader, context.form.id
    rows = [
        [
            button(
                reader.label(f"form.why.{code}"),
                WaivePoint(form_id=form_id, point=key, reason=code),
            )
        ]
        for code in SKIP_REASONS
    ]
    other = TypeReason(form_id=form_id, point=key)
    return [*rows, [button(reader.label("b.form.other"), other)], [_back(context)]]


def give_buttons(context: FormContext) -> list[list[Button]]:
    """Return the colleagues that the form can be handed over to."""
    people = [
        button(who, HandOver(form_id=context.form.id, to=UUID(key)))
        for key, who in context.hands.items()
        if key != str(context.form.holder_id)
    ]
    return [*in_rows(people), [_back(context)]]


def report_buttons(context: FormContext) -> list[list[Button]]:
    """Return the buttons of a report: finishing the form with its gaps, or, once it is finished,
    its files."""
    reader, form = context.reader, context.form
    if form.state == "open":
        label = (
            reader.label("b.form.gaps", n=len(form.gaps))
            if form.gaps
            else reader.label("b.form.finish")
        )
        return [
            [button(label, CloseForm(form_id=form.id, state="done"))],
            [_cancel(context), _back(context)],
        ]
    return [export_buttons(form)] if form.state == "done" else []


def export_buttons(form: Form) -> list[Button]:
    """Return the formats in which the report can be exported."""
    return [button(name.upper(), ExportReport(form_id=form.id, format=name)) for name in FORMATS]


def reject_buttons(context: FormContext, key: str | None) -> list[list[Button]]:
    """Return the points that can be sent back, or the reasons for one of them."""
    form_id = context.form.id
    if key is None:
        received = [p.item for p in context.form.points if p.state == "received"]
        return in_rows(
            [
                button(i.title[context.language], ReworkPoint(form_id=form_id, point=i.key))
                for i in received
            ]
        )
    return in_rows(
        [
            button(
                context.reader.label(f"form.why.{code}"),
                RejectPoint(form_id=form_id, point=key, reason=code),
            )
            for code in REJECT_REASONS
        ]
    )
