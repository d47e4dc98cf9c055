"""Answers to questions about check-lists."""

from __future__ import annotations

from jarvis.domains.forms.facts import ChecklistFact, StartedFact
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.payloads import OpenForm
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.times import clock
from jarvis.messaging.view import Button, Reader, Rendered, shows

GAPS = 4


@shows(ChecklistFact)
def checklists(fact: ChecklistFact, reader: Reader) -> Rendered:
    """Return a line for each check-list: progress, who fills it in, what is missing; with a
    button for each open one."""
    where = (
        fact.subject
        if fact.subject
        else reader.branch(fact.branch)
        if fact.branch
        else reader.label("company")
    )
    if not fact.forms:
        return Rendered(text=reader.say("house.nolists", what=where))
    rows, buttons = [reader.say("house.lists", what=where)], list[list[Button]]()
    for form, label in fact.forms:
        title = f"{form.template.title[reader.language]} {label}".strip()
        sign = "☑" if form.state == "done" else "☐"
        rows.append(html("{} <b>{}</b> · {}", sign, title, _state(form, reader)))
        if form.gaps:
            names = [p.item.title[reader.language] for p in form.gaps]
            more = f" +{len(names) - GAPS}" if len(names) > GAPS else ""
            undone = reader.say("house.undone", list=f"{', '.join(names[:GAPS])}{more}")
            rows.append(html("  {}", undone))
        if form.state == "open":
            buttons.append([Button(label=title[:34], payload=OpenForm(form_id=form.id))])
    return Rendered(text=lines(rows), buttons=buttons)


def _state(form: Form, reader: Reader) -> Markup:
    if form.state == "done":
        return reader.say(
            "house.closed",
            who=form.finished_by or form.holder,
            t=clock(form.finished_at or form.started_at),
        )
    complete = sum(p.complete for p in form.points)
    progress = reader.say("form.progress", k=complete, n=len(form.points))
    return html("{} · {}", progress, form.holder)


@shows(StartedFact)
def started(fact: StartedFact, reader: Reader) -> Rendered:
    title = f"{fact.template.title[reader.language]} {fact.label}"
    return Rendered(text=html("📝 {}", reader.say("house.opens", what=title)))
