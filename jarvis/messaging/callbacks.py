"""What a button or a command does: a typed payload for each kind of button, and the registries by
which presses and commands find the feature that owns them.

A feature's class marks its methods with `callback` and `command`; the registries are gathered from
the built features, so that who dispatches knows none of them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from jarvis.engine.db import Tx
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor

_PRESSED, _WITHIN = "__jarvis_callback__", "__jarvis_callback_within__"
_SAID = "__jarvis_command__"


ID = "[0-9a-f-]{36}"  # in texts of versions before


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """How versions before stored a button that hangs in chats still: the kind, and a text whose
    named groups are fields of the payload (an empty one is None); `fields` says the others."""

    kind: str
    text: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


class Payload(BaseModel):
    """What a button stands for. It is stored as JSON under its kind.

    `kind`: the name under which it is stored and dispatched; only types that have one stand behind
    buttons. `lasting`: it works whenever it is pressed and settles no group. `former`: which
    buttons of versions before it stands for too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str]
    lasting: ClassVar[bool] = False
    former: ClassVar[tuple[Former, ...]] = ()


S = TypeVar("S")
P = TypeVar("P", bound=Payload)
Press = Callable[[Handling, Actor, Any], Awaitable[None]]
PressWithin = Callable[[Tx, Handling, Actor, Any], Awaitable[None]]
Said = Callable[[Handling, Actor, str], Awaitable[None]]


def callback(
    payload: type[P],
) -> Callable[
    [Callable[[S, Handling, Actor, P], Awaitable[None]]],
    Callable[[S, Handling, Actor, P], Awaitable[None]],
]:
    """Mark a method of a feature as what a press of such a button does, in transactions of its own:
    after an interruption it is called again, so that its effects and events have names."""

    def mark(
        method: Callable[[S, Handling, Actor, P], Awaitable[None]],
    ) -> Callable[[S, Handling, Actor, P], Awaitable[None]]:
        setattr(method, _PRESSED, payload)
        return method

    return mark


def callback_within(
    payload: type[P],
) -> Callable[
    [Callable[[S, Tx, Handling, Actor, P], Awaitable[None]]],
    Callable[[S, Tx, Handling, Actor, P], Awaitable[None]],
]:
    """As `callback`, for what is done in the transaction that uses the button up: both or neither.
    For what waits for nothing outside, and locks nothing under which buttons are closed."""

    def mark(
        method: Callable[[S, Tx, Handling, Actor, P], Awaitable[None]],
    ) -> Callable[[S, Tx, Handling, Actor, P], Awaitable[None]]:
        setattr(method, _WITHIN, payload)
        return method

    return mark


def command(
    *names: str,
) -> Callable[
    [Callable[[S, Handling, Actor, str], Awaitable[None]]],
    Callable[[S, Handling, Actor, str], Awaitable[None]],
]:
    """Mark a method of a feature as the answer to `/name`; it gets what was written after it."""

    def mark(
        method: Callable[[S, Handling, Actor, str], Awaitable[None]],
    ) -> Callable[[S, Handling, Actor, str], Awaitable[None]]:
        setattr(method, _SAID, names)
        return method

    return mark


def callbacks_of(feature: type) -> dict[str, type[Payload]]:
    """The payloads that a feature's class owns, by method, without building it."""
    return dict(_marked(feature, _PRESSED)) | dict(_marked(feature, _WITHIN))


def commands_of(feature: type) -> dict[str, tuple[str, ...]]:
    """The commands that a feature's class answers, by method, without building it."""
    return dict(_marked(feature, _SAID))


def _marked(feature: type, mark: str) -> Iterator[tuple[str, Any]]:
    for method, function in inspect.getmembers(feature, inspect.isfunction):
        value = getattr(function, mark, None)
        if value is not None:
            yield method, value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    payload: type[Payload]
    press: Press | None
    within: PressWithin | None


class Callbacks:
    """Who owns which kind of button."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner] = {}
        self._former: dict[str, list[tuple[Former, type[Payload]]]] = {}

    def gather(self, *features: object) -> None:
        """Take in what built features own.

        Raises:
            ValueError: two methods own one kind.
        """
        for feature in features:
            within = dict(_marked(type(feature), _WITHIN))
            for method, payload in callbacks_of(type(feature)).items():
                if payload.kind in self._owners:
                    raise ValueError(f"two callbacks own buttons of kind {payload.kind}")
                bound = getattr(feature, method)
                self._owners[payload.kind] = _Owner(
                    payload=payload,
                    press=None if method in within else bound,
                    within=bound if method in within else None,
                )
                for former in payload.former:
                    self._former.setdefault(former.kind, []).append((former, payload))

    def read(self, kind: str, stored: str) -> Payload | None:
        """A stored button's payload; None when nobody owns its kind any more, or it no longer
        parses."""
        owner = self._owners.get(kind)
        if owner is not None:
            try:
                return owner.payload.model_validate_json(stored)
            except ValidationError:
                pass  # a version before used this kind for a text
        return self._read_former(kind, stored)

    def _read_former(self, kind: str, stored: str) -> Payload | None:
        for former, payload in self._former.get(kind, ()):
            found = re.fullmatch(former.text, stored, re.DOTALL)
            if found is not None:
                said = {name: text or None for name, text in found.groupdict().items()}
                try:
                    return payload.model_validate({**former.fields, **said})
                except ValidationError:
                    return None
        return None

    async def call_within(self, tx: Tx, handling: Handling, actor: Actor, pressed: Payload) -> bool:
        """Let the owner act in the transaction that uses the button up; False for one that acts in
        its own."""
        within = self._owners[pressed.kind].within
        if within is not None:
            await within(tx, handling, actor, pressed)
        return within is not None

    async def call(self, handling: Handling, actor: Actor, pressed: Payload) -> None:
        """Let the owner of a press act in transactions of its own."""
        press = self._owners[pressed.kind].press
        assert press is not None, f"{pressed.kind} is done where its button is used up"
        await press(handling, actor, pressed)


class Commands:
    """Who answers which command."""

    def __init__(self) -> None:
        self._owners: dict[str, Said] = {}

    def gather(self, *features: object) -> None:
        """Take in what built features answer.

        Raises:
            ValueError: two methods answer one command.
        """
        for feature in features:
            for method, names in commands_of(type(feature)).items():
                for name in names:
                    if name in self._owners:
                        raise ValueError(f"two methods answer /{name}")
                    self._owners[name] = getattr(feature, method)

    def __contains__(self, name: str) -> bool:
        return name in self._owners

    async def call(self, handling: Handling, actor: Actor, name: str, said: str) -> None:
        """Let the owner of a known command answer it."""
        await self._owners[name](handling, actor, said)
