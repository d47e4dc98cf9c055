"""Answers about bookings, debts and who changed what."""

from __future__ import annotations

from agents.base import role_agent
from tools.bookings import bookings as toolset

bookings = role_agent("bookings", toolset)
