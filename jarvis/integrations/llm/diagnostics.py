"""What `jarvis doctor` says about the language models; never a key."""

from __future__ import annotations

from jarvis.engine.integration import Diagnosis
from jarvis.integrations.llm.settings import LlmSettings


async def diagnose(settings: LlmSettings) -> list[Diagnosis]:
    """Which models answer, in the order in which they are asked."""
    found = ", ".join(settings.chain) + ", offline" if settings.online else "offline model only"
    return [Diagnosis(name="Language models", ok=True, found=found)]
