"""Text of tasks. Times are absolute, since a post is edited only when a fact changes."""

from __future__ import annotations

from html import escape

from jarvis.domains.tasks.service import Task
from jarvis.messaging.times import day_of, stamp
from jarvis.messaging.view import Reader

TITLE_MAX = 64


def title(task: Task) -> str:
    """The first line of the task."""
    return task.title.strip().splitlines()[0][:TITLE_MAX]


def card(task: Task, reader: Reader, *, substitute: str | None) -> str:
    """What, until when, from whom; when it is done, by whom; as HTML."""
    lines = [f"📝 <b>{escape(task.title)}</b>"]
    if task.due is not None:
        lines.append(reader.say("task.due", t=day_of(task.due)))
    lines.append(reader.say("task.from", who=escape(task.creator)))
    if task.creator_id != task.assignee_id:
        lines.append(reader.say("responsible", who=escape(task.assignee)))
    if substitute is not None:
        lines.append(reader.say("standin", who=escape(substitute)))
    if task.status == "done":
        lines.append(
            reader.say("task.done", who=escape(task.done_by or "—"), t=stamp(task.done_at))
        )
    return "\n".join(lines)
