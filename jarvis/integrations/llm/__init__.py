"""Language models: OpenAI, Anthropic, any server of OpenAI's format, and the offline model that
needs none of them. Models open their connections by themselves at the first request."""

from jarvis.engine.integration import Integration
from jarvis.integrations.llm.settings import LlmSettings

INTEGRATION = Integration(
    name="llm", title="Language models", settings=LlmSettings, diagnose="diagnostics:diagnose"
)
