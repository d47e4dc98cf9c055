"""The workspace role's rules for the offline model."""

from __future__ import annotations

from collections.abc import Sequence

from agents.offline import answer_facts, given, need
from agents.workspace.intents import Wanted, errand_of
from jarvis.language.offline import Call, Finish, Turn


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """One tool for the request, then its facts; what it needs and was not said is asked for, never
    guessed."""
    if turn.results:
        return answer_facts(turn)
    wanted = errand_of(turn.said.text, turn.said.now, turn.said.branches)
    call = _call(wanted, turn.said.text) if wanted is not None else None
    if call is None:
        return Finish(
            output={
                "blocks": [
                    {"kind": "question", "text": _SAY_MORE[turn.said.language], "options": []}
                ]
            }
        )
    return need(turn, call)


def _call(wanted: Wanted, text: str) -> Call | None:
    about = given(booking=wanted.number, car=wanted.car)
    if wanted.errand == "status":
        return Call(
            tool="checklist_status", args=about | given(branch=wanted.branch if not about else None)
        )
    if wanted.errand == "start":
        kind = wanted.kind if wanted.kind != "damage" else "problem"
        return Call(tool="start_checklist", args=about | given(kind=kind)) if about else None
    if wanted.errand == "media":
        return Call(tool="find_media", args=about | given(operation=wanted.kind))
    if wanted.errand == "topic":
        return Call(tool="open_topic", args={"car": wanted.car}) if wanted.car else None
    if wanted.errand == "post":
        return (
            Call(tool="post_to_topic", args={"car": wanted.car, "text": wanted.words})
            if wanted.words
            else None
        )
    return _change(wanted)


def _change(wanted: Wanted) -> Call | None:
    """Changes of chats, people and branches."""
    if wanted.errand == "subscribe":
        args = given(chat=wanted.chat, news=wanted.news, mode=wanted.mode, branch=wanted.branch)
        return Call(tool="subscribe_chat", args=args) if wanted.news else None
    if wanted.errand == "grant":
        changes = given(role=wanted.role, branch=wanted.branch)
        return (
            Call(tool="grant_role", args={"employee": wanted.name, **changes})
            if wanted.name and changes
            else None
        )
    if wanted.errand == "hire":
        args = given(name=wanted.name, role=wanted.role, branch=wanted.branch)
        return Call(tool="hire_employee", args=args) if wanted.name and wanted.role else None
    return Call(tool="add_branch", args={"name": wanted.name}) if wanted.name else None


_SAY_MORE = {
    "ru": "Уточните: что сделать, с какой машиной, бронью или с кем именно?",
    "en": "Please say what to do, and with which car, booking or person.",
    "ka": "დააზუსტეთ: რა გავაკეთო და რომელ მანქანაზე, ჯავშანზე ან ადამიანზე?",
}
