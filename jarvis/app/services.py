"""What was built, by type: how whoever runs a request reaches the services of any noun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

T = TypeVar("T")


class Services(Protocol):
    """Gives the one object of a type that this process has built."""

    def get(self, kind: type[T]) -> T:
        """The object of this very type.

        Raises:
            LookupError: nothing of this type was built.
        """
        ...


class BuiltServices:
    """Objects that were built elsewhere, by type."""

    def __init__(self, built: Mapping[type, object]) -> None:
        self._built = dict(built)

    def get(self, kind: type[T]) -> T:
        """The object of this very type.

        Raises:
            LookupError: nothing of this type was built; the message names the type.
        """
        found = self._built.get(kind)
        if not isinstance(found, kind):
            raise LookupError(f"no {kind.__module__}.{kind.__qualname__} was built in this process")
        return found


def services(*built: object) -> BuiltServices:
    """These objects, each by its own type."""
    return BuiltServices({type(each): each for each in built})
