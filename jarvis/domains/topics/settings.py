"""JARVIS_* variables about topics."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class TopicsSettings(Settings):
    """`moves_look_s`: seconds between updates of a progress report about moves."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    moves_look_s: float = 15.0
