"""The workspace role's rules for the offline model."""

from __future__ import annotations

from collections.abc import Sequence

from agents.offline import answer_facts, given, need
from agents.workspace.intents import Wanted, wanted_of
from jarvis.language.offline import Call, Finish, Turn


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Call one tool for the request, then show its facts; missing arguments are asked for, never
    guessed."""
    if turn.results:
        return answer_facts(turn)
    wanted = wanted_of(turn.said.text, turn.said.now, turn.said.branches)
    call = _call(wanted) if wanted is not None else None
    if call is None:
        return Finish(
            output={
                "blocks": [
                    {"kind": "question", "text": _SAY_MORE[turn.said.language], "options": []}
                ]
            }
        )
    return need(turn, call)


def _call(wanted: Wanted) -> Call | None:
    about = given(booking=wanted.number, car=wanted.car)
    if wanted.intent == "status":
        return Call(
            tool=wanted.tool, args=about | given(branch=wanted.branch if not about else None)
        )
    if wanted.intent == "start":
        kind = wanted.kind if wanted.kind != "damage" else "problem"
        return Call(tool=wanted.tool, args=about | given(kind=kind)) if about else None
    if wanted.intent == "media":
        return Call(tool=wanted.tool, args=about | given(operation=wanted.kind))
    if wanted.intent == "topic":
        return Call(tool=wanted.tool, args={"car": wanted.car}) if wanted.car else None
    if wanted.intent == "post":
        return (
            Call(tool=wanted.tool, args={"car": wanted.car, "text": wanted.words})
            if wanted.words
            else None
        )
    return _change(wanted)


def _change(wanted: Wanted) -> Call | None:
    """Changes of chats, people and branches."""
    if wanted.intent == "subscribe":
        args = given(chat=wanted.chat, news=wanted.news, mode=wanted.mode, branch=wanted.branch)
        return Call(tool=wanted.tool, args=args) if wanted.news else None
    if wanted.intent == "grant":
        changes = given(role=wanted.role, branch=wanted.branch)
        return (
            Call(tool=wanted.tool, args={"employee": wanted.name, **changes})
            if wanted.name and changes
            else None
        )
    if wanted.intent == "hire":
        args = given(name=wanted.name, role=wanted.role, branch=wanted.branch)
        return Call(tool=wanted.tool, args=args) if wanted.name and wanted.role else None
    return Call(tool=wanted.tool, args={"name": wanted.name}) if wanted.name else None


_SAY_MORE = {
    "ru": "Уточните: что сделать, с какой машиной, бронью или с кем именно?",
    "en": "Please say what to do, and with which car, booking or person.",
    "ka": "დააზუსტეთ: რა გავაკეთო და რომელ მანქანაზე, ჯავშანზე ან ადამიანზე?",
}
