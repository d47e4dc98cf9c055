"""The dispatchers of a process: one per system that it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from jarvis.app.build import App, Carrier, EffectKinds
from jarvis.app.discovery import integrations
from jarvis.engine.dispatcher import AMBIGUOUS_FOR, Dispatcher, Limits
from jarvis.engine.effects import Effect, EffectHandler
from jarvis.engine.settings import EngineSettings
from jarvis.engine.switches import Switches

ALONE = 1  # effects at once in our own database


def dispatchers(
    app: App, name: str, *, ambiguous_for: timedelta = AMBIGUOUS_FOR
) -> dict[str, Dispatcher]:
    """By system, from the carriers that the app was built with."""
    systems = {kind.name: kind.system for kind in app.get(EffectKinds).kinds}
    at_once = {f.manifest.name: f.manifest.concurrency for f in integrations()}
    found: dict[str, dict[str, EffectHandler]] = {}
    limits: dict[str, Limits] = {}
    for carrier in app.carriers:
        for kind, handler in carrier.handlers.items():
            found.setdefault(systems[kind], {})[kind] = handler
            limits.setdefault(systems[kind], _limits(carrier))
    settings, free = (
        app.get(EngineSettings),
        {f.manifest.name for f in integrations() if not f.manifest.switchable},
    )
    return {
        system: Dispatcher(
            app.db,
            app.notifier,
            name=name,
            system=system,
            handlers=handlers,
            limits=limits[system],
            concurrency=at_once.get(system, ALONE),
            ambiguous_for=ambiguous_for,
            switches=None if system in free else app.get(Switches),
            switched_off_s=settings.switched_off_s,
            lease_s=settings.lease_s,
        )
        for system, handlers in found.items()
    }


def _limits(carrier: Carrier) -> Limits:
    own: Limits | None = getattr(carrier, "limits", None)
    return own or _none


def _none(_effect: Effect) -> Sequence[Any]:
    return ()
