"""The clients role's rules for the offline model."""

from __future__ import annotations

from collections.abc import Sequence

from agents.offline import answer_facts, need
from jarvis.language.offline import Call, Finish, Turn


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Show the client by booking number or by name."""
    if turn.results:
        return answer_facts(turn)
    if turn.said.number is not None:
        return need(turn, Call(tool="client_card", args={"booking": turn.said.number}))
    return need(turn, Call(tool="client_card", args={"name": turn.said.name or turn.said.text}))
