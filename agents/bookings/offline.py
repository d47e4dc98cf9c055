"""The bookings role's rules for the offline model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from agents.bookings.intents import Change, changes_of
from agents.offline import answer_facts, given, need
from jarvis.language.dates import wall
from jarvis.language.entities import Understood
from jarvis.language.offline import Call, Finish, Turn


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Call the tools for the request, then show their facts."""
    if turn.results:
        return answer_facts(turn)
    said = turn.said
    found = changes_of(said.text, said.now, said.branches)
    changes = [c for c in found if c.role == "bookings"]
    if changes:
        return _changes(turn, changes)
    known = said.signs - {"more", "same", "how", "cars", "where"}
    if turn.last_calls and (said.follow_up or not (known or said.number)):
        return need(turn, *(_follow(call, said) for call in turn.last_calls))
    return need(turn, *_calls(said))


def _changes(turn: Turn, changes: Sequence[Change]) -> Sequence[Call] | Finish:
    """Each change as a call; an ambiguous one is asked about, never guessed."""
    calls: list[Call] = []
    for change in changes:
        if change.asks:
            options = [_dated(change, day, turn.said.language) for day in change.asks]
            return Finish(
                output={
                    "blocks": [
                        {
                            "kind": "question",
                            "text": _WHICH_DAY[turn.said.language],
                            "options": options,
                        }
                    ]
                }
            )
        call = _change(change, turn.said)
        if call is None:
            return Finish(
                output={
                    "blocks": [
                        {"kind": "question", "text": _SAY_MORE[turn.said.language], "options": []}
                    ]
                }
            )
        calls.append(call)
    return need(turn, *calls)


def _dated(change: Change, day: date, language: str) -> str:
    whom = change.number or change.name or ""
    return {
        "ru": f"продли {whom} до {day:%d.%m.%Y}",
        "en": f"extend {whom} until {day:%d.%m.%Y}",
    }.get(language, f"გააგრძელე {whom} {day:%d.%m.%Y}")


def _change(change: Change, said: Understood) -> Call | None:
    """One change as a call; None when a required argument was not said."""
    whom = given(number=change.number, branch=said.branch)
    if change.intent == "extend":
        if change.number is None:
            whom |= given(
                car=change.text if said.car else None,
                client=None if said.car else said.name or change.name,
            )
        until = given(
            until=None if change.moment is None else change.moment.isoformat(timespec="minutes"),
            until_day=None if change.day is None else change.day.isoformat(),
            days=change.days if change.day is None else None,
            move_next_to=change.next_car,
        )
        named = {"number", "car", "client"} & set(whom)
        return (
            Call(tool=change.tool, args=whom | until)
            if named and until and not change.vague
            else None
        )
    if change.number is None:
        return None
    if change.intent == "cancel":
        return Call(tool=change.tool, args=whom)
    if change.intent == "note":
        return (
            Call(tool=change.tool, args={"number": change.number, "text": change.note})
            if change.note
            else None
        )
    if change.intent == "times":
        side = "start" if change.pickup else "end"
        when = (
            None if change.moment is None else {side: change.moment.isoformat(timespec="minutes")}
        )
        return None if when is None else Call(tool=change.tool, args=whom | when)
    if change.intent == "swap":
        return (
            Call(tool=change.tool, args=whom | {"car": change.other_car})
            if change.other_car
            else None
        )
    return None


_WHICH_DAY = {"ru": "Какой день?", "en": "Which day?", "ka": "რომელი დღე?"}
_SAY_MORE = {
    "ru": "Уточните: номер брони и что изменить, например «продли 1200 до 16.03 12:00»",
    "en": "Please name the booking and the change, e.g. “extend booking 1200 until 16.03 12:00”",
    "ka": "დააზუსტეთ: ჯავშნის ნომერი და ცვლილება, მაგ. „გააგრძელე ჯავშანი 1200 16.03 12:00“",
}


def _calls(said: Understood) -> list[Call]:
    if said.has("debts"):
        return [Call(tool="list_debts", args=given(branch=said.branch, client=said.name))]
    if said.number is not None:
        tool = "who_changed" if said.has("changed") else "booking_card"
        return [Call(tool=tool, args=given(number=said.number, branch=said.branch))]
    if (said.has("took") and (said.car or said.name)) or (
        said.has("booking") and said.name and not said.car
    ):
        return [
            Call(
                tool="find_booking",
                args=_window(said) | given(car=_car(said), client=None if said.car else said.name),
            )
        ]
    return _lists(said)


def _lists(said: Understood) -> list[Call]:
    window = _window(said) | given(branch=said.branch)
    if said.has("conflicts"):
        return [Call(tool="check_conflicts", args=window | given(car=_car(said)))]
    if said.has("overdue"):
        return [Call(tool="list_bookings", args=given(what="overdue", branch=said.branch))]
    if said.car:
        return [Call(tool="list_bookings", args={"what": "car", "car": said.text})]
    kinds = [
        kind
        for kind in ("pickups", "returns")
        if said.has("pickups" if kind == "pickups" else "returns")
    ]
    return [
        Call(tool="list_bookings", args={"what": what} | window)
        for what in kinds or ("pickups", "returns")
    ]


def _follow(last: Call, said: Understood) -> Call:
    """The last call with the branch, days or car that are named now."""
    args: dict[str, Any] = dict(last.args)
    if said.branch is not None:
        args["branch"] = said.branch
    if said.period is not None and last.tool in (
        "list_bookings",
        "check_conflicts",
        "find_booking",
    ):
        args |= _window(said)
    if said.number is not None and "number" in args:
        args["number"] = said.number
    if said.name is not None and last.tool == "list_debts":
        args["client"] = said.name
    if said.car and last.tool in ("list_bookings", "check_conflicts", "find_booking"):
        args["car"] = said.text
    return Call(tool=last.tool, args=args)


def _window(said: Understood) -> dict[str, Any]:
    return (
        {}
        if said.period is None
        else {"start": wall(said.period.start), "end": wall(said.period.end)}
    )


def _car(said: Understood) -> str | None:
    return said.text if said.car else None
