"""The fleet role's rules for the offline model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.bookings.intents import Change, change_of
from agents.offline import answer_facts, given, need
from jarvis.app.role import roles
from jarvis.kit.clock import day_bounds, local_date
from jarvis.language.dates import wall
from jarvis.language.entities import Understood
from jarvis.language.grammar import Intents
from jarvis.language.offline import Call, Finish, Turn


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Call one tool for the request, then show its facts."""
    if turn.results:
        return answer_facts(turn)
    said = turn.said
    change = change_of(said.text, said.now, said.branches)
    if change is not None and change.role == "fleet":
        return _change(turn, change)
    if said.follow_up or not (said.signs - {"more", "same", "how"} or said.car):
        merged = _follow(turn)
        if merged is not None:
            return need(turn, merged)
    return need(turn, _first(said))


NAME_CHARS = 120


def _intents() -> Intents:
    return roles()["fleet"].intents


def _change(turn: Turn, change: Change) -> Sequence[Call] | Finish:
    """A change of branch or state; without its target nothing is guessed."""
    said = turn.said
    moves = change.intent == "move"
    state = None if moves else _intents().value("state", change.text)
    if moves and said.branch is not None:
        return need(turn, Call(tool=change.tool, args={"car": change.text, "branch": said.branch}))
    if state is not None:
        return need(turn, Call(tool=change.tool, args={"car": change.text, "state": state}))
    options: list[str] = []
    if not moves and said.car:
        car = _intents().slots["off_line"].sub(" ", change.text).strip()[:NAME_CHARS]
        options = [f"поставь {car} {name}" for name in ("не выдавать", "в ремонт")]
    return Finish(
        output={
            "blocks": [{"kind": "question", "text": _SAY_MORE[said.language], "options": options}]
        }
    )


_SAY_MORE = {
    "ru": "Уточните: какая машина и куда или в какое состояние?",
    "en": "Which car, and where to or into which state?",
    "ka": "დააზუსტეთ: რომელი მანქანა და სად, ან რა მდგომარეობაში?",
}


def _first(said: Understood) -> Call:
    if said.has("free") or (
        said.period is not None and said.car and not said.has("where", "who_has")
    ):
        return Call(tool="check_availability", args=_window(said))
    state = _intents().value("asked_state", said.text)
    if state is not None and not said.car:
        return Call(tool="list_cars", args=given(branch=_where(said), state=state))
    if said.has("repair"):
        return Call(tool="list_cars", args=given(branch=_where(said), state="repair"))
    if said.car and _intents().slots["which"].search(said.text):
        return Call(tool="find_car", args={"name": said.text})
    if said.car or (said.has("where", "who_has") and said.branch is None):
        return Call(tool="car_card", args={"name": said.text})
    return Call(tool="list_cars", args=given(branch=_where(said)))


def _follow(turn: Turn) -> Call | None:
    """ "Ту же, но на пятницу", "а в Кутаиси?": the last call, updated with what is said now."""
    if not turn.last_calls:
        return None
    last, said = turn.last_calls[-1], turn.said
    args: dict[str, Any] = dict(last.args)
    tool = last.tool
    if _where(said) is not None and tool in ("check_availability", "list_cars"):
        args["branch"] = _where(said)
    if said.period is not None:
        if tool in ("car_card", "find_car"):
            tool, args = "check_availability", {"car": args.get("name")}
        args |= {"start": wall(said.period.start), "end": wall(said.period.end)}
    if said.car:
        args["name" if tool in ("car_card", "find_car") else "car"] = said.text
    return Call(tool=tool, args=args)


def _window(said: Understood) -> Mapping[str, Any]:
    start, end = (
        (said.period.start, said.period.end) if said.period else day_bounds(local_date(said.now))
    )
    return given(
        start=wall(start),
        end=wall(end),
        branch=_where(said),
        car=said.text if said.car else None,
        kind=_intents().value("kind", said.text),
    )


def _where(said: Understood) -> str | None:
    return "all" if said.everywhere else said.branch
