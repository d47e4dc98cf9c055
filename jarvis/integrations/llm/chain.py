"""The chain of models: providers in order, each with a deadline, the offline model as its last
link."""

from __future__ import annotations

from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.models import Model
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.settings import ModelSettings

from jarvis.integrations.llm.metering import Meter
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.errors import SettingsMissing
from jarvis.language.offline import OfflineModel


def falls_over(error: Exception) -> bool:
    """Whether the next model is tried: quotas, 5xx, time-outs and unreadable answers. Narrow on
    purpose: a wrong request (400, 401, 404) is our bug and costs one call, not one per provider.
    """
    if (
        isinstance(error, ModelHTTPError)
        and error.status_code < 500
        and error.status_code not in (408, 429)
    ):
        return False
    return isinstance(error, ModelAPIError | UnexpectedModelBehavior)


def build_chain(
    settings: LlmSettings, offline: OfflineModel | None, meter: Meter | None = None
) -> Model:
    """The model that agents run on: providers from the settings, then the offline model.

    `meter` puts budgets and a breaker before each provider. Without `offline` a provider that fails
    is a failure: an eval of a model must never be answered by another one.

    Raises:
        SettingsMissing: a link of the chain lacks its key or is of an unknown kind, or there is no
            link at all.
    """
    if meter is None:
        links = [_link(settings, name, settings.deadline_s) for name in settings.chain]
    # the meter enforces the deadline itself, so that the breaker counts time-outs; the outer one is
    # a fallback
    else:
        links = [
            meter.metered(_link(settings, name, settings.deadline_s + 2)) for name in settings.chain
        ]
    if offline is not None:
        links.append(offline)
    if not links:
        raise SettingsMissing("JARVIS_LLM_CHAIN: it names no model")
    return (
        links[0] if len(links) == 1 else FallbackModel(links[0], *links[1:], fallback_on=falls_over)
    )


def _link(settings: LlmSettings, name: str, deadline_s: float) -> Model:
    kind, _, model = name.partition(":")
    deadline: ModelSettings = {
        "request_timeout": deadline_s,
        "max_retries": 0,
        "timeout": deadline_s,
        "max_tokens": settings.max_output_tokens,
    }
    if kind == "openai":
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
        return _openai(model, key, settings.openai_base_url, "JARVIS_LLM_OPENAI_API_KEY", deadline)
    if kind == "compatible":
        if settings.compatible_base_url is None:
            raise SettingsMissing(
                "JARVIS_LLM_COMPATIBLE_BASE_URL: the chain names a compatible server"
            )
        key = (
            settings.compatible_api_key.get_secret_value()
            if settings.compatible_api_key
            else "none"
        )
        return _openai(
            model, key, settings.compatible_base_url, "JARVIS_LLM_COMPATIBLE_API_KEY", deadline
        )
    if kind == "anthropic":
        return _anthropic(settings, model, deadline)
    raise SettingsMissing(
        f"JARVIS_LLM_CHAIN: {name!r} is none of openai:NAME, anthropic:NAME, compatible:NAME"
    )


def _openai(
    model: str, key: str | None, base_url: str | None, variable: str, deadline: ModelSettings
) -> Model:
    if not key:
        raise SettingsMissing(f"{variable}: the chain names this provider")
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return OpenAIChatModel(
        model, provider=OpenAIProvider(api_key=key, base_url=base_url), settings=deadline
    )


def _anthropic(settings: LlmSettings, model: str, deadline: ModelSettings) -> Model:
    if settings.anthropic_api_key is None:
        raise SettingsMissing("JARVIS_LLM_ANTHROPIC_API_KEY: the chain names this provider")
    from anthropic import AsyncAnthropic  # imported late: it takes seconds
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(
        api_key=settings.anthropic_api_key.get_secret_value(),
        base_url=settings.anthropic_base_url,
        max_retries=0,
    )
    return AnthropicModel(
        model, provider=AnthropicProvider(anthropic_client=client), settings=deadline
    )
