"""Handlers of buttons and commands: a typed payload for each kind of button, and the registries
that find the feature that owns a callback or a command.

A feature's class marks its methods with `callback` and `command`; the registries are gathered from
the built features, so that the dispatching code knows none of them.
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

_CALLBACK, _WITHIN = "__jarvis_callback__", "__jarvis_callback_within__"
_COMMAND = "__jarvis_command__"


ID = "[0-9a-f-]{36}"  # in payloads of earlier versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The format in which an earlier version stored a button that is still in chats: the kind, and
    a pattern whose named groups are fields of the payload (an empty one is None); `fields` gives
    the others."""

    kind: str
    text: str
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


class Payload(BaseModel):
    """What a button does. It is stored as JSON under its kind.

    `kind`: the name under which it is stored and dispatched; a type without one cannot be put
    behind a button. `lasting`: it works each time, and does not close its group. `former`: formats
    of earlier versions that it reads as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str]
    lasting: ClassVar[bool] = False
    former: ClassVar[tuple[Former, ...]] = ()


S = TypeVar("S")
P = TypeVar("P", bound=Payload)
CallbackHandler = Callable[[Handling, Actor, Any], Awaitable[None]]
CallbackHandlerWithin = Callable[[Tx, Handling, Actor, Any], Awaitable[None]]
CommandHandler = Callable[[Handling, Actor, str], Awaitable[None]]


def callback(
    payload: type[P],
) -> Callable[
    [Callable[[S, Handling, Actor, P], Awaitable[None]]],
    Callable[[S, Handling, Actor, P], Awaitable[None]],
]:
    """Mark a method of a feature as the handler of a button, in transactions of its own: it is
    called again after an interruption, so that its effects and events need names."""

    def mark(
        method: Callable[[S, Handling, Actor, P], Awaitable[None]],
    ) -> Callable[[S, Handling, Actor, P], Awaitable[None]]:
        setattr(method, _CALLBACK, payload)
        return method

    return mark


def callback_within(
    payload: type[P],
) -> Callable[
    [Callable[[S, Tx, Handling, Actor, P], Awaitable[None]]],
    Callable[[S, Tx, Handling, Actor, P], Awaitable[None]],
]:
    """As `callback`, for a handler that runs in the transaction that marks the button as used: both
    or neither. For handlers that wait for nothing outside, and lock nothing under which buttons are
    closed."""

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
    """Mark a method of a feature as the handler of `/name`; it gets the text after the command."""

    def mark(
        method: Callable[[S, Handling, Actor, str], Awaitable[None]],
    ) -> Callable[[S, Handling, Actor, str], Awaitable[None]]:
        setattr(method, _COMMAND, names)
        return method

    return mark


def callbacks_of(feature: type) -> dict[str, type[Payload]]:
    """The payloads that a feature's class handles, by method, without building it."""
    return dict(_marked(feature, _CALLBACK)) | dict(_marked(feature, _WITHIN))


def commands_of(feature: type) -> dict[str, tuple[str, ...]]:
    """The commands that a feature's class handles, by method, without building it."""
    return dict(_marked(feature, _COMMAND))


def _marked(feature: type, mark: str) -> Iterator[tuple[str, Any]]:
    for method, function in inspect.getmembers(feature, inspect.isfunction):
        value = getattr(function, mark, None)
        if value is not None:
            yield method, value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    payload: type[Payload]
    call: CallbackHandler | None
    within: CallbackHandlerWithin | None


class Callbacks:
    """The owners of kinds of buttons."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner] = {}
        self._former: dict[str, list[tuple[Former, type[Payload]]]] = {}

    def gather(self, *features: object) -> None:
        """Register the callbacks of built features.

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
                    call=None if method in within else bound,
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
                pass  # an earlier version stored text under this kind
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

    async def call_within(self, tx: Tx, handling: Handling, actor: Actor, payload: Payload) -> bool:
        """Call the handler in the transaction that marks the button as used; False if it has
        transactions of its own."""
        within = self._owners[payload.kind].within
        if within is not None:
            await within(tx, handling, actor, payload)
        return within is not None

    async def call(self, handling: Handling, actor: Actor, payload: Payload) -> None:
        """Call the handler in transactions of its own."""
        call = self._owners[payload.kind].call
        assert call is not None, f"{payload.kind} is handled where its button is used"
        await call(handling, actor, payload)


class Commands:
    """The owners of commands."""

    def __init__(self) -> None:
        self._owners: dict[str, CommandHandler] = {}

    def gather(self, *features: object) -> None:
        """Register the commands of built features.

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
        """Call the handler of a known command."""
        await self._owners[name](handling, actor, said)
