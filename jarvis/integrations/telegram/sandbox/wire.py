"""Results that are no objects of the protocol: its true, and its vectors."""

from __future__ import annotations

import struct
from typing import Any


def true() -> bytes:
    """The protocol's true."""
    return struct.pack("<I", 0x997275B5)


def vector(items: list[Any]) -> bytes:
    """Objects one after the other."""
    return struct.pack("<Ii", 0x1CB5C415, len(items)) + b"".join(bytes(i) for i in items)
