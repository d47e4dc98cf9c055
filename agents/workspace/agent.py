"""Answers about check-lists, material and topics; plans posts, subscriptions, roles, hires,
branches."""

from __future__ import annotations

from agents.base import role_agent
from tools.workspace import workspace as toolset
from tools.workspace_changes import workspace_changes

workspace = role_agent("workspace", toolset, workspace_changes)
