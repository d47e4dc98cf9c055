"""Language models: OpenAI, Anthropic, any server of OpenAI's format, and the offline model that
needs none of them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jarvis.engine.db import Database
from jarvis.engine.integration import Integration
from jarvis.integrations.llm.settings import LlmSettings


@asynccontextmanager
async def connect(settings: LlmSettings, db: Database) -> AsyncGenerator[LlmSettings]:
    """Models open their connections by themselves at the first request."""
    yield settings


INTEGRATION = Integration(
    name="llm", title="Language models", settings=LlmSettings, connect=connect
)
