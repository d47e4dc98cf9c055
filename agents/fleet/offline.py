"""The fleet role's rules for the offline model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.offline import answer_facts, need
from jarvis.integrations.llm.offline import Call, Finish, Turn
from jarvis.integrations.llm.parser import Understood, wall
from jarvis.kit.clock import day_bounds, local_date

_KINDS = {"автомат": "Автомат", "automatic": "Автомат", "механик": "Механика", "внедорожник": "Внедорожник", "эконом": "Эконом",
          "минивэн": "Минивэн", "джип": "Внедорожник", "suv": "Внедорожник"}  # fmt: skip

_WHICH = re.compile(r"^\s*(?:какие|сколько|which|how many|რომელი|რამდენი)\b", re.I)


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """One tool for the request, then its facts."""
    if turn.results:
        return answer_facts(turn)
    said = turn.said
    if said.follow_up or not (said.intents - {"more", "same", "how"} or said.car):
        merged = _follow(turn)
        if merged is not None:
            return need(turn, merged)
    return need(turn, _first(said))


def _first(said: Understood) -> Call:
    if said.has("free") or (said.period is not None and said.car and not said.has("where", "who_has")):
        return Call(tool="check_availability", args=_window(said))
    if said.has("repair"):
        return Call(tool="list_cars", args=_set(branch=said.branch, state="repair"))
    if said.car and _WHICH.search(said.text):
        return Call(tool="find_car", args={"name": said.text})
    if said.car:
        return Call(tool="car_card", args={"name": said.text})
    return Call(tool="list_cars", args=_set(branch=said.branch))


def _follow(turn: Turn) -> Call | None:
    """ "Ту же, но на пятницу", "а в Кутаиси?": the last call with what was said now laid over it."""
    if not turn.last_calls:
        return None
    last, said = turn.last_calls[-1], turn.said
    args: dict[str, Any] = dict(last.args)
    tool = last.tool
    if said.branch is not None and tool in ("check_availability", "list_cars"):
        args["branch"] = said.branch
    if said.period is not None:
        if tool in ("car_card", "find_car"):
            tool, args = "check_availability", {"car": args.get("name")}
        args |= {"start": wall(said.period.start), "end": wall(said.period.end)}
    if said.car:
        args["name" if tool in ("car_card", "find_car") else "car"] = said.text
    return Call(tool=tool, args=args)


def _window(said: Understood) -> Mapping[str, Any]:
    start, end = (said.period.start, said.period.end) if said.period else day_bounds(local_date(said.now))
    kind = next((name for word, name in _KINDS.items() if word in said.text.casefold()), None)
    return _set(
        start=wall(start), end=wall(end), branch=said.branch,
        car=said.text if said.car else None, kind=kind,
    )  # fmt: skip


def _set(**args: Any) -> dict[str, Any]:
    return {name: value for name, value in args.items() if value is not None}
