"""Answers about clients."""

from __future__ import annotations

from agents.base import role_agent
from tools.clients import clients as toolset

clients = role_agent("clients", toolset)
