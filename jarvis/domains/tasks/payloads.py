"""Buttons of tasks."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.messaging.callbacks import Payload


class SetTask(Payload):
    """A task is done, or open again; `listed` when the press stands in a list of tasks."""

    kind: ClassVar[str] = "task"
    lasting: ClassVar[bool] = True

    task_id: UUID
    done: bool
    listed: bool = False
