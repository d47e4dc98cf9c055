"""JARVIS_TELEGRAM_* variables."""

from __future__ import annotations

import ipaddress
from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class TelegramSettings(Settings):
    """Defaults lead to Telegram's own servers; another server needs host, port and its public key together."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_TELEGRAM_")

    api_id: int = 0
    api_hash: SecretStr = SecretStr("")
    bot_token: SecretStr = SecretStr("")
    session: str = "bot"
    dc: int = 2
    host: str | None = None
    port: int | None = None
    public_key: str | None = None
    timeout_s: float = 10.0
    lease_s: float = 15.0
    group_per_minute: int = 18
    group_urgent_reserve: int = 4
    reconcile_s: float = 60.0

    @model_validator(mode="after")
    def _together(self) -> Self:
        override = [self.host, self.port, self.public_key]
        if any(override) and not all(override):
            raise ValueError("HOST, PORT and PUBLIC_KEY come together: a server of your own needs all three")
        if self.host is not None and not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError("HOST of another server must be a loopback address")
        return self

    @property
    def configured(self) -> bool:
        return bool(self.bot_token.get_secret_value()) and bool(self.api_id)
