"""JARVIS_TELEGRAM_* variables."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from pydantic import SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from jarvis.kit.errors import SettingsMissing
from jarvis.kit.settings import Settings

SYSTEM = "Telegram"


class TelegramSettings(Settings):
    """Defaults lead to Telegram's own servers; another server needs host, port and its public key
    together.

    `public_key` is a PEM text or the path of a PEM file, PKCS#1 or SPKI. `production` refuses every
    server but Telegram's.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_TELEGRAM_"
    )

    api_id: int = 0
    api_hash: SecretStr = SecretStr("")
    bot_token: SecretStr = SecretStr("")
    user_session: SecretStr = SecretStr("")  # a person's, only for `jarvis telegram setup --create`
    session: str = "bot"
    dc: int = 2
    host: str | None = None
    port: int | None = None
    public_key: str | None = None
    timeout_s: float = 10.0
    files_timeout_s: float = 600.0
    lease_s: float = 15.0
    # assumed: about one a second on average, bursts pass; Telegram says so by a flood wait when not
    person_per_minute: int = 60
    group_per_minute: int = 20
    group_minute_s: float = 61.0  # a message arrives some time after it was counted
    group_urgent_reserve: int = 4
    reconcile_s: float = 60.0
    production: bool = False

    @model_validator(mode="after")
    def _together(self) -> Self:
        override = [self.host, self.port, self.public_key]
        if any(override) and not all(override):
            raise ValueError(
                "HOST, PORT and PUBLIC_KEY come together: a server of your own needs all three"
            )
        if self.host is not None and not ipaddress.ip_address(self.host).is_loopback:
            raise ValueError("HOST of another server must be a loopback address")
        if self.host is not None and self.production:
            raise ValueError(
                "JARVIS_TELEGRAM_PRODUCTION forbids a server of your own; leave HOST, PORT and "
                "PUBLIC_KEY out"
            )
        return self

    def public_key_pem(self) -> str:
        """The key of a server of your own, in the PKCS#1 form that Telethon reads.

        Raises:
            SettingsMissing: no file and no RSA public key.
        """
        text = self.public_key or ""
        try:
            pem = (
                text
                if text.lstrip().startswith("-----BEGIN")
                else Path(text).read_text(encoding="ascii")
            )
            key = load_pem_public_key(pem.encode("ascii"))
        except (OSError, ValueError) as error:
            raise SettingsMissing(
                f"JARVIS_TELEGRAM_PUBLIC_KEY: neither a PEM key nor the path of one ({error})"
            ) from None
        if not isinstance(key, RSAPublicKey):
            raise SettingsMissing("JARVIS_TELEGRAM_PUBLIC_KEY: Telegram's servers have RSA keys")
        return key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode("ascii")

    @property
    def configured(self) -> bool:
        return bool(self.bot_token.get_secret_value()) and bool(self.api_id)
