"""A process that died is started again; one that dies at once is tried ever more rarely, and that
is said."""

from __future__ import annotations

from pathlib import Path

from jarvis.entrypoints.demo.restarts import (
    FAILING,
    PAUSES_S,
    STEADY_S,
    Restarts,
    how_it_ended,
    read,
    write,
)


def _life(now: float = 0.0) -> Restarts:
    life = Restarts(name="web")
    life.begun(now, 1)
    return life


def test_a_process_that_ran_well_is_started_again_soon() -> None:
    life = _life()
    line = life.ended(STEADY_S + 1, "was ended by SIGKILL")
    assert line == f"`web` was ended by SIGKILL; started again in {PAUSES_S[0]:g} s"
    assert life.shown() == {
        "state": "waiting",
        "pid": None,
        "restarts": 0,
        "last_end": "was ended by SIGKILL",
    }
    life.begun(STEADY_S + 2, 2)
    assert life.shown() == {
        "state": "running",
        "pid": 2,
        "restarts": 1,
        "last_end": "was ended by SIGKILL",
    }


def test_one_that_dies_at_once_again_and_again_is_tried_rarely_and_named_until_it_runs() -> None:
    life, now, pauses, line = _life(), 0.0, list[float](), ""
    for _ in range(len(PAUSES_S) + 2):
        line = life.ended(now + 0.1, "ended with code 1")
        assert life.due is not None
        pauses.append(round(life.due - now - 0.1, 6))
        now = life.due
        life.began = now
    assert sorted(pauses) == pauses
    assert max(pauses) == PAUSES_S[-1]
    assert f"for the {len(PAUSES_S) + 2}th time at once after its start" in line
    assert life.shown()["state"] == "failing"
    life.begun(now, 3)
    assert life.shown()["state"] == "failing", "a start alone is no proof"
    assert not life.mark_steady(now + STEADY_S / 2)
    assert life.mark_steady(now + STEADY_S)
    assert life.shown()["state"] == "running"


def test_fewer_ends_at_once_are_no_failure() -> None:
    life = _life()
    for _ in range(FAILING - 1):
        life.ended(0.1, "ended")
        life.begun(0.0, 1)
    assert not life.failing


def test_an_end_has_words_and_other_processes_can_read_how_all_are(tmp_path: Path) -> None:
    assert how_it_ended(-9) == "was ended by SIGKILL"
    assert how_it_ended(3) == "ended with code 3"
    assert how_it_ended(0) == "ended"
    assert read(tmp_path) == {}
    write(tmp_path, [_life()])
    assert read(tmp_path) == {
        "web": {"state": "running", "pid": 1, "restarts": 0, "last_end": None}
    }
