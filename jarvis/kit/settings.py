"""Base of every settings class: frozen, from the environment, failing with the variable's name."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from jarvis.kit.errors import SettingsMissing


class Settings(BaseSettings):
    """Read from the environment only; unknown variables are ignored."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


S = TypeVar("S", bound=Settings)


def load(kind: type[S]) -> S:
    """Settings from the environment.

    Raises:
        SettingsMissing: names every variable that is absent or malformed.
    """
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        names = [
            (f"{prefix}{'__'.join(map(str, e['loc']))}".upper(), e["msg"]) for e in error.errors()
        ]
        problems = "; ".join(f"{name}: {message}" for name, message in names)
        raise SettingsMissing(problems) from None
