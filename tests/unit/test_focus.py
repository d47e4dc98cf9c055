"""Who is asked first whether what somebody wrote is theirs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.messaging.focus import Focus, handles_files, handles_strangers, handles_text

ANA = cast(Actor, SimpleNamespace(name="Ana"))


def written(*, private: bool) -> Handling:
    event = SimpleNamespace(payload={"private": private})
    return cast(Handling, SimpleNamespace(event=event))


class Owner:
    """A feature that notes what it was asked, and owns the words `mine`."""

    def __init__(self, name: str, mine: str, asked: list[str]) -> None:
        self.name, self.mine, self.asked = name, mine, asked

    async def own(self, text: str) -> bool:
        self.asked.append(self.name)
        return text == self.mine


class Card(Owner):
    @handles_text(20)
    async def typed(self, handling: Handling, actor: Actor, text: str) -> bool:
        return await self.own(text)


class Form(Owner):
    @handles_text(10, private=True)
    async def heard(self, handling: Handling, actor: Actor, text: str) -> bool:
        return await self.own(text)

    @handles_files
    async def file(self, handling: Handling) -> None:
        self.asked.append("file")

    @handles_strangers
    async def stranger(self, handling: Handling, user_id: int, text: str) -> bool:
        return await self.own(text)


async def test_the_lowest_rank_is_asked_first_and_an_owner_ends_it() -> None:
    focus, asked = Focus(), list[str]()
    focus.gather(Card("card", "yes", asked), Form("form", "7", asked), object())
    for text, private, heard, who in (
        ("7", True, True, ["form"]),
        ("yes", True, True, ["form", "card"]),
        ("where is it", True, False, ["form", "card"]),
        ("7", False, False, ["card"]),
    ):
        asked.clear()
        assert await focus.handle_text(written(private=private), ANA, text) is heard
        assert asked == who
    asked.clear()
    await focus.handle_file(written(private=False))
    assert await focus.handle_stranger(written(private=True), 7, "7")
    assert not await focus.handle_stranger(written(private=True), 7, "x")
    assert asked == ["file", "form", "form"]


def test_two_at_one_rank_stop_the_start() -> None:
    asked: list[str] = []
    twice: list[Any] = [Card("a", "", asked), Card("b", "", asked)]
    with pytest.raises(ValueError, match="one rank"):
        Focus().gather(*twice)
