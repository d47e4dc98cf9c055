"""Answers about cars: where, who has it, what is free."""

from __future__ import annotations

from agents.base import role_agent
from tools.car_changes import car_changes
from tools.fleet import fleet as toolset

fleet = role_agent("fleet", toolset, car_changes)
