"""JARVIS_* variables of the engine."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any, get_args

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from jarvis.engine.dispatcher import SWITCHED_OFF_S
from jarvis.engine.effects import LEASE_S
from jarvis.engine.switches import Mode
from jarvis.kit.settings import Settings


class EngineSettings(Settings):
    """`public_url`: the public address; `secret`: the signing key; `effects`: which effects are
    sent, by kind, system or branch; `approval_min`: minutes that a card waits; `lease_s`: seconds
    until the work of a silent process is released; `switched_off_s`: seconds between checks of
    switched-off effects."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    public_url: str = "http://127.0.0.1:8000"
    secret: SecretStr = SecretStr("")
    effects: Annotated[dict[str, Mode], NoDecode] = Field(default_factory=dict[str, Mode])
    approval_min: float = 30.0
    lease_s: float = LEASE_S
    switched_off_s: float = SWITCHED_OFF_S

    @property
    def approval_life(self) -> timedelta:
        return timedelta(minutes=self.approval_min)

    @field_validator("effects", mode="before")
    @classmethod
    def _mode_for_all(cls, value: Any) -> Any:
        """`shadow` means every kind; else JSON by kind, `system.*` or `kind@branch`."""
        if not isinstance(value, str):
            return value
        return {"*": value} if value in get_args(Mode) else json.loads(value)
