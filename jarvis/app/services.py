"""Services by type: how code that runs a request reaches the services of any noun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Services:
    """Returns the instance of a type in this process.

    Args:
        built: The objects by type; it may be filled later.
    """

    def __init__(self, built: Mapping[type, Any]) -> None:
        self.built = built

    def get(self, kind: type[T]) -> T:
        """A service, a port, a settings model or a part of the engine by its type.

        Raises:
            LookupError: no part that this process runs offers it.
        """
        try:
            return self.built[kind]
        except KeyError:
            raise LookupError(f"{kind.__name__} is in no part that this process runs") from None
