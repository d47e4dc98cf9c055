"""What a button or a command does: a typed payload for each kind of button, and the registries by
which presses and commands find the feature that owns them.

A feature's class marks its methods with `callback` and `command`; the registries are gathered from
the built features, so that who dispatches knows none of them.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor

_PRESSED = "__jarvis_callback__"
_SAID = "__jarvis_command__"


class Payload(BaseModel):
    """What a button stands for. It is stored as JSON under its kind.

    `kind`: the name under which it is stored and dispatched; only types that have one stand behind
    buttons. `lasting`: it works whenever it is pressed and settles no group.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str]
    lasting: ClassVar[bool] = False


S = TypeVar("S")
P = TypeVar("P", bound=Payload)
Press = Callable[[Handling, Actor, Any], Awaitable[None]]
Said = Callable[[Handling, Actor, str], Awaitable[None]]


def callback(
    payload: type[P],
) -> Callable[
    [Callable[[S, Handling, Actor, P], Awaitable[None]]],
    Callable[[S, Handling, Actor, P], Awaitable[None]],
]:
    """Mark a method of a feature as what a press of such a button does."""

    def mark(
        method: Callable[[S, Handling, Actor, P], Awaitable[None]],
    ) -> Callable[[S, Handling, Actor, P], Awaitable[None]]:
        setattr(method, _PRESSED, payload)
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
    return dict(_marked(feature, _PRESSED))


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
    press: Press


class Callbacks:
    """Who owns which kind of button."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner] = {}

    def gather(self, *features: object) -> None:
        """Take in what built features own.

        Raises:
            ValueError: two methods own one kind.
        """
        for feature in features:
            for method, payload in callbacks_of(type(feature)).items():
                if payload.kind in self._owners:
                    raise ValueError(f"two callbacks own buttons of kind {payload.kind}")
                self._owners[payload.kind] = _Owner(payload=payload, press=getattr(feature, method))

    def read(self, kind: str, stored: str) -> Payload | None:
        """A stored button's payload; None when nobody owns its kind any more, or it no longer
        parses."""
        owner = self._owners.get(kind)
        if owner is None:
            return None
        try:
            return owner.payload.model_validate_json(stored)
        except ValidationError:
            return None

    async def call(self, handling: Handling, actor: Actor, pressed: Payload) -> None:
        """Let the owner act on a press."""
        await self._owners[pressed.kind].press(handling, actor, pressed)


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
