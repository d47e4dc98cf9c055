"""Cleaning of a provider's answer: texts and arguments made fit to be stored, sent and read
again."""

from __future__ import annotations

from dataclasses import replace

from pydantic_ai.messages import (
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
)

from jarvis.kit.text import clean, line, storable

MAX_TOKENS = 10**9


def tidy(response: ModelResponse) -> ModelResponse:
    """The answer without characters that JSON or the database cannot hold; impossible token counts
    are clamped."""
    used = response.usage
    counted = replace(
        used, input_tokens=_count(used.input_tokens), output_tokens=_count(used.output_tokens)
    )
    return replace(response, parts=[_tidy(part) for part in response.parts], usage=counted)


def _tidy(part: ModelResponsePart) -> ModelResponsePart:
    if isinstance(part, TextPart):
        return replace(part, content=clean(part.content))
    # its provider may have signed it, so nothing is dropped that can be stored
    if isinstance(part, ThinkingPart):
        return replace(part, content=storable(part.content))
    if isinstance(part, ToolCallPart):
        # Arguments as text are JSON: a line break put into them would end them. Their values are
        # cleaned by the tool's own types.
        return replace(part, tool_name=line(part.tool_name, 200), args=storable(part.args))
    return part


def _count(tokens: int) -> int:
    return max(0, min(tokens, MAX_TOKENS))
