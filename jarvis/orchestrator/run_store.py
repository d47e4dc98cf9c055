"""Stores runs: outcome, steps, and the messages of each model."""

from __future__ import annotations

import dataclasses
import json

from pydantic_ai.messages import ModelMessagesTypeAdapter

from jarvis.domains.conversations.service import ConversationService
from jarvis.engine.db import Tx
from jarvis.orchestrator.reply import Reply


async def save_run(tx: Tx, conversations: ConversationService, reply: Reply) -> None:
    """Record a finished run; recording it again replaces its steps and adds no second memory."""
    ledger = reply.ledger
    assert ledger is not None
    repeated = await tx.fetchval(
        "SELECT finished_at IS NOT NULL FROM agent_run WHERE id = $1", reply.run_id
    )
    await tx.execute(
        """UPDATE agent_run SET state = $2, roles = $3, finished_at = now(), answer_text = $4,
            answer_buttons = $5,
                  offline = $6, model_calls = $7, input_tokens = $8, output_tokens = $9,
                    cause = $10, cost_micro_usd = $11
            WHERE id = $1""",
        reply.run_id,
        reply.state,
        ", ".join(reply.roles) or None,
        reply.text,
        [[button.label for button in row] for row in reply.buttons],
        reply.offline,
        reply.usage.requests,
        reply.usage.input_tokens,
        reply.usage.output_tokens,
        reply.cause,
        reply.cost_micro_usd,
    )
    await tx.execute("DELETE FROM agent_step WHERE agent_run_id = $1", reply.run_id)
    steps = [
        dataclasses.asdict(s)
        for s in sorted(ledger.steps, key=lambda step: (step.offset_ms, step.duration_ms))
    ]
    await tx.execute(
        """INSERT INTO agent_step (agent_run_id, ordinal, kind, role, name, arguments, outcome,
            prompt_version, prompt_hash,
                                   offset_ms, duration_ms)
           SELECT $1, s.ordinal, s.kind, s.role, s.name, s.arguments, s.outcome, s.prompt_version,
             s.prompt_hash,
                  s.offset_ms, s.duration_ms
             FROM jsonb_to_recordset($2) AS s (ordinal integer, kind text, role text, name text,
               arguments jsonb, outcome text,
                                               prompt_version text, prompt_hash text,
                                                 offset_ms integer, duration_ms integer)""",
        reply.run_id,
        json.loads(json.dumps([{"ordinal": n, **s} for n, s in enumerate(steps, 1)], default=str)),
    )
    if not repeated:
        for role, messages in reply.messages:
            rows = ModelMessagesTypeAdapter.dump_python(messages, mode="json")
            await conversations.remember(tx, reply.conversation_id, reply.run_id, role, rows)
