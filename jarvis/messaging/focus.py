"""Who handles a text message before it becomes a request: features mark their methods, and the
inbox asks them in order without knowing them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor

_TEXT, _FILES, _STRANGERS = (
    "__jarvis_handles_text__",
    "__jarvis_handles_files__",
    "__jarvis_handles_strangers__",
)
S = TypeVar("S")
TextHandler = Callable[[Handling, Actor, str], Awaitable[bool]]
FileHandler = Callable[[Handling], Awaitable[None]]
StrangerHandler = Callable[[Handling, int, str], Awaitable[bool]]


def handles_text(
    rank: int, *, private: bool = False
) -> Callable[
    [Callable[[S, Handling, Actor, str], Awaitable[bool]]],
    Callable[[S, Handling, Actor, str], Awaitable[bool]],
]:
    """Mark a method that may handle an employee's text: it answers and returns true, or leaves the
    text to the next. The lowest rank is asked first; `private`: it is asked only in private
    chats."""

    def mark(
        method: Callable[[S, Handling, Actor, str], Awaitable[bool]],
    ) -> Callable[[S, Handling, Actor, str], Awaitable[bool]]:
        setattr(method, _TEXT, _Place(rank=rank, private=private))
        return method

    return mark


def handles_files(
    method: Callable[[S, Handling], Awaitable[None]],
) -> Callable[[S, Handling], Awaitable[None]]:
    """Mark a method that gets every message with a file, from any sender, before the text is
    handled."""
    setattr(method, _FILES, True)
    return method


def handles_strangers(
    method: Callable[[S, Handling, int, str], Awaitable[bool]],
) -> Callable[[S, Handling, int, str], Awaitable[bool]]:
    """Mark a method that may handle the text of somebody who is no employee; it gets their Telegram
    id, and returns whether it answered."""
    setattr(method, _STRANGERS, True)
    return method


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    rank: int
    private: bool


class Focus:
    """The handlers in their order."""

    def __init__(self) -> None:
        self._text: list[tuple[_Place, TextHandler]] = []
        self._files: list[FileHandler] = []
        self._strangers: list[StrangerHandler] = []

    def gather(self, *features: object) -> None:
        """Register the handlers of built features.

        Raises:
            ValueError: two would be asked at the same place.
        """
        for feature in features:
            self._text += _marked(feature, _TEXT)
            self._files += [method for _, method in _marked(feature, _FILES)]
            self._strangers += [method for _, method in _marked(feature, _STRANGERS)]
        self._text.sort(key=lambda placed: placed[0].rank)
        ranks = [place.rank for place, _ in self._text]
        if len(ranks) != len(set(ranks)):
            raise ValueError(f"two features handle text at one rank: {ranks}")

    async def handle_file(self, handling: Handling) -> None:
        """Call every handler of files with this message."""
        for take in self._files:
            await take(handling)

    async def handle_text(self, handling: Handling, actor: Actor, text: str) -> bool:
        """Whether one of the handlers answered this text."""
        private = bool(handling.event.payload["private"])
        for place, handle in self._text:
            if (private or not place.private) and await handle(handling, actor, text):
                return True
        return False

    async def handle_stranger(self, handling: Handling, user_id: int, text: str) -> bool:
        """Whether one of the handlers answered a stranger."""
        for handle in self._strangers:
            if await handle(handling, user_id, text):
                return True
        return False


def marks(kind: type) -> Iterator[str]:
    """The names of a class's methods that are marked as handlers of text or files."""
    for mark in (_TEXT, _FILES, _STRANGERS):
        for name, function in inspect.getmembers(kind, inspect.isfunction):
            if hasattr(function, mark):
                yield name


def _marked(feature: object, mark: str) -> Iterator[tuple[Any, Any]]:
    for name, function in inspect.getmembers(type(feature), inspect.isfunction):
        value = getattr(function, mark, None)
        if value is not None:
            yield value, getattr(feature, name)
