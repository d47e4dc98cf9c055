"""JARVIS_LLM_* variables."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class LlmSettings(Settings):
    """`chain` names models in the order in which they are tried: `openai:NAME`, `anthropic:NAME`,
    `compatible:NAME`.

    `compatible` is any server that speaks OpenAI's chat format at `compatible_base_url`. Money is
    in US dollars; a model without a known price is counted at `unpriced_usd_per_million` tokens (0
    for a server of one's own). Days are Tbilisi's.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_LLM_"
    )

    chain: tuple[str, ...] = ()
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str | None = None
    compatible_api_key: SecretStr | None = None
    compatible_base_url: str | None = None
    deadline_s: float = 25.0
    max_output_tokens: int = 4000
    unpriced_usd_per_million: float = 10.0
    request_usd: float = 1.0
    employee_day_calls: int = 400
    employee_day_usd: float = 3.0
    employee_day_min: float = 60.0
    house_day_calls: int = 6000
    house_day_usd: float = 50.0
    house_day_min: float = 900.0

    @property
    def online(self) -> bool:
        """Whether any provider is configured."""
        return bool(self.chain)
