"""A local provider that speaks OpenAI's and Anthropic's wire formats, with scripted answers and
faults."""

from jarvis.integrations.llm.sandbox.server import LlmSandbox

__all__ = ["LlmSandbox"]
