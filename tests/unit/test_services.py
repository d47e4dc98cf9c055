"""Services by type."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from typing import Any

import pytest

import tools
from jarvis.app.base import BASE
from jarvis.app.build import Blueprint
from jarvis.app.services import Services
from jarvis.entrypoints.worker import PARTS


class _Known:
    pass


class _Unknown:
    pass


def test_what_was_built_is_given_by_type_and_nothing_else() -> None:
    known = _Known()
    built: dict[type, Any] = {}
    services = Services(built)
    built[_Known] = known  # what is built later is there too
    assert services.get(_Known) is known
    with pytest.raises(LookupError, match="_Unknown is in no part"):
        services.get(_Unknown)


def test_every_service_that_a_tool_asks_for_is_built_by_a_worker() -> None:
    worker = Blueprint(PARTS, "worker", ())
    built = {*worker.types, *worker.ports_of, *BASE}
    asked: set[type] = set()
    for module in pkgutil.iter_modules(tools.__path__, "tools."):
        found = import_module(module.name)
        for node in ast.walk(ast.parse(inspect.getsource(found))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = node.args[0] if node.func.attr == "get" and node.args else None
                kind = getattr(found, given.id, None) if isinstance(given, ast.Name) else None
                asked |= {kind} if isinstance(kind, type) else set()
    assert len(asked) > 8
    assert asked <= built, asked - built
