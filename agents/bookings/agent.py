"""Answers about bookings, debts and who changed what; plans changes of bookings."""

from __future__ import annotations

from agents.base import role_agent
from tools.booking_changes import booking_changes
from tools.bookings import bookings as toolset

bookings = role_agent("bookings", toolset, booking_changes)
