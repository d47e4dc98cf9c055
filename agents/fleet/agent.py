"""Answers about cars: location, renter, availability."""

from __future__ import annotations

from agents.base import role_agent
from tools.fleet import fleet as toolset

fleet = role_agent("fleet", toolset)
