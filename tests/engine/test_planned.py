"""Planned writes as types: cards that were stored before there were types read and verify as they
are, and every part of a card is bound by its digest."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from jarvis.engine.approval_models import Step
from jarvis.engine.approval_rows import BOUND, bound_digest, row_of
from jarvis.engine.planned import (
    CodeChange,
    CollisionWarning,
    MomentChange,
    MoneyChange,
    PaidWarning,
    PlannedWrite,
    Price,
    Subject,
    TextChange,
)

# as rows were written while parts were open JSON
CARDS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("cards_of_before.json").read_text(encoding="utf-8")
)
TITLES = (
    *("extend", "change", "note", "cancel", "create", "move", "state"),
    *("grant", "hire", "add_branch", "subscribe", "post"),
)
AT = datetime(2026, 3, 12, 10, 30, 0, 533984, tzinfo=UTC)


def _digest(card: dict[str, Any]) -> str:
    approval = card["approval"]
    return bound_digest(
        [{name: item[name] for name in BOUND} for item in card["items"]],
        UUID(approval["conversation_id"]),
        approval["approver_roles"],
        approval["branches"],
        approval["needed"],
        datetime.fromisoformat(approval["expires_at"]),
    )


def _read(item: dict[str, Any]) -> PlannedWrite:
    return PlannedWrite.read(
        item["write"],
        subject_kind=item["subject_kind"],
        subject_id=UUID(item["subject_id"]),
        shown=item["shown"],
    )


@pytest.mark.parametrize("card", CARDS, ids=lambda c: str(c["items"][0]["tool"]))
def test_a_card_of_before_verifies_and_reads(card: dict[str, Any]) -> None:
    assert _digest(card) == card["approval"]["digest"]
    (item,) = card["items"]
    stored = _read(item).stored()
    about: Any = stored["about"]
    kept = {name: about[name] for name in item["write"]["about"]}
    assert {name for name, value in about.items() if value is not None} <= set(kept)
    assert {**stored, "about": kept} == item["write"], "written again it is what it was"


def test_its_parts_are_of_their_types() -> None:
    extend, grant, cancel = (_read(card["items"][0]) for card in CARDS[:3])
    assert extend.changes == (
        MomentChange(
            field="end",
            old=datetime(2026, 3, 14, 8, tzinfo=UTC),
            new=datetime(2026, 3, 15, 8, tzinfo=UTC),
        ),
        MoneyChange(field="debt", old=0, new=10_000),
    )
    assert extend.price is not None
    assert (extend.price.delta, extend.price.basis) == (10_000, "quote")
    assert (extend.subject.kind, extend.subject.number) == ("booking", 1200)
    assert extend.shown["status"] == "in_rent"
    assert grant.changes == (CodeChange(type="role", field="role", old="employee", new="mechanic"),)
    assert grant.subject.name == "👤 Эка Абуладзе"
    assert cancel.warnings == (PaidWarning(minor=6_000, currency="GEL"),)
    assert cancel.changes == (TextChange(field="status", old="Подтверждена", new="Отмена"),)


def test_every_change_that_a_card_of_before_may_ask_for_is_read() -> None:
    writes = {w.title: w for w in (_read(card["items"][0]) for card in CARDS)}
    assert sorted(writes) == sorted(TITLES)
    assert writes["state"].changes == (CodeChange(type="state", field="state", old=1, new=2),)
    assert writes["move"].changes == (
        CodeChange(type="branch", field="branch", old="tbilisi", new="batumi"),
    )
    create = writes["create"].price
    assert create is not None
    assert (create.old, create.basis) == (None, "quote")


def _whole() -> PlannedWrite:
    return PlannedWrite(
        kind="far.change",
        target="far:1",
        args={"a": [1, 2.5, None], "b": {"c": "d"}},
        title="change",
        subject=Subject(kind="booking", id=uuid4(), number=1200, car="Malibu 235"),
        shown={"end_at": AT.isoformat(), "total": 40_000},
        changes=(
            MomentChange(field="end", old=AT, new=AT),
            MoneyChange(field="debt", old=1, new=2, currency="USD"),
            TextChange(field="note", new="x"),
            CodeChange(type="state", field="state", old=1, new=2),
            CodeChange(type="branch", field="branch", old=None, new="batumi"),
        ),
        source="Far",
        as_of=AT,
        branch="tbilisi",
        price=Price(old=1, new=2, currency="GEL", delta=1, days=1, rate=1, basis="booking"),
        warnings=(
            PaidWarning(minor=6_000, currency="GEL"),
            CollisionWarning(kind="tight", number=1201, start=AT),
        ),
        undo={"a": 1},
    )


def test_a_write_survives_its_row() -> None:
    write = _whole()
    row = json.loads(json.dumps(write.stored()))
    assert (
        PlannedWrite.read(
            row,
            subject_kind=write.subject.kind,
            subject_id=write.subject.id,
            shown=write.shown,
        )
        == write
    )


def _places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value within."""
    if isinstance(value, dict):
        found: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]  # JSON
        for key, inner in found.items():
            yield from _places(inner, (*at, key))
    elif isinstance(value, list):
        many: list[Any] = value  # pyright: ignore[reportUnknownVariableType]  # JSON
        for n, inner in enumerate(many):
            yield from _places(inner, (*at, n))
    else:
        yield at


def test_every_part_of_a_card_is_bound() -> None:
    step = Step(
        role="bookings",
        tool="extend_booking",
        call_key="c1",
        arguments={"number": 1200},
        write=_whole(),
    )
    row = json.loads(json.dumps(row_of(1, step), default=str))
    terms: dict[str, Any] = {
        "conversation_id": uuid4(),
        "roles": ["admin"],
        "branches": ["tbilisi"],
        "needed": 1,
        "expires": AT,
    }
    bound = bound_digest([row], **terms)
    places = [p for p in _places(row) if p[0] != "arguments_digest"]
    assert {p[0] for p in places} == set(BOUND)
    assert {p[1] for p in places if p[0] == "write"} == set(step.write.stored())
    for place in places:
        changed = copy.deepcopy(row)
        holder: Any = changed
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = "something else"
        assert bound_digest([changed], **terms) != bound, place
    others: dict[str, Any] = {
        "conversation_id": uuid4(),
        "roles": ["admin", "director"],
        "branches": [],
        "needed": 2,
        "expires": AT.replace(microsecond=0),
    }
    for name, other in others.items():
        assert bound_digest([row], **{**terms, name: other}) != bound, name
    assert bound_digest([row, row], **terms) != bound
