"""A choice tells its options apart by whatever is known of them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from jarvis.kit.actor import Actor, Role
from jarvis.messaging.fact_views import choice
from jarvis.messaging.facts import ChoiceFact, Option
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Reader

_ACTOR = Actor(
    employee_id=uuid4(),
    name="Нино",
    role=Role.BRANCH_HEAD,
    branches=frozenset(),
    home_branch="batumi",
    language="ru",
)


def test_options_show_what_is_known_of_them() -> None:
    reader = Reader(
        actor=_ACTOR,
        now=datetime(2026, 3, 12, tzinfo=UTC),
        language="ru",
        branches={"batumi": {"ru": "Батуми"}},
    )
    options = (
        Option(label="Sonata 081", request="a", plate="TT-081-TT", branch="batumi", state=2),
        Option(label="Анна К.", request="b", phone="+995 ··· 12"),
        Option(label="Анна М.", request="c"),
    )
    shown = choice(ChoiceFact(kind="client", said="анна", options=options), reader)
    assert shown.text.split("\n")[1:] == [
        "1. Sonata 081 · <code>TT-081-TT</code> · Батуми · ⚫ в ремонте",
        "2. Анна К. · <code>+995 ··· 12</code>",
        "3. Анна М.",
    ]
    assert [b.label for row in shown.buttons for b in row] == [
        "Sonata 081 · Батуми",
        "Анна К.",
        "Анна М.",
    ]
    assert [b.payload for row in shown.buttons for b in row] == [
        Ask(request=request) for request in "abc"
    ]
