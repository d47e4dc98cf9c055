"""The chain of models over both wire formats: it answers, falls over narrowly, and ends in the
offline model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_ai import Agent, models
from pydantic_ai.exceptions import ModelHTTPError

from agents.offline import offline_model
from agents.router.output import Route
from jarvis.app.role import roles
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.sandbox import LlmSandbox
from jarvis.integrations.llm.sandbox.server import ScriptedAnswer
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.clock import OffsetClock
from jarvis.kit.errors import SettingsMissing
from jarvis.language.offline import NAME

agent = Agent(None, output_type=Route, name="chain")
OFFLINE = offline_model(roles()["router"], OffsetClock())


def to_fleet(body: Mapping[str, Any]) -> ScriptedAnswer:
    tool = body["tools"][0]
    name = tool["function"]["name"] if "function" in tool else tool["name"]
    return ScriptedAnswer(
        calls=[(name, {"delegations": [{"role": "fleet", "request": "x", "reason": "model"}]})]
    )


PATIENT, SHORT = 20.0, 0.6  # s; the first call of a provider's library also imports it


def settings(sandbox: LlmSandbox, *chain: str, deadline_s: float = PATIENT) -> LlmSettings:
    return LlmSettings(
        chain=chain,
        openai_api_key=SecretStr("k"),
        openai_base_url=sandbox.openai_url,
        anthropic_api_key=SecretStr("k"),
        anthropic_base_url=sandbox.anthropic_url,
        compatible_base_url=sandbox.openai_url,
        deadline_s=deadline_s,
    )


async def ask(llm: LlmSettings) -> tuple[Route, str]:
    """The decision, and which model made it."""
    with models.override_allow_model_requests(True):
        result = await agent.run(
            "кто нам должен?",
            model=build_chain(llm, OFFLINE),
        )
    return result.output, str(result.response.model_name)


@pytest.mark.parametrize("link", ["openai:gpt-x", "anthropic:claude-x", "compatible:local"])
async def test_each_wire_format_answers(link: str) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        route, model = await ask(settings(sandbox, link))
    assert [d.role for d in route.delegations] == ["fleet"]
    assert model == link.partition(":")[2]


@pytest.mark.parametrize("fault", ["rate_limit", "refuse", "hang", "truncate", "garble"])
@pytest.mark.parametrize("link", ["openai:gpt-x", "anthropic:claude-x"])
async def test_a_failing_provider_is_followed_by_the_offline_model(link: str, fault: str) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        sandbox.faults.start(fault, {"seconds": 5})
        waits = SHORT if fault == "hang" else PATIENT
        route, model = await ask(settings(sandbox, link, deadline_s=waits))
        assert model == NAME, "the offline model is the last link"
        assert [d.role for d in route.delegations] == ["bookings"]
        sandbox.faults.stop()
        assert (await ask(settings(sandbox, link)))[1] != NAME


async def test_a_request_that_is_our_bug_does_not_cost_every_provider_a_call() -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        llm = settings(sandbox, "openai:gpt-x", "anthropic:claude-x").model_copy(
            update={"openai_base_url": sandbox.openai_url + "/nowhere"}
        )
        with pytest.raises(ModelHTTPError):
            await ask(llm)
        assert sandbox.requests == []


def test_a_chain_without_its_key_stops_the_start() -> None:
    with pytest.raises(SettingsMissing, match="JARVIS_LLM_OPENAI_API_KEY"):
        build_chain(LlmSettings(chain=("openai:gpt-x",)), OFFLINE)
    with pytest.raises(SettingsMissing, match="JARVIS_LLM_CHAIN"):
        build_chain(LlmSettings(chain=("mystery",)), OFFLINE)
