"""Every known event kind has its subscribers, and none of them needs a model."""

from __future__ import annotations

from jarvis.app.build import checks, subscriptions
from jarvis.app.snapshot import COMMAND, SNAPSHOTS, snapshots
from jarvis.engine.subscriptions import DeliveryLane


def test_every_check_is_scheduled_and_handled() -> None:
    heard = {kind for terms in subscriptions().values() for kind in terms.kinds}
    scheduled = {c.check for c in checks()}
    assert len(scheduled) > 5
    assert scheduled == {kind for kind in heard if kind.startswith("check.")}


def test_the_pages_beside_the_nouns_show_who_hears_of_what() -> None:
    assert not SNAPSHOTS.differing(), (
        f"subscribers changed: read what differs, then run `{COMMAND}`"
    )
    shown = {
        line.partition(" | ")[0] for page in snapshots().values() for line in page.splitlines()
    }
    assert shown == set(subscriptions())


def test_what_people_do_has_one_owner_in_their_lane() -> None:
    for kind in ("message.employee", "callback.button", "ask.employee", "request.asked"):
        ((name, terms),) = [(n, t) for n, t in subscriptions().items() if kind in t.kinds]
        assert terms.lane is DeliveryLane.PEOPLE, name
