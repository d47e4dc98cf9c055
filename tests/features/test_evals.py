"""A suite is good only when it asked, nothing broke, and enough was right."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.__main__ import main
from evals.acting import ActingSuite, dataset
from evals.suites import Score, Setting, known
from jarvis.entrypoints.sandboxes import load_world
from jarvis.testing.servers import Servers


@pytest.mark.parametrize(
    ("score", "good"),
    [
        (Score(name="x", right=9, asked=10, floor=0.9), True),
        (Score(name="x", right=8, asked=10, floor=0.9), False),
        (Score(name="x", right=10, asked=10, floor=0.9, broken=1), False),
        (Score(name="x", right=0, asked=0, floor=0.0), False),
    ],
)
def test_what_a_good_score_is(score: Score, good: bool) -> None:
    assert score.good is good


@pytest.mark.parametrize(
    "argv", [["no-such-suite"], ["refusals", "--only", "no such case"], ["--only", "no such case"]]
)
def test_a_name_that_does_not_exist_is_an_error_and_not_an_empty_success(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2


def test_every_suite_has_cases_with_names_of_their_own() -> None:
    for name, suite in known().items():
        names = list(suite.names())
        assert names, name
        assert len(names) == len(set(names)), name


async def test_a_case_that_breaks_is_not_hidden_by_the_floor(
    servers: Servers, tmp_path: Path
) -> None:
    nobody = ActingSuite(
        name="refusals",
        floor=0.0,
        world=lambda: load_world().model_copy(update={"staff": [], "forums": []}),
    )
    first = str(dataset("refusals").cases[0].name)
    (score,) = await nobody.run(Setting(servers=servers, folder=tmp_path, only=[first]))
    assert (score.asked, score.right, score.broken) == (1, 0, 1)
    assert not score.good
