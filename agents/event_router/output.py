"""The output of the event router."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from tools.arguments import one_line


class RouteProposal(BaseModel):
    """Which known kind's rule fits an event that no rule knows; a person decides."""

    kind: Annotated[str, BeforeValidator(one_line), Field(max_length=60)] | None = None
    """One of the known kinds, or none."""
    reason: Annotated[str, BeforeValidator(one_line), Field(max_length=120)] = ""
