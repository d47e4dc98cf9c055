"""What Jarvis says about check-lists, material and topics that somebody asked for."""

from __future__ import annotations

from html import escape

from jarvis.domains.forms.service import Form
from jarvis.domains.media.view import car_head, set_line
from jarvis.messaging.times import clock
from jarvis.messaging.view import Button, Reader, Rendered
from tools import facts as f

GAPS = 4  # missing points a line


def checklists(fact: f.ChecklistFact, reader: Reader) -> Rendered:
    """A line a check-list: how far it is, who has it, what is not done; a button for each that is
    open."""
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
            buttons.append([Button(label=title[:34], request=f"open|{form.id}", kind="form")])
    return Rendered(text="\n".join(lines), buttons=buttons)


def _state(form: Form, reader: Reader) -> str:
    if form.state == "done":
        return reader.say(
            "house.closed",
            who=escape(form.finished_by or form.holder),
            t=clock(form.finished_at or form.started_at),
        )
    settled = sum(p.settled for p in form.points)
    return f"{reader.say('form.progress', k=settled, n=len(form.points))} · {escape(form.holder)}"


def started(fact: f.StartedFact, reader: Reader) -> Rendered:
    title = f"{fact.template.title[reader.language]} {fact.label}"
    return Rendered(text=f"📝 {reader.say('house.opens', what=escape(title))}")


def material(fact: f.MaterialFact, reader: Reader) -> Rendered:
    """The sets with a button each; a press shows the files in private."""
    lines, buttons = [car_head(fact.car, fact.total, reader)], list[Button]()
    for number, line in enumerate(fact.sets, 1):
        lines.append(set_line(number, line.found, line.booking, line.digests, reader))
        label = f"{number}. {reader.say(f'op.{line.found.operation}')}"
        buttons.append(Button(label=label, request=str(line.found.id), kind="set"))
    if fact.total > len(fact.sets):
        lines.append(reader.say("carfile.more", n=fact.total - len(fact.sets)))
    return Rendered(
        text="\n".join(lines), buttons=[buttons[n : n + 2] for n in range(0, len(buttons), 2)]
    )


def topic(fact: f.TopicFact, reader: Reader) -> Rendered:
    """A link to the topic; Telegram opens it for members of the group only."""
    if fact.number is None:
        return Rendered(
            text=reader.say("house.topic.made", car=escape(fact.car.label), chat=escape(fact.forum))
        )
    url = f"https://t.me/c/{str(fact.chat_id).removeprefix('-100')}/{fact.number}"
    return Rendered(text=f'🚗 <a href="{url}">{escape(fact.car.label)}</a> · {escape(fact.forum)}')
