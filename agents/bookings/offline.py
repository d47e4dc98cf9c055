"""The bookings role's rules for the offline model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.offline import answer_facts, need
from jarvis.integrations.llm.dates import wall
from jarvis.integrations.llm.offline import Call, Finish, Turn
from jarvis.integrations.llm.parser import Understood


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """The tools for the request, then their facts."""
    if turn.results:
        return answer_facts(turn)
    said = turn.said
    known = said.intents - {"more", "same", "how", "cars", "where"}
    if turn.last_calls and (said.follow_up or not (known or said.number)):
        return need(turn, *(_follow(call, said) for call in turn.last_calls))
    return need(turn, *_calls(said))


def _calls(said: Understood) -> list[Call]:
    if said.has("debts"):
        return [Call(tool="list_debts", args=_set(branch=said.branch, client=said.name))]
    if said.number is not None:
        tool = "who_changed" if said.has("changed") else "booking_card"
        return [Call(tool=tool, args=_set(number=said.number, branch=said.branch))]
    if (said.has("took") and (said.car or said.name)) or (said.has("booking") and said.name and not said.car):
        return [Call(tool="find_booking", args=_window(said) | _set(car=_car(said), client=None if said.car else said.name))]
    return _lists(said)


def _lists(said: Understood) -> list[Call]:
    window = _window(said) | _set(branch=said.branch)
    if said.has("conflicts"):
        return [Call(tool="check_conflicts", args=window | _set(car=_car(said)))]
    if said.has("overdue"):
        return [Call(tool="list_bookings", args=_set(what="overdue", branch=said.branch))]
    if said.car:
        return [Call(tool="list_bookings", args={"what": "car", "car": said.text})]
    kinds = [kind for kind in ("pickups", "returns") if said.has("pickups" if kind == "pickups" else "returns")]
    return [Call(tool="list_bookings", args={"what": what} | window) for what in kinds or ("pickups", "returns")]


def _follow(last: Call, said: Understood) -> Call:
    """The last call with the branch, days or car named now."""
    args: dict[str, Any] = dict(last.args)
    if said.branch is not None:
        args["branch"] = said.branch
    if said.period is not None and last.tool in ("list_bookings", "check_conflicts", "find_booking"):
        args |= _window(said)
    if said.number is not None and "number" in args:
        args["number"] = said.number
    if said.name is not None and last.tool == "list_debts":
        args["client"] = said.name
    if said.car and last.tool in ("list_bookings", "check_conflicts", "find_booking"):
        args["car"] = said.text
    return Call(tool=last.tool, args=args)


def _window(said: Understood) -> dict[str, Any]:
    return {} if said.period is None else {"start": wall(said.period.start), "end": wall(said.period.end)}


def _car(said: Understood) -> str | None:
    return said.text if said.car else None


def _set(**args: Any) -> dict[str, Any]:
    return {name: value for name, value in args.items() if value is not None}
