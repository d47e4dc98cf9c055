"""The routing table of news: every class of events with every branch, to every service chat."""

from __future__ import annotations

from itertools import product
from uuid import uuid4

import pytest

from jarvis.domains.chats.models import SERVICE, Purpose
from jarvis.domains.news.subscriptions import (
    CLASSES,
    DEFAULTS,
    EventClass,
    Mode,
    Subscription,
    route,
)

BRANCHES = ("tbilisi", "batumi", "kutaisi", "service-center", None)
CHATS = {purpose: uuid4() for purpose in SERVICE}
# As the company begins: the same for every branch.
TABLE: dict[EventClass, dict[Purpose, Mode]] = {
    "booking_created": {"leaders": "digest", "sales": "instant", "marketing": "digest"},
    "booking_cancelled": {"leaders": "instant", "sales": "instant", "marketing": "digest"},
    "booking_issued": {},
    "booking_returned": {"sales": "digest"},
    "car_moved": {"leaders": "digest"},
    "car_problem": {"leaders": "instant"},
    "checklist_gaps": {"leaders": "digest"},
}


def row(
    purpose: Purpose, event_class: EventClass, mode: Mode, branch: str | None = None
) -> Subscription:
    return Subscription(
        chat_id=CHATS[purpose],
        marked_id=-1,
        purpose=purpose,
        event_class=event_class,
        branch=branch,
        mode=mode,
    )


DEFAULT_ROWS = [row(p, c, m) for p, classes in DEFAULTS.items() for c, m in classes.items()]


@pytest.mark.parametrize(("event_class", "branch"), list(product(CLASSES, BRANCHES)))
def test_every_pair(event_class: EventClass, branch: str | None) -> None:
    assert {s.purpose: s.mode for s in route(DEFAULT_ROWS, event_class, branch)} == TABLE[
        event_class
    ]


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_branch_of_its_own_goes_before_every_branch(branch: str | None) -> None:
    rows = [
        *DEFAULT_ROWS,
        row("sales", "booking_created", "off", "batumi"),
        row("leaders", "booking_created", "instant", "kutaisi"),
    ]
    heard = {s.purpose: s.mode for s in route(rows, "booking_created", branch)}
    assert (
        heard
        == {
            "tbilisi": {"leaders": "digest", "sales": "instant", "marketing": "digest"},
            "batumi": {"leaders": "digest", "marketing": "digest"},
            "kutaisi": {"leaders": "instant", "sales": "instant", "marketing": "digest"},
            "service-center": {"leaders": "digest", "sales": "instant", "marketing": "digest"},
            None: {"leaders": "digest", "sales": "instant", "marketing": "digest"},
        }[branch]
    )
