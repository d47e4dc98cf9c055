"""JARVIS_* variables about requests."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class RequestSettings(Settings):
    """`word_after_s`: after so long without an answer a person is told that it takes longer;
    `slow_after_s`: after so long the status message says so; `request_s`: the longest request."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    word_after_s: float = 8.0
    slow_after_s: float = 20.0
    request_s: float = 55.0
