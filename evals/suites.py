"""What a suite is, and which there are: every folder below `evals` with a `suite.py` that has a
`SUITE`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from pydantic_ai.models import Model

from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.settings import load
from jarvis.testing.servers import Servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a run gives every suite. `model`: replaces every role's model when one is named, which
    may cost money."""

    servers: Servers
    folder: Path
    model_name: str | None = None
    only: Sequence[str] = ()

    def model(self) -> Model | None:
        """The named model as a chain of its own."""
        if self.model_name is None:
            return None
        os.environ["JARVIS_LLM_CHAIN"] = f'["{self.model_name}"]'
        return build_chain(load(LlmSettings), None)

    @property
    def called(self) -> str:
        return self.model_name or "the offline model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One file of cases: how many were asked and how many were right; `floor` is the share below
    which the suite fails.

    `broken`: cases that ended in an error of ours, of which none may be.
    """

    name: str
    right: int
    asked: int
    floor: float
    broken: int = 0

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 0.0

    @property
    def good(self) -> bool:
        """A suite that asked nothing is not good."""
        return self.asked > 0 and not self.broken and self.share >= self.floor


class Suite(Protocol):
    """Cases and how they are judged."""

    def names(self) -> Sequence[str]:
        """Of its cases."""
        ...

    async def run(self, setting: Setting) -> Sequence[Score]:
        """Ask every case, print what was wrong, and count."""
        ...


def known() -> dict[str, Suite]:
    """Every suite by the name of its folder."""
    names = sorted(
        f.name for f in files("evals").iterdir() if f.is_dir() and f.joinpath("suite.py").is_file()
    )
    return {name: import_module(f"evals.{name}.suite").SUITE for name in names}


def say(line: str) -> None:
    """A line of the report, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
