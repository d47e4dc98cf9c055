"""The guide's rules for the offline model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.offline import answer_facts, need
from jarvis.language.offline import Call, Finish, Turn

_ABOUT = re.compile(r"умеешь|можешь|помо[гщ]|help|what can you|შეგიძლია|დახმარ", re.I)


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """What Jarvis can do, or the rules that share words with the question."""
    if turn.results:
        return answer_facts(turn)
    if _ABOUT.search(turn.said.text):
        return need(turn, Call(tool="about_jarvis"))
    return need(turn, Call(tool="search_knowledge", args={"question": turn.said.text}))
