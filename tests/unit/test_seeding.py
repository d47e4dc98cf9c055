"""The order in which nouns put their parts of a world into an empty database."""

from __future__ import annotations

from graphlib import CycleError

import pytest

from jarvis.app.discovery import Found, features
from jarvis.app.feature import Feature, Seeding
from jarvis.entrypoints.sandboxes import load_world
from jarvis.entrypoints.seed import in_order


def seeded(name: str, *after: str) -> Found[Feature]:
    seeding = Seeding(seed="seeding:seed", after=frozenset(after))
    return Found(package=f"nouns.{name}", manifest=Feature(name=name, seeding=seeding))


def names(*found: Found[Feature]) -> list[str]:
    return [each.manifest.name for each, _ in in_order(found)]


def test_each_comes_after_those_whose_part_it_needs() -> None:
    silent = Found(package="nouns.d", manifest=Feature(name="d"))
    assert names(seeded("a", "b"), seeded("b", "c"), silent, seeded("c")) == ["c", "b", "a"]


def test_waiting_for_nobody_or_for_one_another_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a waits for \['b'\]"):
        in_order([seeded("a", "b")])
    with pytest.raises(CycleError):
        in_order([seeded("a", "b"), seeded("b", "a")])


def test_the_products_seeds_are_there() -> None:
    order = [each.manifest.name for each, _ in in_order(features())]
    assert order.index("staff") < order.index("chats") < order.index("news")
    for each, seeding in in_order(features()):
        assert each.objects([seeding.seed])


def test_each_vendors_part_tells_whom_and_what_it_knows() -> None:
    world = load_world()
    systems = {identity.system for identity in world.identities()}
    assert systems == {"rentprog", "telegram"}
    (first, *_) = [chat for chat in world.chats() if chat.topics]
    assert min(first.topics) == 2, "number 1 is General"
    assert first.chat_id < -(10**12)
