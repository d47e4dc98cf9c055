"""Every type of button of the product, who owns it, and its largest value."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import jarvis.domains
import jarvis.messaging
import jarvis.orchestrator
from jarvis.kit.text import MESSAGE_CHARS
from jarvis.messaging.callbacks import Payload, callbacks_of

ROWS = 60
_TEXT = "ღ|\"\n\\'&<🚗"  # what is stored as several bytes, or with an escape
_ID = "ffffffff-ffff-4fff-bfff-ffffffffffff"


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the rooms that may show or own a button."""
    rooms = (jarvis.domains, jarvis.messaging, jarvis.orchestrator)
    return tuple(
        importlib.import_module(found.name)
        for room in rooms
        for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
    )


def payloads() -> list[type[Payload]]:
    """Every type that stands behind buttons: those that have a kind."""
    modules()
    return sorted(_kinds(Payload), key=lambda payload: payload.__name__)


def _kinds(base: type[Payload]) -> Iterator[type[Payload]]:
    for payload in base.__subclasses__():
        if "kind" in vars(payload) and payload.__module__.startswith("jarvis."):
            yield payload
        yield from _kinds(payload)


def owner_classes() -> list[type[object]]:
    """The classes that own buttons."""
    return [
        value
        for module in modules()
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and callbacks_of(value)
    ]


def owners() -> list[tuple[type[Payload], str]]:
    """Each payload with the method that owns it, in the order of the modules."""
    return [
        (payload, f"{value.__module__}.{value.__name__}.{method}")
        for value in owner_classes()
        for method, payload in callbacks_of(value).items()
    ]


def largest(payload: type[Payload]) -> Payload:
    """A value with as much in every field as the field takes."""
    schema = payload.model_json_schema()
    return payload.model_validate(
        {name: _most(field) for name, field in schema.get("properties", {}).items()}
    )


def _most(schema: Mapping[str, Any]) -> object:
    if "anyOf" in schema:
        return _most(next(s for s in schema["anyOf"] if s.get("type") != "null"))
    if "enum" in schema:
        return max(schema["enum"], key=len)
    kind, length = schema["type"], schema.get("maxLength", MESSAGE_CHARS)
    if kind == "string":
        formats = {"uuid": _ID, "date": "9999-12-31"}
        whole = _TEXT * (length // len(_TEXT) + 1)
        return formats.get(schema.get("format", ""), whole[:length])
    if kind == "array":
        return [_most(schema["items"])] * schema.get("maxItems", ROWS)
    return {"boolean": True, "integer": -(2**63), "number": "-123456789012345.67"}[kind]
