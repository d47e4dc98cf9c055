"""JARVIS_RENTPROG_* variables."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from jarvis.kit.settings import Settings


class RentProgSettings(Settings):
    """One company token, company id and webhook secret a branch, as JSON objects keyed by branch
    code."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_RENTPROG_"
    )

    base_url: str = "https://rentprog.net/api/v1/public"
    company_tokens: dict[str, SecretStr] = Field(default_factory=dict)
    company_ids: dict[str, int] = Field(default_factory=dict)
    webhook_secrets: dict[str, SecretStr] = Field(default_factory=dict)
    mcp_url: str = "https://rentprog.net/mcp"
    mcp_key: SecretStr | None = None
    timeout_s: float = 12.0
    get_per_minute: int = 40
    search_per_minute: int = 10
    auth_per_minute: int = 30
    write_per_minute: int = 20
    mcp_per_minute: int = 50
    mcp_per_hour: int = 900
    # How those limits are divided, as fractions of each (`quota.py`): our own policy.
    orders_kept: float = Field(default=0.2, ge=0, lt=1)
    people_share: float = Field(default=0.6, gt=0, le=1)
    person_share: float = Field(default=0.4, gt=0, le=1)
    background_share: float = Field(default=0.4, gt=0, le=1)
    reread_share: float = Field(default=0.3, gt=0, le=1)
    person_patience_s: float = 2.0  # seconds that a person's read waits for quota
    patience_s: float = 120.0  # the same of a job's call, which blocks nobody
    shared_s: float = 5.0  # equal reads within this time are shared; the result carries its age
    pause_s: float = 10.0

    def branch_of_company(self, company_id: int | None) -> str | None:
        """The branch code of a company id."""
        return next((code for code, known in self.company_ids.items() if known == company_id), None)
