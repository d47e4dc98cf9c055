"""Text of tasks. Times are absolute, since a post is edited only when a fact changes."""

from __future__ import annotations

from jarvis.domains.tasks.service import Task
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.times import day_of, stamp
from jarvis.messaging.view import Reader

TITLE_MAX = 64


def title(task: Task) -> str:
    """The first line of the task."""
    return task.title.strip().splitlines()[0][:TITLE_MAX]


def card(task: Task, reader: Reader, *, substitute: str | None) -> Markup:
    """What, until when, from whom; when it is done, by whom; as HTML."""
    parts = [html("📝 <b>{}</b>", task.title)]
    if task.due is not None:
        parts.append(reader.say("task.due", t=day_of(task.due)))
    parts.append(reader.say("task.from", who=task.creator))
    if task.creator_id != task.assignee_id:
        parts.append(reader.say("responsible", who=task.assignee))
    if substitute is not None:
        parts.append(reader.say("standin", who=substitute))
    if task.status == "done":
        parts.append(reader.say("task.done", who=task.done_by or "—", t=stamp(task.done_at)))
    return lines(parts)
