"""The manifest of a noun: what its folder offers. `jarvis.app.discovery` finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What a noun offers, as `FEATURE` of its package.

    `views` are modules of the package, by name, with functions that are marked as views of facts:
    a process imports them only where it renders.
    """

    name: str
    views: Sequence[str] = ()
