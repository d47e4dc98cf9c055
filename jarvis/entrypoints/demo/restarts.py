"""Restart policy for processes of the demo: backoff and status lines."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "processes.json"
# seconds before the next start, by the number of immediate ends in a row
PAUSES_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
STEADY_S = 8.0  # a process that ran this long has not ended immediately
FAILING = 4  # immediate ends in a row that are reported as failing


@dataclass(slots=True, kw_only=True)
class Restarts:
    """The restart state of one supervised process. Times are of a monotonic clock, in seconds."""

    name: str
    pid: int | None = None
    began: float = 0.0
    quick: int = 0
    restarts: int = 0
    due: float | None = None
    last_end: str | None = None

    @property
    def failing(self) -> bool:
        """Whether it keeps ending immediately after its starts."""
        return self.quick >= FAILING

    def ended(self, now: float, how: str) -> str:
        """Record an end and schedule the next start; returns a line for the terminal."""
        self.quick = self.quick + 1 if now - self.began < STEADY_S else 0
        pause = PAUSES_S[min(self.quick, len(PAUSES_S) - 1)]
        self.pid, self.due, self.last_end = None, now + pause, how
        if self.failing:
            return (
                f"`{self.name}` {how}, for the {self.quick}th time at once after its start; "
                f"tried again in {pause:g} s"
            )
        return f"`{self.name}` {how}; started again in {pause:g} s"

    def begun(self, now: float, pid: int | None) -> None:
        """Record a start."""
        self.restarts += self.last_end is not None
        self.pid, self.began, self.due = pid, now, None

    def mark_steady(self, now: float) -> bool:
        """Clear the ends of a process that has run long enough; returns whether there were any."""
        if self.due is None and self.quick and now - self.began >= STEADY_S:
            self.quick = 0
            return True
        return False

    def shown(self) -> dict[str, Any]:
        """`{state, pid, restarts, last_end}`: the state is running, waiting (for its next start) or
        failing."""
        state = "failing" if self.failing else "waiting" if self.due is not None else "running"
        return {
            "state": state,
            "pid": self.pid,
            "restarts": self.restarts,
            "last_end": self.last_end,
        }


def how_it_ended(code: int) -> str:
    """An exit code as text."""
    if code < 0:
        try:
            return f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"
    return f"ended with code {code}" if code else "ended"


def write(folder: Path, rows: Sequence[Restarts]) -> None:
    """Write the status of all processes to a file for other processes."""
    draft = folder / f"{FILE}.draft"
    draft.write_text(json.dumps({row.name: row.shown() for row in rows}))
    draft.rename(folder / FILE)


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The status written last, by process; empty when there is none."""
    try:
        return json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
