"""JARVIS_* variables about topics."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class TopicsSettings(Settings):
    """`moves_look_s`: how often the message about many moves is brought up to date."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    moves_look_s: float = 15.0
