"""Reads the recorded runs and their steps. Imports no model library, so that the demo's web page
can use it."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.engine.db import Reader, Row
from jarvis.integrations.telegram.kinds import target

# name of the effect that sends a request's status message, which is edited into the answer
STATUS = "status"


async def run_of_message(reader: Reader, chat_id: int, message_id: int) -> Row | None:
    """Return the run whose answer is this Telegram message, or None."""
    return await reader.fetchrow(
        """SELECT r.* FROM effect e JOIN agent_run r ON r.event_id = e.event_id
            WHERE e.state = 'done' AND e.target = $1 AND (e.receipt->>'message_id')::bigint = $2
            ORDER BY e.seq DESC LIMIT 1""",
        target(chat_id),
        message_id,
    )


async def figures_of_messages(
    reader: Reader, chat_id: int, messages: Sequence[int]
) -> dict[int, Row]:
    """By message of a chat: of the run whose answer stands in it how many `steps` it took and how
    many `ms`, whether it was `offline`, and `cost_micro_usd`."""
    rows = await reader.fetch(
        """SELECT DISTINCT ON (e.message_id) e.message_id, r.offline, r.cost_micro_usd, s.steps,
            s.ms
             FROM (SELECT (receipt->>'message_id')::bigint AS message_id, event_id, seq FROM effect
                    WHERE state = 'done' AND target = $1
                      AND (receipt->>'message_id')::bigint = ANY($2)) e
             JOIN agent_run r ON r.event_id = e.event_id
             JOIN LATERAL (SELECT count(*) AS steps, coalesce(max(offset_ms + duration_ms), 0) AS ms
                             FROM agent_step WHERE agent_run_id = r.id) s ON s.steps > 0
            ORDER BY e.message_id, e.seq DESC""",
        target(chat_id),
        list(messages),
    )
    return {row["message_id"]: row for row in rows}


async def runs_after(reader: Reader, after: int, limit: int) -> Sequence[Row]:
    """Return the runs of requests that came in after request `after`, in order.

    Columns: `id` (the number of the request's event, which only grows), `person`, `request`,
    `route` (what the router chose; null when no router was asked), `tools` (`{name, arguments,
    outcome}`; a refused or failed call says so before its reason), `model` (names of the models
    that answered; null when none did), `prompts` (`{role, version, hash}`), `state`, `tokens`,
    `cost` (US dollars), `ms`. An unfinished run has the state `running`.
    """
    return await reader.fetch(
        """SELECT v.seq AS id, p.name AS person, r.request_text AS request, s.route, s.tools,
                  coalesce((SELECT string_agg(DISTINCT n #>> '{}', ', ')
                              FROM agent_message m,
                                   jsonb_path_query(m.messages, '$[*].model_name') n
                             WHERE m.agent_run_id = r.id AND n #>> '{}' IS NOT NULL),
                           CASE WHEN r.offline THEN 'offline' END) AS model,
                  s.prompts, r.state, r.input_tokens + r.output_tokens AS tokens,
                  r.cost_micro_usd / 1000000.0::float8 AS cost, s.ms
             FROM agent_run r
             JOIN event v ON v.id = r.event_id
             JOIN employee p ON p.id = r.employee_id
            CROSS JOIN LATERAL (
                  SELECT max(a.outcome) FILTER (WHERE a.kind = 'route') AS route,
                         coalesce(jsonb_agg(jsonb_build_object(
                                    'name', a.name, 'arguments', a.arguments,
                                    'outcome', CASE WHEN a.kind = 'tool' THEN a.outcome
                                                    ELSE concat_ws(': ', a.kind, a.outcome) END)
                                  ORDER BY a.ordinal)
                                  FILTER (WHERE a.kind IN ('tool', 'refused', 'error')),
                                  '[]') AS tools,
                         coalesce(jsonb_agg(DISTINCT jsonb_build_object(
                                    'role', coalesce(a.role, a.name),
                                    'version', a.prompt_version, 'hash', a.prompt_hash))
                                  FILTER (WHERE a.prompt_hash IS NOT NULL), '[]') AS prompts,
                         coalesce(max(a.offset_ms + a.duration_ms), 0) AS ms
                    FROM agent_step a WHERE a.agent_run_id = r.id) s
            WHERE v.seq > $1
            ORDER BY v.seq LIMIT $2""",
        after,
        limit,
    )
