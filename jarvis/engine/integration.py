"""The manifest by which an outside system plugs in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jarvis.engine.effects import EffectKind
from jarvis.kit.settings import Settings

Process = Literal["worker", "bot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One line of `jarvis doctor`."""

    name: str
    ok: bool
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """What a vendor's folder provides, as `INTEGRATION` of its package.

    `connect` opens the client and closes it at the end; its parameters are injected by type, and
    services ask for the type that it yields. `carriers` are classes, `"module:Class"`, with a
    mapping `handlers` from kinds of effects to effect handlers, and `limits` if the vendor has any;
    `process` is the one that executes writes at the vendor; `switchable`: people may switch its
    writes off. `webhooks` are Litestar route handlers, `"module:handler"`. `diagnose`,
    `"module:function"`, reports the state of the vendor to `jarvis doctor`; its parameters are
    injected by type, too.
    """

    name: str
    title: str
    settings: type[Settings]
    connect: Callable[..., AsyncGenerator[Any]] | None = None
    effects: Sequence[EffectKind] = ()
    carriers: Sequence[str] = ()
    process: Process = "worker"
    concurrency: int = 8
    switchable: bool = True
    webhooks: Sequence[str] = ()
    diagnose: str | None = None
