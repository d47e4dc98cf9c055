"""What a person reads when a model loops, a budget is used up, or a far side is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_ai import models

from jarvis.integrations.llm.sandbox import LlmSandbox
from jarvis.integrations.llm.sandbox.server import ScriptedAnswer
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.testing.app import running_app
from jarvis.testing.servers import Servers

NINO = "Нино Беридзе"


def provider_settings(provider: LlmSandbox, **limits: Any) -> LlmSettings:
    return LlmSettings(
        chain=("openai:gpt-4o",),
        openai_api_key=SecretStr("k"),
        openai_base_url=provider.openai_url,
        deadline_s=5,
        **limits,
    )


def looping(body: Mapping[str, Any]) -> ScriptedAnswer:
    """Routes to the fleet, whose model then looks for the same car for ever."""
    names = {t["function"]["name"] for t in body["tools"]}
    if "find_car" in names:
        return ScriptedAnswer(calls=[("find_car", {"name": "Malibu 235"})])
    return ScriptedAnswer(
        calls=[
            (
                next(iter(names)),
                {"delegations": [{"role": "fleet", "request": "где малибу 235?", "reason": "x"}]},
            )
        ]
    )


async def test_a_model_that_loops_is_stopped_with_a_word(servers: Servers, tmp_path: Path) -> None:
    async with LlmSandbox(looping).running() as provider:
        with models.override_allow_model_requests(True):
            async with running_app(servers, tmp_path, llm=provider_settings(provider)) as app:
                answer = await app.ask(NINO, "где малибу 235?")
                assert "слишком много шагов для одной просьбы" in answer["text"]
                assert len(provider.requests) == 12
                assert await app.core.db.fetchval("SELECT cost_micro_usd FROM agent_run") == 12 * 75


async def test_a_used_up_day_is_told_and_simple_requests_are_still_answered(
    servers: Servers, tmp_path: Path
) -> None:
    async with LlmSandbox(looping).running() as provider:
        with models.override_allow_model_requests(True):
            async with running_app(
                servers, tmp_path, llm=provider_settings(provider, employee_day_calls=1)
            ) as app:
                answer = (await app.ask(NINO, "где малибу 235?"))["text"]
                assert "Malibu 235" in answer
                assert "Ваш лимит обращений к модели на сегодня исчерпан" in answer
                assert len(provider.requests) == 1
                denied = await app.core.db.fetch(
                    "SELECT body FROM audit_payload WHERE body LIKE '%employee%' AND body LIKE "
                    "'%budget%'"
                )
                assert len(denied) == 1
