"""A local provider that speaks OpenAI's and Anthropic's wire formats, with scripted answers and
faults."""

from jarvis.integrations.llm.sandbox.server import LlmSandbox
from jarvis.kit.sandbox_manifest import Sandbox

__all__ = ["SANDBOX", "LlmSandbox"]

# a suite writes the script; the demo, which has none, is answered by the offline model
SANDBOX = Sandbox(name="llm", title="Language models", build=None)
