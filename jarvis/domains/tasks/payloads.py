"""Buttons of tasks."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.messaging.callbacks import ID, Former, Payload


class SetTask(Payload):
    """Mark a task done or open; `listed` when the button is in a list of tasks."""

    kind: ClassVar[str] = "task"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="task", text=rf"done\|(?P<task_id>{ID})", fields={"done": True}),
        Former(
            kind="task",
            text=rf"done\|(?P<task_id>{ID})\|list",
            fields={"done": True, "listed": True},
        ),
        Former(kind="task", text=rf"open\|(?P<task_id>{ID})", fields={"done": False}),
    )

    task_id: UUID
    done: bool
    listed: bool = False
