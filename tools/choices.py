"""Arguments whose values are data: a tool's schema offers the model those that exist now, and the
guard accepts no others.

They are in the schema, since a provider may hold a model to an `enum` while it writes the call, and
since the name is then beside its code; instructions would only be read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_ai.tools import ToolDefinition

from jarvis.domains.chats.models import SERVICE
from jarvis.domains.chats.service import ChatService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.kit.errors import InvalidRequest
from tools.arguments import BRANCH_CODE, SERVICE_CHAT
from tools.deps import Deps

Values = Mapping[str, str]
"""What may be said, and what each value means."""


async def _branches(deps: Deps) -> Values:
    return {each.code: each.name("ru") for each in await deps.get(StaffService).branches()}


async def _service_chats(deps: Deps) -> Values:
    groups = await deps.get(ChatService).groups(deps.get(Database))
    there = {group.purpose for group in groups if not group.lost}
    return {each: "set up" if each in there else "no group yet" for each in SERVICE}


OFFERED = "offered"
_SOURCES: Mapping[str, Callable[[Deps], Awaitable[Values]]] = {
    BRANCH_CODE: _branches,
    SERVICE_CHAT: _service_chats,
}


@dataclass(slots=True)
class _Schema:
    """A tool's schema, which parameters take values that are data, and what it was last offered
    with."""

    schema: Mapping[str, Any]
    kinds: Mapping[str, str]
    known: Mapping[str, Values] | None = None
    filled: dict[str, Any] = field(default_factory=dict[str, Any])
    values: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


_schemas: dict[int, _Schema] = {}  # by identity; each keeps its schema alive


async def offered(
    definition: ToolDefinition, deps: Deps, read: dict[str, Values]
) -> ToolDefinition:
    """Return the tool with the values that exist now where its schema names a kind of values.

    Args:
        definition: The tool.
        deps: Where the values are read.
        read: What was read for another tool of the same offer, by kind; it is added to.
    """
    schema = definition.parameters_json_schema
    if (seen := _schemas.get(id(schema))) is None:
        kinds = {name: kind for name, p in schema["properties"].items() if (kind := _kind(p))}
        seen = _schemas[id(schema)] = _Schema(schema, kinds)
    if not seen.kinds:
        return definition
    for kind in seen.kinds.values():
        if kind not in read:
            read[kind] = await _SOURCES[kind](deps)
    known = {kind: read[kind] for kind in seen.kinds.values()}
    if seen.known != known:
        _fill(seen, known)
    if not seen.values:
        return definition
    metadata = {**(definition.metadata or {}), OFFERED: seen.values}
    return replace(definition, parameters_json_schema=seen.filled, metadata=metadata)


def _fill(seen: _Schema, known: Mapping[str, Values]) -> None:
    properties, values = dict(seen.schema["properties"]), dict[str, Sequence[str]]()
    for name, kind in seen.kinds.items():
        if not known[kind]:
            continue
        parameter = seen.schema["properties"][name]
        fixed = [leaf["const"] for leaf in _leaves(parameter) if "const" in leaf]
        properties[name] = _with(parameter, known[kind])
        values[name] = [*known[kind], *fixed]
    seen.known, seen.values = known, values
    seen.filled = {**seen.schema, "properties": properties}


def check(definition: ToolDefinition, arguments: Mapping[str, Any]) -> None:
    """Accept only values that were offered.

    Raises:
        InvalidRequest: one does not exist; the message names those that do.
    """
    for name, known in (definition.metadata or {}).get(OFFERED, {}).items():
        said = arguments.get(name)
        if said is not None and said not in known:
            raise InvalidRequest(f"{name}: there is no {said!r}; there are: {', '.join(known)}")


def _leaves(parameter: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return parameter.get("anyOf") or [parameter]


def _kind(parameter: Mapping[str, Any]) -> str | None:
    return next(
        (leaf["format"] for leaf in _leaves(parameter) if leaf.get("format") in _SOURCES), None
    )


def _with(parameter: Mapping[str, Any], values: Values) -> Mapping[str, Any]:
    meanings = ", ".join(f"`{value}` ({meaning})" for value, meaning in values.items())
    described = {"description": f"{parameter['description']} Now: {meanings}."}
    listed = {"type": "string", "enum": list(values)}
    if "anyOf" not in parameter:
        kept = {key: value for key, value in parameter.items() if key in ("default", "title")}
        return {**kept, **listed, **described}
    leaves = [listed if leaf.get("format") in _SOURCES else leaf for leaf in parameter["anyOf"]]
    return {**parameter, "anyOf": leaves, **described}
