"""The manifest of an agent role, and the registry of roles: every folder of `agents` with a
`ROLE`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from importlib.resources import files
from typing import Any, Literal

import yaml

from jarvis.app.discovery import manifests
from jarvis.kit.actor import LANGUAGES, Language
from jarvis.language.entities import language_of
from jarvis.language.grammar import Intent, Intents, LatinWords, latin_words

AGENTS = "agents"
Place = Literal["help", "welcome"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Role:
    """What one agent is for, as `ROLE` of its folder; the folder's name is the role's.

    `summary`: which requests it takes, in English, for the router; empty for a role that requests
    are never routed to. `title` is its displayed name and `status` the message shown while it
    works, in every language. `agent`, `offline` (the rules of the offline model) and `completes`
    (how it completes a request from earlier ones) are named as entry points are,
    `"module:attribute"` within the folder, so that the manifest imports none of them. The intents
    are the folder's `intents.yaml`.

    Raises:
        ValueError: requests are routed to it, and a title or status lacks a language.
    """

    name: str
    summary: str = ""
    title: Mapping[str, str] = field(default_factory=dict[str, str])
    status: Mapping[str, str] = field(default_factory=dict[str, str])
    agent: str
    offline: str = "offline:rules"
    completes: str | None = None

    def __post_init__(self) -> None:
        for words in (self.title, self.status):
            if self.summary and set(words) != set(LANGUAGES):
                raise ValueError(
                    f"the role {self.name} lacks a word in {set(LANGUAGES) ^ set(words)}"
                )

    def load(self, entry: str) -> Any:
        """What an entry of the manifest names; this imports the module."""
        module, _, attribute = entry.partition(":")
        return getattr(import_module(f"{AGENTS}.{self.name}.{module}"), attribute)

    @cached_property
    def intents(self) -> Intents:
        """The intents of the role; a folder without `intents.yaml` has none.

        Raises:
            ValidationError: the file does not match `Intents`.
        """
        page = files(f"{AGENTS}.{self.name}").joinpath("intents.yaml")
        text = page.read_text(encoding="utf-8") if page.is_file() else "{}"
        return Intents.model_validate(yaml.safe_load(text))


def roles() -> Mapping[str, Role]:
    """Every role by its name.

    Raises:
        ValueError: a manifest has another name than its folder.
    """
    return _found(tuple(import_module(AGENTS).__path__))


def delegates() -> Mapping[str, Role]:
    """The roles that requests may be routed to."""
    return {name: role for name, role in roles().items() if role.summary}


def language_said(text: str, default: Language) -> Language:
    """The language of a text, detected also by the vocabulary of the roles."""
    return language_of(text, default, _latin(tuple(roles().values())))


@cache
def _latin(found: tuple[Role, ...]) -> LatinWords:
    return latin_words(role.intents for role in found)


def suggested(place: Place) -> list[Intent]:
    """The intents shown to people in that place, in their order."""
    found = [
        (number, intent)
        for role in delegates().values()
        for intent in role.intents.intents
        if (number := getattr(intent, place)) is not None
    ]
    return [intent for _, intent in sorted(found, key=lambda pair: pair[0])]


@cache
def _found(_paths: tuple[str, ...]) -> Mapping[str, Role]:
    """Keyed by the paths of the package, as a test may add a folder at run time."""
    found: dict[str, Role] = {}
    for each in manifests((AGENTS,), "ROLE", Role):
        role = each.manifest
        if each.package != f"{AGENTS}.{role.name}":
            raise ValueError(f"{each.package} calls its role {role.name}")
        found[role.name] = role
    return found
