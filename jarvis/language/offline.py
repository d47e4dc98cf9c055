"""The offline model: a deterministic pydantic-ai model that reads requests with a grammar and
invents nothing.

The class and the parser are here; what each role does with a request is in
`agents/<role>/offline.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, cast

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from jarvis.kit.clock import Clock
from jarvis.language.branches import EVERYDAY, BranchNames
from jarvis.language.entities import Understood, understand
from jarvis.language.grammar import Grammar

NAME = "offline"
REFUSED = "Refused: "
"""What a tool said to a call that it did not take; the flaw follows: date, number, text or
other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call that the rules request."""

    tool: str
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The typed output, as the arguments of the output tool."""

    output: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The input of the rules: the request, what was asked and called before, and the tools' results
    of this run."""

    said: Understood
    before: Sequence[str]
    last_calls: Sequence[Call]
    last_output: Mapping[str, Any] | None
    results: Sequence[tuple[str, str]]
    tools: frozenset[str]


class Rules(Protocol):
    """One role's rules."""

    def __call__(self, turn: Turn) -> Sequence[Call] | Finish: ...


class Completes(Protocol):
    """Completes a request by the ones before it in the conversation."""

    def __call__(self, text: str, before: Sequence[str], now: datetime) -> str: ...


def _alone(text: str, before: Sequence[str], now: datetime) -> str:
    return text


class NamesBranches(Protocol):
    """Returns the current branches: their names by code."""

    async def __call__(self) -> Mapping[str, Sequence[str]]: ...


class OfflineModel(Model):
    """Follows one role's rules; a request is completed by `completes` and read with the grammar,
    with the branches that `branches` returns at each turn."""

    def __init__(
        self,
        rules: Rules,
        grammar: Grammar,
        clock: Clock,
        *,
        completes: Completes = _alone,
        branches: NamesBranches | None = None,
    ) -> None:
        super().__init__()
        self._rules = rules
        self._grammar = grammar
        self._clock = clock
        self._completes = completes
        self._branches = branches
        self._names: Mapping[str, Sequence[str]] | None = None
        self._known = EVERYDAY

    @property
    def model_name(self) -> str:
        return NAME

    @property
    def system(self) -> str:
        return NAME

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """One step: tool calls, or the final output."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        tools = frozenset(tool.name for tool in parameters.function_tools)
        decision = self._rules(self._turn(messages, tools, await self._named()))
        if isinstance(decision, Finish):
            output = parameters.output_tools[0].name if parameters.output_tools else None
            if output is None:
                return self._response(
                    [TextPart(json.dumps(dict(decision.output), ensure_ascii=False))], len(messages)
                )
            return self._response([ToolCallPart(output, dict(decision.output))], len(messages))
        calls = [
            ToolCallPart(c.tool, dict(c.args), tool_call_id=f"off_{len(messages)}_{n}")
            for n, c in enumerate(decision)
        ]
        return self._response(calls, len(messages))

    def _response(self, parts: Sequence[Any], step: int) -> ModelResponse:
        del step
        return ModelResponse(
            parts=list(parts), usage=RequestUsage(), model_name=NAME, provider_name=NAME
        )

    async def _named(self) -> BranchNames:
        """The branches of this turn; the names are rebuilt only when they changed."""
        names = await self._branches() if self._branches is not None else None
        if names is not None and names != self._names:
            self._names, self._known = names, BranchNames(names)
        return self._known

    def _turn(
        self, messages: Sequence[ModelMessage], tools: frozenset[str], branches: BranchNames
    ) -> Turn:
        prompts: list[str] = []
        calls: list[Call] = []
        previous: list[Call] = []
        output: Mapping[str, Any] | None = None
        results: list[tuple[str, str]] = []
        for message in messages:
            if isinstance(message, ModelRequest):
                for part in message.parts:
                    if isinstance(part, UserPromptPart):
                        prompts.append(part.content if isinstance(part.content, str) else "")
                        if calls:
                            previous, calls = calls, []
                        results = []
                    elif isinstance(part, ToolReturnPart):
                        results.append((part.tool_name, _result(part)))
            else:
                for part in message.parts:
                    if isinstance(part, ToolCallPart):
                        args = part.args_as_dict()
                        if part.tool_name.startswith("final_result"):
                            output = args
                        else:
                            calls.append(Call(tool=part.tool_name, args=args))
        now = self._clock.now()
        text = self._completes(prompts[-1], prompts[:-1], now) if prompts else ""
        return Turn(
            said=understand(text, now, self._grammar, branches),
            before=prompts[:-1],
            last_calls=previous,
            last_output=output,
            results=results,
            tools=tools,
        )


def _result(part: ToolReturnPart) -> str:
    """A tool's result; for a call with rejected arguments, which kind of value was wrong."""
    if part.outcome != "retried":
        return part.model_response_str()
    content: object = part.content
    details = cast(list[Any], content) if isinstance(content, list) else []
    kind, words = (str(details[0]["type"]), str(details[0]["msg"])) if details else ("", "")
    if "date" in kind or "a date" in words:
        return f"{REFUSED}date"
    return REFUSED + (
        "text"
        if kind == "string_too_long"
        else "number"
        if "than" in kind or "int" in kind
        else "other"
    )
