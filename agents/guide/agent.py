"""Explains what Jarvis can do, and the company's rules."""

from __future__ import annotations

from agents.base import role_agent
from tools.guide import guide as toolset

guide = role_agent("guide", toolset)
