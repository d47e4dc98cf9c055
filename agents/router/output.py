"""What the router decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from agents.blocks import OneLine
from tools.arguments import Words, cleaned, one_line

Role = Literal["fleet", "bookings", "clients", "guide", "workspace"]


class Delegation(BaseModel):
    """One role and its part of the request."""

    role: Role
    request: Words
    """The person's own words for this part."""
    reason: Annotated[str, BeforeValidator(one_line), Field(max_length=120)] = ""


class Route(BaseModel):
    """Exactly one of: delegations, a question, a refusal."""

    delegations: Annotated[list[Delegation], Field(max_length=3)] = Field(
        default_factory=list[Delegation]
    )
    question: Annotated[str, BeforeValidator(cleaned), Field(max_length=140)] | None = None
    options: Annotated[list[OneLine], Field(max_length=3)] = Field(default_factory=list[str])
    refusal: Literal["off_topic"] | None = None


class RouteProposal(BaseModel):
    """Which known kind's rule fits an event that no rule knows; a person decides."""

    kind: Annotated[str, BeforeValidator(one_line), Field(max_length=60)] | None = None
    """One of the known kinds, or none."""
    reason: Annotated[str, BeforeValidator(one_line), Field(max_length=120)] = ""
