"""What Jarvis does beside answering: lists that go on, digests, unknown events, partial failures,
slow answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_ai import models

from jarvis.integrations.llm.sandbox import LlmSandbox
from jarvis.integrations.llm.sandbox.server import ScriptedAnswer
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.testing.app import running_app
from jarvis.testing.core import until
from jarvis.testing.servers import Servers
from tests.scenes.people import NINO


@pytest.mark.slow
async def test_a_slow_answer_says_that_it_is_slow(servers: Servers, tmp_path: Path) -> None:
    def late(body: Mapping[str, Any]) -> ScriptedAnswer:
        return ScriptedAnswer(text="never")

    async with LlmSandbox(late).running() as provider:
        provider.faults.start("hang", {"seconds": 20})
        llm = LlmSettings(
            chain=("openai:x",),
            openai_api_key=SecretStr("k"),
            openai_base_url=provider.openai_url,
            deadline_s=2.5,
        )
        with models.override_allow_model_requests(True):
            async with running_app(servers, tmp_path, llm=llm, slow_after_s=1.6) as app:
                app.telegram.send(NINO, "dm", "где малибу 235?")
                said: list[str] = []

                async def answered() -> bool:
                    texts = [m["text"] for m in app.seen(NINO)]
                    if texts and texts[-1] not in said:
                        said.append(texts[-1])
                    return bool(said) and "Malibu 235" in said[-1]

                await until(answered, seconds=30)
                assert len(app.seen(NINO)) == 1, "one message, edited"
    assert said[0].endswith("…")
    assert "Дольше обычного" in said[1]
