"""What a benchmark is, and which there are: every module in `benchmarks` with a `BENCHMARK`."""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import benchmarks
from jarvis.testing.servers import Servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the report. `goal`: the least that it may be where more is better, else the
    most."""

    name: str
    words: str
    more_is_better: bool
    goal: float | None = None

    def met(self, value: float) -> bool | None:
        """Whether the goal is met; None when there is none."""
        if self.goal is None:
            return None
        return value >= self.goal if self.more_is_better else value <= self.goal


def at_least(name: str, words: str, goal: float | None = None) -> Figure:
    """A figure of which more is better."""
    return Figure(name=name, words=words, more_is_better=True, goal=goal)


def at_most(name: str, words: str, goal: float | None = None) -> Figure:
    """A figure of which less is better."""
    return Figure(name=name, words=words, more_is_better=False, goal=goal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one run found. `conditions`: what a reader must know to judge the figures, such as the
    load generator's own ceiling."""

    figures: Mapping[str, float]
    conditions: Mapping[str, float | str] = field(default_factory=dict[str, float | str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A claim and how it is measured.

    Args:
        name: As the command names it.
        what: One line above its figures.
        figures: Every figure that `run` returns, in the order of the report.
        run: Measures, with the servers of this run and an empty folder; raises when the product did
            not do its work.
        slow: Takes minutes: runs only when it is named.
    """

    name: str
    what: str
    figures: tuple[Figure, ...]
    run: Callable[[Servers, Path], Awaitable[Measured]]
    slow: bool = False

    async def measure(self, servers: Servers, folder: Path) -> Measured:
        """Run it.

        Raises:
            ValueError: it returned other figures than it declares.
        """
        measured = await self.run(servers, folder)
        declared = {figure.name for figure in self.figures}
        if set(measured.figures) != declared:
            raise ValueError(
                f"{self.name}: declared and measured differ: "
                f"{sorted(declared ^ set(measured.figures))}"
            )
        return measured


def known() -> dict[str, Benchmark]:
    """Every benchmark by its name."""
    modules = [
        import_module(f"benchmarks.{m.name}")
        for m in pkgutil.iter_modules(benchmarks.__path__)
        if m.name != "__main__"
    ]
    found: list[Benchmark] = [
        module.BENCHMARK for module in modules if not hasattr(module, "__path__")
    ]
    return {benchmark.name: benchmark for benchmark in sorted(found, key=lambda b: b.name)}
