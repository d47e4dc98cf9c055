"""The intents of all roles as one grammar, and the requests read with it."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from jarvis.app.role import Role, roles
from jarvis.language.branches import EVERYDAY, BranchNames
from jarvis.language.entities import Understood, understand
from jarvis.language.grammar import Asked, Grammar


def grammar() -> Grammar:
    """The grammar of all roles."""
    return _grammar(tuple(roles().values()))


@cache
def _grammar(found: tuple[Role, ...]) -> Grammar:
    return Grammar({role.name: role.intents for role in found})


def read(text: str, now: datetime, branches: BranchNames = EVERYDAY) -> Understood:
    """Read one request with the grammar of all roles and the names of these branches."""
    return understand(text, now, grammar(), branches)


def asked(said: Understood, *names: str, verbs: bool = False) -> Asked | None:
    """The intent that a request asks for: of these roles (of all when none is named), or only one
    that has a verb."""
    return grammar().first(said.text, said.shows, of=names, verbs=verbs)
