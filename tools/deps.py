"""The dependencies of every tool: the person, the time, the services, the prompts, and the run's
ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from jarvis.app.services import Services
from jarvis.engine import audit
from jarvis.engine.approval_models import Step as WriteStep
from jarvis.engine.approvals import Approvals
from jarvis.engine.db import Database
from jarvis.engine.switches import Switches
from jarvis.kit.actor import Actor
from jarvis.kit.canon import digest
from jarvis.kit.errors import NotPermitted
from jarvis.messaging.facts import FactBook
from prompts.book import PromptBook
from tools.policy import policy_of

RECEIPT_S = 10.0
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Grant:
    """An approval in a resumed run: which calls it covers, by their keys, and the outcome of their
    writes."""

    approval_id: UUID
    calls: frozenset[str]
    db: Database
    approvals: Approvals

    async def covers(self, call_key: str, arguments: Mapping[str, Any]) -> bool:
        """Whether this very call, with these very arguments, was approved."""
        approval = await self.approvals.read(self.db, self.approval_id)
        bound = digest(arguments)
        return approval.state == "approved" and any(
            item.call_key == call_key and item.arguments_digest == bound for item in approval.items
        )

    async def outcome(self, call_key: str) -> str:
        """The outcome of a call's writes, waiting for their receipts at most ten seconds."""
        until = time.monotonic() + RECEIPT_S
        while True:
            items = [
                i
                for i in (await self.approvals.read(self.db, self.approval_id)).items
                if i.call_key == call_key
            ]
            if all(i.state != "sent" for i in items) or time.monotonic() > until:
                return "; ".join(
                    f"write {i.ordinal}: {_OUTCOMES.get(i.state, i.state)}" for i in items
                )
            await asyncio.sleep(0.1)


_OUTCOMES = {
    "done": "receipt received",
    "sent": "pending, the card will show it",
    "dead": "not done",
    "dropped": "not done",
    "unknown": "outcome unknown, a person is asked",
    "shadow": "only noted",
}


@dataclass(slots=True, kw_only=True)
class Step:
    """One step behind an answer, as it is shown on the desk."""

    kind: str
    name: str
    role: str | None
    arguments: Mapping[str, Any] | None
    outcome: str | None
    offset_ms: int
    duration_ms: int
    prompt_version: str | None = None
    prompt_hash: str | None = None


@dataclass(slots=True, kw_only=True)
class RunLedger:
    """The record of one request: facts, steps, taint, refusals, writes that wait for approval.

    `denied` are tools of which a refused call is recorded, `unanswered` those whose source did not
    answer in time; `quotes` are outsiders' texts that were read; `grant` is set in a run that is
    resumed after an approval.
    """

    db: Database
    run_id: UUID
    event_id: UUID
    conversation_id: UUID
    trace_id: str
    request: str
    private: bool
    earlier: str = ""
    facts: FactBook = field(default_factory=FactBook)
    steps: list[Step] = field(default_factory=list[Step])
    tainted: bool = False
    quotes: list[str] = field(default_factory=list[str])
    denied: set[str] = field(default_factory=set[str])
    unanswered: set[str] = field(default_factory=set[str])
    planned: list[WriteStep] = field(default_factory=list[WriteStep])
    grant: Grant | None = None
    tool_calls: int = 0
    started: float = field(default_factory=time.monotonic)

    def step(
        self,
        kind: str,
        name: str,
        *,
        began: float,
        role: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        outcome: str | None = None,
        prompt: tuple[str, str] | None = None,
    ) -> None:
        """Add a step that began at `began` (monotonic seconds) and ends now."""
        now = time.monotonic()
        self.steps.append(
            Step(
                kind=kind,
                name=name,
                role=role,
                arguments=arguments,
                outcome=outcome,
                offset_ms=int((began - self.started) * 1000),
                duration_ms=int((now - began) * 1000),
                prompt_version=prompt[0] if prompt else None,
                prompt_hash=prompt[1] if prompt else None,
            )
        )

    async def taint(self, reason: str) -> None:
        """Mark the conversation for good: outsiders' free text was read."""
        if not self.tainted:
            self.tainted = True
            await self.db.execute(
                "UPDATE conversation SET tainted = true, taint_reason = $2 WHERE id = $1 AND NOT "
                "tainted",
                self.conversation_id,
                reason,
            )

    async def record(
        self, actor: Actor, action: str, outcome: str, details: Mapping[str, Any] | None = None
    ) -> None:
        """Write an audit entry of this run."""
        await audit.record(
            self.db,
            action=action,
            actor_id=actor.employee_id,
            actor_name=actor.name,
            outcome=outcome,
            event_id=self.event_id,
            trace_id=self.trace_id,
            details=details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """Identity, time and scope come from here, never from arguments."""

    actor: Actor
    now: datetime
    services: Services
    prompts: PromptBook
    switches: Switches
    run: RunLedger

    def get(self, kind: type[T]) -> T:
        """The service of this type.

        Raises:
            LookupError: this process has none.
        """
        return self.services.get(kind)

    def may(self, tool: str, branch: str | None) -> bool:
        """Whether this person may see what this tool shows of a branch; for facts that show more
        than their own tool's."""
        return self.actor.role in policy_of(tool).roles and self.actor.may_see(branch)

    def scope(self, branch: str | None) -> frozenset[str]:
        """The branches that a question covers for this person; a named branch must be among them.

        Raises:
            NotPermitted: the branch is somebody else's.
        """
        if branch is not None and not self.actor.may_see(branch):
            raise NotPermitted(f"branch {branch} is outside this person's scope")
        return frozenset({branch}) if branch is not None else self.actor.branches
