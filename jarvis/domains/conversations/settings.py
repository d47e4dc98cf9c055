"""JARVIS_* variables about requests."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class RequestSettings(Settings):
    """Time limits of requests, in seconds.

    `word_after_s`: when a person whose request got no response yet is told that it takes longer;
    `slow_after_s`: when the status message says so; `request_s`: when a request is cancelled.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    word_after_s: float = 8.0
    slow_after_s: float = 20.0
    request_s: float = 55.0
