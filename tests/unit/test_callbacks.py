"""Buttons and commands find their one owner; what no longer parses finds none."""

from __future__ import annotations

from typing import ClassVar

import pytest

from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.text import MESSAGE_CHARS
from jarvis.messaging.callbacks import Callbacks, Commands, Payload, callback, command
from jarvis.messaging.outbox import stored_form
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button
from tests.scenes.payloads import largest, owners, payloads


class _Pick(Payload):
    kind: ClassVar[str] = "test.pick"

    number: int


class _Pair(_Pick):
    """Of the kind that another type has."""


class _Owner:
    @callback(_Pick)
    async def pick(self, handling: Handling, actor: Actor, pressed: _Pick) -> None: ...

    @command("pick", "choose")
    async def said(self, handling: Handling, actor: Actor, said: str) -> None: ...


class _SameKind:
    @callback(_Pair)
    async def pair(self, handling: Handling, actor: Actor, pressed: _Pair) -> None: ...


class _SameName:
    @command("choose")
    async def choose(self, handling: Handling, actor: Actor, said: str) -> None: ...


def test_two_owners_of_one_kind_or_name_stop_the_start() -> None:
    callbacks, commands = Callbacks(), Commands()
    with pytest.raises(ValueError, match=r"test\.pick"):
        callbacks.gather(_Owner(), _SameKind())
    with pytest.raises(ValueError, match="/choose"):
        commands.gather(_Owner(), _SameName())


def test_what_no_longer_parses_is_read_as_nothing() -> None:
    callbacks = Callbacks()
    callbacks.gather(_Owner())
    assert callbacks.read("test.pick", '{"number": 7}') == _Pick(number=7)
    for stored in (
        "",
        "7",
        "pick|7",
        "{}",
        '{"number": "x"}',
        '{"number": 7, "more": 1}',
        "\ud800",
    ):
        assert callbacks.read("test.pick", stored) is None, stored
    assert callbacks.read("test.gone", '{"number": 7}') is None
    assert callbacks.read("", "") is None


def test_every_payload_of_the_product_has_exactly_one_owner_and_a_kind_of_its_own() -> None:
    kinds = payloads()
    assert len(kinds) > 30, "the walk sees the rooms"
    assert len({p.kind for p in kinds}) == len(kinds)
    owned = owners()
    for payload in kinds:
        mine = [owner for owned_type, owner in owned if owned_type is payload]
        assert len(mine) == 1, f"{payload.__name__}: {mine}"
    assert {p for p, _ in owned} == set(kinds)


@pytest.mark.parametrize("payload", payloads(), ids=lambda payload: payload.kind)
def test_every_payload_comes_back_as_it_was_stored(payload: type[Payload]) -> None:
    most = largest(payload)
    button = stored_form([[Button(label="x", payload=most)]])[0][0]
    assert button.kind == payload.kind
    assert payload.model_validate_json(button.choice) == most


def test_a_request_is_no_longer_than_a_message() -> None:
    assert len(Ask(request="ш" * (MESSAGE_CHARS + 1)).request) == MESSAGE_CHARS
