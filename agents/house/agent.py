"""Answers about check-lists, material and topics; plans posts, subscriptions, roles, hires, branches."""

from __future__ import annotations

from agents.base import role_agent
from tools.house import house as toolset
from tools.house_changes import house_changes

house = role_agent("house", toolset, house_changes)
