"""The guide's rules for the offline model."""

from __future__ import annotations

from collections.abc import Sequence

from agents.offline import answer_facts, need
from jarvis.app.role import roles
from jarvis.language.offline import Call, Finish, Turn


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Show what Jarvis can do, or the rules that share words with the question."""
    if turn.results:
        return answer_facts(turn)
    if roles()["guide"].intents.slots["about"].search(turn.said.text):
        return need(turn, Call(tool="about_jarvis"))
    return need(turn, Call(tool="search_knowledge", args={"question": turn.said.text}))
