"""The vendors' sandboxes in the source tree, and the loader of their world.

Each vendor's part of the world file lies with its sandbox, which nothing below an entry point may
know; the demo and `jarvis.testing`, which is a layer above it, both use this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import jarvis.integrations
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.sandbox_manifest import (
    Sandbox,
    SandboxContext,
    VendorSandbox,
    discover_sandboxes,
)
from jarvis.kit.world import World, joined, read_world


def sandboxes() -> dict[str, Sandbox]:
    """The sandboxes of all vendors, by name."""
    return discover_sandboxes(jarvis.integrations)


def built(
    manifests: Mapping[str, Sandbox], context: Callable[[str], SandboxContext]
) -> dict[str, VendorSandbox]:
    """A sandbox of each vendor that can be started without a script; `context` says by name what it
    is built in."""
    return {
        name: manifest.build(context(name))
        for name, manifest in manifests.items()
        if manifest.build is not None
    }


def load_world(path: Path | None = None) -> World:
    """Read a world file, or the built-in one, with the parts of all vendors.

    Raises:
        InvalidRequest: names the file, the place in it and what is wrong.
    """
    kind = joined(tuple(found.world for found in sandboxes().values() if found.world is not None))
    if path is None:
        return _built_in(kind)
    try:
        return read_world(path.read_text(encoding="utf-8"), path.name, kind)
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror}") from None


@cache
def _built_in(kind: type[World]) -> World:
    text = files("jarvis.entrypoints").joinpath("worlds/geodrive.yaml").read_text(encoding="utf-8")
    return read_world(text, "built-in world", kind)
