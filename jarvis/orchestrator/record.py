"""What is kept of a run: its outcome, its steps, what each model read and wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from pydantic_ai.messages import ModelMessagesTypeAdapter

from jarvis.domains.conversations.service import ConversationService
from jarvis.engine.db import Reader, Row, Tx
from jarvis.orchestrator.brain import Reply


async def save_run(tx: Tx, conversations: ConversationService, reply: Reply) -> None:
    """Record a finished run; recording it again replaces its steps and adds no second memory."""
    ledger = reply.ledger
    assert ledger is not None
    repeated = await tx.fetchval("SELECT finished_at IS NOT NULL FROM agent_run WHERE id = $1", reply.run_id)
    await tx.execute(
        """UPDATE agent_run SET state = $2, roles = $3, finished_at = now(), answer_text = $4, answer_buttons = $5,
                  offline = $6, model_calls = $7, input_tokens = $8, output_tokens = $9, cause = $10 WHERE id = $1""",
        reply.run_id, reply.state, ", ".join(reply.roles) or None, reply.text,
        [[button.label for button in row] for row in reply.buttons], reply.offline, reply.usage.requests,
        reply.usage.input_tokens, reply.usage.output_tokens, reply.cause,
    )  # fmt: skip
    await tx.execute("DELETE FROM agent_step WHERE agent_run_id = $1", reply.run_id)
    steps = sorted(ledger.steps, key=lambda step: (step.offset_ms, step.duration_ms))
    for ordinal, step in enumerate(steps, 1):
        arguments = None if step.arguments is None else json.loads(json.dumps(dict(step.arguments), default=str))
        await tx.execute(
            """INSERT INTO agent_step (agent_run_id, ordinal, kind, role, name, arguments, outcome, prompt_version,
                                       prompt_hash, offset_ms, duration_ms)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
            reply.run_id, ordinal, step.kind, step.role, step.name, arguments, step.outcome, step.prompt_version,
            step.prompt_hash, step.offset_ms, step.duration_ms,
        )  # fmt: skip
    if not repeated:
        for role, messages in reply.messages:
            rows = ModelMessagesTypeAdapter.dump_python(messages, mode="json")
            await conversations.remember(tx, reply.conversation_id, reply.run_id, role, rows)


async def steps_of(reader: Reader, run_id: UUID) -> Sequence[Row]:
    """The steps of a run in their order."""
    return await reader.fetch("SELECT * FROM agent_step WHERE agent_run_id = $1 ORDER BY ordinal", run_id)


async def run_of_message(reader: Reader, chat_id: int, message_id: int) -> Row | None:
    """The run whose answer stands in a Telegram message."""
    return await reader.fetchrow(
        """SELECT r.* FROM effect e JOIN agent_run r ON r.event_id = e.event_id
            WHERE e.state = 'done' AND (e.receipt->>'message_id')::bigint = $2 AND (e.receipt->>'chat_id')::bigint = $1
            ORDER BY e.seq DESC LIMIT 1""",
        chat_id, message_id,
    )  # fmt: skip
