"""JARVIS_STORAGE_* variables."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class StorageSettings(Settings):
    """`url` is `file:///path` or `s3://bucket/prefix`; `gs://` means GCS's S3 endpoint with HMAC
    keys."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_STORAGE_"
    )

    url: str = "file://.jarvis/media"
    endpoint: str | None = None
    public_endpoint: str | None = None
    region: str = "us-east-1"
    key: SecretStr | None = None
    secret: SecretStr | None = None
