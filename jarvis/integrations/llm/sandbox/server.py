"""The fake provider: answers from a script of tool calls and texts, or fails as providers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from litestar import Litestar, Request, Response, post
from litestar.datastructures import State

from jarvis.kit.sandbox import Faults, served

Req = Request[Any, Any, State]
FAULTS = ("rate_limit", "refuse", "hang", "truncate", "garble")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """One scripted answer: tool calls as (name, arguments), or a text."""

    calls: Sequence[tuple[str, Mapping[str, Any]]] = ()
    text: str | None = None


Script = Callable[[Mapping[str, Any]], ScriptedAnswer]


@dataclass(slots=True)
class LlmSandbox:
    """`script` maps the request's body to the answer; every request is kept in `requests`.

    Faults: `rate_limit` (429), `refuse` (500), `hang`, `truncate` (half an answer), `garble` (no
    JSON).
    """

    script: Script
    faults: Faults = field(default_factory=lambda: Faults(FAULTS))
    requests: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    port: int = 0

    @property
    def openai_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[LlmSandbox]:
        """Serve on loopback until the end."""

        @post("/v1/chat/completions", status_code=200)
        async def openai(request: Req) -> Response[Any]:
            return await self._answer(await request.json(), _openai)

        @post("/v1/messages", status_code=200)
        async def anthropic(request: Req) -> Response[Any]:
            return await self._answer(await request.json(), _anthropic)

        async with served(
            Litestar([openai, anthropic], openapi_config=None, logging_config=None), port=0
        ) as self.port:
            yield self

    async def _answer(
        self, body: Mapping[str, Any], shape: Callable[[Mapping[str, Any], ScriptedAnswer], Any]
    ) -> Response[Any]:
        self.requests.append(body)
        if self.faults.on("rate_limit"):
            return Response(
                {"error": {"message": "slow down", "type": "rate_limit_error"}}, status_code=429
            )
        if self.faults.on("refuse"):
            return Response(
                {"error": {"message": "broken", "type": "server_error"}}, status_code=500
            )
        if self.faults.on("hang"):
            await asyncio.sleep(self.faults.arg("hang", "seconds", 30))
        whole = json.dumps(shape(body, self.script(body)))
        if self.faults.on("truncate"):
            return Response(whole[: len(whole) // 2], media_type="application/json")
        if self.faults.on("garble"):
            return Response("<html>gateway</html>", media_type="text/html")
        return Response(whole, media_type="application/json")


def _openai(body: Mapping[str, Any], said: ScriptedAnswer) -> Any:
    calls = [
        {
            "id": f"call_{uuid4().hex[:12]}",
            "type": "function",
            "function": {"name": n, "arguments": json.dumps(a, ensure_ascii=False)},
        }
        for n, a in said.calls
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.text}
    if calls:
        message["tool_calls"] = calls
    reason = "tool_calls" if calls else "stop"
    return {
        "id": "chatcmpl-sandbox",
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def _anthropic(body: Mapping[str, Any], said: ScriptedAnswer) -> Any:
    content: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
    content += [
        {"type": "tool_use", "id": f"toolu_{uuid4().hex[:12]}", "name": n, "input": dict(a)}
        for n, a in said.calls
    ]
    return {
        "id": "msg_sandbox",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": content,
        "stop_reason": "tool_use" if said.calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    }
