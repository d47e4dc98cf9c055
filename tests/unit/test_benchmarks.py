"""The instruments themselves: a figure must not come out when the product did nothing, nor be
compared with another machine's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.answers import questions
from benchmarks.harness import bodies
from benchmarks.harness.declare import Benchmark, Measured, at_least, at_most, known
from benchmarks.harness.machine import same_kind, this_machine
from benchmarks.harness.report import show
from benchmarks.harness.results import Earlier, as_document, keep
from jarvis.integrations.rentprog.webhook import read
from jarvis.testing.servers import Servers

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


async def _nothing(servers: Servers, folder: Path) -> Measured:
    return Measured(figures={"share": 0.8})


BENCHMARK = Benchmark(
    name="x",
    what="…",
    figures=(at_least("share", "…", goal=1.0), at_most("p50_ms", "…", goal=5)),
    run=_nothing,
)


def test_every_benchmark_is_found_and_names_its_figures_once() -> None:
    for benchmark in known().values():
        names = [figure.name for figure in benchmark.figures]
        assert names
        assert len(set(names)) == len(names), benchmark.name


def test_wrk_sends_the_same_bodies_as_our_own_generator() -> None:
    script = Path(bodies.__file__).with_name("hook.lua").read_text(encoding="utf-8")
    template = script.split("local template = '")[1].split("'\n")[0].replace("\\\\", "\\")
    assert [(template % (80_000 + n, "a" * 16, n)).encode() for n in range(3)] == list(
        islice(bodies.bodies("a" * 16), 3)
    )


def test_the_bodies_differ_and_are_read_as_booking_updates() -> None:
    made = list(islice(bodies.bodies(bodies.new_run()), 1000))
    assert len(set(made)) == 1000
    assert {(read(body).noun, read(body).verb) for body in made} == {("booking", "update")}


def test_questions_differ_and_do_not_hold_their_answers() -> None:
    for question in questions():
        assert question.fact.lower() not in question.text.lower()


async def test_a_figure_that_was_not_measured_fails() -> None:
    with pytest.raises(ValueError, match="p50_ms"):
        await BENCHMARK.measure(None, Path())  # pyright: ignore[reportArgumentType]  # this one needs no servers


def test_figures_are_compared_with_the_last_run_on_such_a_machine(tmp_path: Path) -> None:
    here = this_machine()
    for hours, machine, value in (
        (0, here, 4.0),
        (1, here, 2.0),
        (2, here | {"cores": 999}, 100.0),
    ):
        measured = {"x": Measured(figures={"share": 0.8, "p50_ms": value})}
        keep(as_document(measured, machine, f"abc{hours}", AT + timedelta(hours=hours)), tmp_path)
    console = Console(width=120, record=True, file=(tmp_path / "out").open("w"))
    show(
        console, BENCHMARK, Measured(figures={"share": 0.8, "p50_ms": 3.0}), Earlier(here, tmp_path)
    )
    said = console.export_text()
    assert "the same" in said
    assert "+50% worse" in said


def test_a_kept_run_names_its_machine_without_its_name(tmp_path: Path) -> None:
    path = keep(as_document({}, this_machine(), "abc", AT), tmp_path)
    assert path.name == "2026-11-28T120000-abc.json"
    machine = json.loads(path.read_text())["machine"]
    assert set(machine) == {"cpu", "cores", "memory_gib", "kernel", "python", "load_before"}
    assert same_kind(machine, this_machine())
