"""A request, the part of it that each role handles, and the reply that is composed of all parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter
from pydantic_ai.usage import RunUsage

from agents.blocks import Answer
from agents.router.output import Delegation
from jarvis.engine.approval_models import Draft
from jarvis.kit.actor import Actor
from jarvis.kit.ids import short_code
from jarvis.messaging.markup import Markup, escape
from jarvis.messaging.payloads import Ask, ReportProblem
from jarvis.messaging.view import Button, Reader
from tools.deps import RunLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person's request. `place` names the chat for memory; `private` is false in groups."""

    event_id: UUID
    trace_id: str
    actor: Actor
    text: str
    language: str
    place: str
    private: bool
    forwarded: bool = False


@dataclass(slots=True, kw_only=True)
class Part:
    """The outcome of one delegation: an answer, writes that wait for approval, or the cause of a
    failure."""

    delegation: Delegation
    answer: Answer | None = None
    awaits_approval: bool = False
    cause: str | None = None
    messages: Any = None
    history: Any = None
    offline: bool = False

    @property
    def said(self) -> Markup:
        """The request of the part, to be put inside a sentence."""
        return safe(self.delegation.request.rstrip(" .?!…"))


@dataclass(slots=True, kw_only=True)
class Reply:
    """The rendered answer, the card of its writes, and what is to be recorded."""

    run_id: UUID
    conversation_id: UUID
    state: str
    text: Markup
    buttons: list[list[Button]] = field(default_factory=list[list[Button]])
    roles: list[str] = field(default_factory=list[str])
    offline: bool = False
    usage: RunUsage = field(default_factory=RunUsage)
    cost_micro_usd: int = 0
    messages: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    ledger: RunLedger | None = None
    cause: str | None = None
    draft: Draft | None = None
    history: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])

    def read_before(self, role: str) -> list[ModelMessage]:
        """What a role read and wrote in the last runs of this conversation."""
        return ModelMessagesTypeAdapter.validate_python(list(self.history.get(role, ())))

    def failed(self, request: Request, reader: Reader, cause: str) -> None:
        """Say that there is no answer and why, with buttons for what the person may do."""
        self.state, self.cause = "failed", cause
        self.text = reader.say("error", cause=reader.say(cause), code=short_code(request.trace_id))
        self.buttons = [retry(request, reader)]


def retry(request: Request, reader: Reader) -> list[Button]:
    """Buttons after a failure: ask again, or report the problem."""
    return [
        Button(label=reader.label("b.retry"), payload=Ask(request=request.text)),
        Button(label=reader.label("b.report"), payload=ReportProblem()),
    ]


def safe(text: str) -> Markup:
    """A model's plain text as Telegram's HTML, without the symbols that are reserved for code."""
    return escape(text.replace("✅", "").strip())
