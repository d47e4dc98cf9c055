"""The output of the router."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, create_model

from agents.blocks import OneLine
from tools.arguments import Words, cleaned, one_line

MAX_DELEGATIONS = 3


class Delegation(BaseModel):
    """One role and its part of the request."""

    role: str
    request: Words
    """The person's own words for this part."""
    reason: Annotated[str, BeforeValidator(one_line), Field(max_length=120)] = ""


class Route(BaseModel):
    """Exactly one of: delegations, a question, a refusal."""

    delegations: Annotated[list[Delegation], Field(max_length=MAX_DELEGATIONS)] = Field(
        default_factory=list[Delegation]
    )
    question: Annotated[str, BeforeValidator(cleaned), Field(max_length=140)] | None = None
    options: Annotated[list[OneLine], Field(max_length=3)] = Field(default_factory=list[str])
    refusal: Literal["off_topic"] | None = None


def route_of(names: Iterable[str]) -> type[Route]:
    """The route type between these roles only: a delegation to another is no valid output."""
    choice: Any = Literal
    delegation: Any = create_model(
        "Delegation", __base__=Delegation, __doc__=Delegation.__doc__, role=(choice[*names], ...)
    )
    rows: Any = Annotated[list[delegation], Field(default_factory=list, max_length=MAX_DELEGATIONS)]
    return create_model("Route", __base__=Route, __doc__=Route.__doc__, delegations=rows)
