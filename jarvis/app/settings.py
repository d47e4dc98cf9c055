"""JARVIS_* variables of every process."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from jarvis.engine.intake import QUEUE
from jarvis.kit.errors import SettingsMissing
from jarvis.kit.settings import Settings


class AppSettings(Settings):
    """Addresses of the servers, and how many inputs may wait to be stored."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    database_url: SecretStr
    database_direct_url: SecretStr | None = None
    database_pooled: bool = False
    redis_url: SecretStr | None = None
    intake_queue: int = Field(default=QUEUE, ge=1)

    @property
    def redis(self) -> str:
        """The address of Redis, for parts that require it.

        Raises:
            SettingsMissing: none is set.
        """
        if self.redis_url is None:
            raise SettingsMissing("JARVIS_REDIS_URL: jobs are carried by Redis")
        return self.redis_url.get_secret_value()
