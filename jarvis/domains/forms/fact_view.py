"""Answers to questions about check-lists."""

from __future__ import annotations

from html import escape

from jarvis.domains.forms.facts import ChecklistFact, StartedFact
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.payloads import OpenForm
from jarvis.messaging.times import clock
from jarvis.messaging.view import Button, Reader, Rendered, shows

GAPS = 4


@shows(ChecklistFact)
def checklists(fact: ChecklistFact, reader: Reader) -> Rendered:
    """Return a line for each check-list: progress, who fills it in, what is missing; with a
    button for each open one."""
    where = (
        escape(fact.subject)
        if fact.subject
        else reader.branch(fact.branch)
        if fact.branch
        else reader.say("company")
    )
    if not fact.forms:
        return Rendered(text=reader.say("house.nolists", what=where))
    lines, buttons = [reader.say("house.lists", what=where)], list[list[Button]]()
    for form, label in fact.forms:
        title = f"{form.template.title[reader.language]} {label}".strip()
        lines.append(
            f"{'☑' if form.state == 'done' else '☐'} <b>{escape(title)}</b> · "
            f"{_state(form, reader)}"
        )
        if form.gaps:
            names = [p.item.title[reader.language] for p in form.gaps]
            more = f" +{len(names) - GAPS}" if len(names) > GAPS else ""
            lines.append(
                f"  {reader.say('house.undone', list=escape(', '.join(names[:GAPS])) + more)}"
            )
        if form.state == "open":
            buttons.append([Button(label=title[:34], payload=OpenForm(form_id=form.id))])
    return Rendered(text="\n".join(lines), buttons=buttons)


def _state(form: Form, reader: Reader) -> str:
    if form.state == "done":
        return reader.say(
            "house.closed",
            who=escape(form.finished_by or form.holder),
            t=clock(form.finished_at or form.started_at),
        )
    complete = sum(p.complete for p in form.points)
    return f"{reader.say('form.progress', k=complete, n=len(form.points))} · {escape(form.holder)}"


@shows(StartedFact)
def started(fact: StartedFact, reader: Reader) -> Rendered:
    title = f"{fact.template.title[reader.language]} {fact.label}"
    return Rendered(text=f"📝 {reader.say('house.opens', what=escape(title))}")
