"""What every command line file needs: settings of a running demo, a loop, a console, the options
that many share."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

console = Console()
T = TypeVar("T")
Discard = Annotated[
    bool, typer.Option("--discard", help="Let open work of removed subscribers die.")
]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def settings_from_demo(needed: str = "JARVIS_DATABASE_URL") -> None:
    """With no database set, take the settings of the demo that runs in this folder."""
    if needed not in os.environ and "JARVIS_DATABASE_URL" not in os.environ:
        from jarvis.entrypoints.demo.running import find_demo

        os.environ.update(find_demo())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one command's coroutine."""
    import asyncio  # not at the top: help needs none of it

    return asyncio.run(work)
