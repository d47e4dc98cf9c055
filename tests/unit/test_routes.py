"""Every known event kind has its subscribers, and none of them needs a model."""

from __future__ import annotations

from jarvis.app.build import checks, subscriptions
from jarvis.engine.subscriptions import DeliveryLane
from tests.scenes.routes import EXPECTED


def test_every_check_is_scheduled_and_handled() -> None:
    assert {c.check for c in checks()} == {kind for kind in EXPECTED if kind.startswith("check.")}


def test_the_table_of_subscriptions() -> None:
    table: dict[str, list[str]] = {}
    for name, terms in subscriptions().items():
        for kind in terms.kinds:
            table.setdefault(kind, []).append(name)
    assert {kind: sorted(names) for kind, names in table.items()} == EXPECTED


def test_what_people_do_has_one_owner_in_their_lane() -> None:
    for kind in ("message.employee", "callback.button", "ask.employee", "request.asked"):
        ((name, terms),) = [(n, t) for n, t in subscriptions().items() if kind in t.kinds]
        assert terms.lane is DeliveryLane.PEOPLE, name
