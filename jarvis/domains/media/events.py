"""Kinds of events about files."""

from __future__ import annotations

REMOVED = "media.removed"  # people's messages were removed, or could not be
LOOSE = "media.loose"  # what files were sent for is no more: their author is asked about them
SET_FILED = "media.set_filed"  # a set was filed under an operation
