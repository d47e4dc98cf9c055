"""Identifiers: rows (UUIDv7-like, ordered by time), short codes for people, secrets."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from uuid import UUID

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_id() -> UUID:
    """A time-ordered UUID (version 7, RFC 9562)."""
    millis = time.time_ns() // 1_000_000
    raw = bytearray(millis.to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))


def short_code(value: UUID | str) -> str:
    """Six letters that a person can read out; from a hash, so it reveals nothing about the row."""
    digest = int.from_bytes(hashlib.sha256(str(value).encode()).digest()[:8], "big")
    code = ""
    for _ in range(6):
        digest, index = divmod(digest, len(_ALPHABET))
        code += _ALPHABET[index]
    return code


def new_token(size: int = 18) -> str:
    """An unguessable URL-safe token."""
    return secrets.token_urlsafe(size)


def sha256_hex(*parts: bytes | str) -> str:
    """Hash of length-prefixed parts, so that ("ab","c") and ("a","bc") differ."""
    state = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        state.update(len(raw).to_bytes(8, "big"))
        state.update(raw)
    return state.hexdigest()
