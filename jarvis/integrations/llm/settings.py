"""JARVIS_LLM_* variables."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class LlmSettings(Settings):
    """`chain` names models in the order in which they are tried: `openai:NAME`, `anthropic:NAME`, `compatible:NAME`.

    `compatible` is any server that speaks OpenAI's chat format at `compatible_base_url`.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_LLM_")

    chain: tuple[str, ...] = ()
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str | None = None
    compatible_api_key: SecretStr | None = None
    compatible_base_url: str | None = None
    deadline_s: float = 25.0

    @property
    def online(self) -> bool:
        """Whether any provider is configured."""
        return bool(self.chain)
