"""Telegram's own errors."""

from __future__ import annotations


class RpcFailure(Exception):
    """An error of Telegram: numeric code and its text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
