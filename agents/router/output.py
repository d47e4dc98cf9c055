"""What the router decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Role = Literal["fleet", "bookings", "clients", "guide", "house"]


class Delegation(BaseModel):
    """One role and its part of the request."""

    role: Role
    request: Annotated[str, Field(max_length=2000)]
    """The person's own words for this part."""
    reason: Annotated[str, Field(max_length=120)] = ""


class Route(BaseModel):
    """Exactly one of: delegations, a question, a refusal."""

    delegations: Annotated[list[Delegation], Field(max_length=3)] = Field(default_factory=list[Delegation])
    question: Annotated[str, Field(max_length=140)] | None = None
    options: Annotated[list[str], Field(max_length=3)] = Field(default_factory=list[str])
    refusal: Literal["off_topic"] | None = None


class RouteProposal(BaseModel):
    """Which known kind's rule fits an event that no rule knows; a person decides."""

    kind: str | None = None
    """One of the known kinds, or none."""
    reason: Annotated[str, Field(max_length=120)] = ""
