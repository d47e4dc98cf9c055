"""The table that a person reads: each figure, its goal, and how it changed since the last kept run
on such a machine."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.harness.declare import Benchmark, Figure, Measured
from benchmarks.harness.results import Earlier

_NOISE = 0.005  # a change below half a percent is none


def show(console: Console, benchmark: Benchmark, measured: Measured, earlier: Earlier) -> None:
    """Print one benchmark."""
    console.print(Text(f"{benchmark.name}: {benchmark.what}", style="bold"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("figure", overflow="fold", min_width=40)
    for name in ("measured", "goal", "since the last kept"):
        table.add_column(name, justify="right", no_wrap=True)
    for figure in benchmark.figures:
        value = measured.figures[figure.name]
        table.add_row(
            f"{figure.words} ({figure.name})",
            _value(figure, value),
            _goal(figure),
            _change(figure, value, earlier.value(benchmark.name, figure.name)),
        )
    console.print(table)
    if measured.conditions:
        console.print(
            Text(
                "  " + ", ".join(f"{k} {_plain(v)}" for k, v in measured.conditions.items()),
                style="dim",
            )
        )
    console.print()


def _value(figure: Figure, value: float) -> Text:
    met = figure.met(value)
    return Text(_plain(value), style="" if met is None else "green" if met else "red bold")


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    return f"{'≥' if figure.more_is_better else '≤'} {_plain(figure.goal)}"


def _change(figure: Figure, value: float, before: float | None) -> Text:
    if before is None:
        return Text("new", style="dim")
    if not before:
        return Text("the same" if not value else f"was {_plain(before)}", style="dim")
    change = value / before - 1
    if abs(change) < _NOISE:
        return Text("the same", style="dim")
    better = (change > 0) == figure.more_is_better
    return Text(
        f"{change:+.0%} {'better' if better else 'worse'}", style="green" if better else "yellow"
    )


def _plain(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:g}"
