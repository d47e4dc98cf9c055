"""Pure rules: availability against brute force, naming, times, money, states, the offline
parser."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.grammar import read
from jarvis.app.role import language_said
from jarvis.domains.bookings.availability import PREPARATION, collisions, fit
from jarvis.domains.bookings.rules import purpose_of, status_of
from jarvis.domains.fleet.naming import CarName, find_cars, plate_key
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.models import Booking, parse_moment
from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.kit.clock import TBILISI, local_date
from jarvis.kit.errors import ContractBroken, InvalidRequest
from jarvis.kit.money import Money, to_minor
from jarvis.language.dates import wall
from tests.oracle import a_span, brute_force

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=TBILISI)
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def test_availability_equals_brute_force_on_1000_random_fleets() -> None:
    chance = random.Random(20260312)
    for _ in range(1000):
        car = uuid4()
        spans = [a_span(chance, car) for _ in range(chance.randrange(0, 6))]
        start = T0 + timedelta(hours=chance.randrange(0, 240))
        end = start + timedelta(hours=chance.randrange(1, 48))
        now = T0 + timedelta(hours=chance.randrange(0, 240))
        found = fit(spans, start, end, now=now)
        assert found.free == brute_force(spans, start, end, now, timedelta(0))
        comfortable = brute_force(spans, start, end, now, PREPARATION)
        assert (found.free and not found.tight) == comfortable


def test_collisions_equal_brute_force() -> None:
    chance = random.Random(7)
    for _ in range(300):
        car = uuid4()
        spans = [a_span(chance, car) for _ in range(5)]
        live = [s for s in spans if s.blocks()]
        expected = {
            frozenset((a.booking_id, b.booking_id))
            for n, a in enumerate(live)
            for b in live[n + 1 :]
            if max(a.start, b.start) - min(a.end, b.end) < PREPARATION
        }
        assert {frozenset((c.first, c.second)) for c in collisions(spans)} == expected


FLEET = [
    CarName(
        id=UUID(int=c.id), code=c.code, name=c.name, plate_key=plate_key(c.plate), branch=c.branch
    )
    for c in load_world().part(RentProgWorld).cars
]
CODES = {UUID(int=c.id): c.code for c in load_world().part(RentProgWorld).cars}


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("рав 118", ["RAV4 118"]),
        ("где рав RV-118?", ["RAV4 118"]),
        ("Малибу 235", ["Malibu 235"]),
        ("TT-235-TT", ["Malibu 235"]),
        ("ТТ235ТТ", ["Malibu 235"]),
        ("АА418ВВ", ["Tucson 418"]),
        ("aa 418 bb", ["Tucson 418"]),
        ("соната", ["Sonata 081", "Sonata 564"]),
        ("фиесту 123", ["Fiesta 123"]),
        ("მალიბუ 235", ["Malibu 235"]),
        ("жук 145", ["Juke 145"]),
        ("аутлендер", ["Outlander 264"]),
        ("gde prius 417", ["Prius 417"]),
        ("соньку", ["Sonata 081", "Sonata 564"]),
        ("тушка 418", ["Tucson 418"]),
        ("аутик", ["Outlander 264"]),
        ("что свободно завтра с 10", []),
        ("бронь 1234", []),
        ("", []),
    ],
)
def test_cars_are_known_by_what_people_say(said: str, codes: list[str]) -> None:
    assert [CODES[car] for car in find_cars(said, FLEET).cars] == codes


def test_a_digit_that_is_off_by_one_is_offered_and_never_taken() -> None:
    found = find_cars("рав 119", FLEET)
    assert found.cars == ()
    assert [CODES[car] for car in found.near] == ["RAV4 118"]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("18-11-2025 0:30", "2025-11-17T20:30"),
        ("18-11-2025 03:59", "2025-11-17T23:59"),
        ("18-11-2025 23:59", "2025-11-18T19:59"),
        ("18-11-2025 9:05", "2025-11-18T05:05"),
        ("18-11-2025 09:05", "2025-11-18T05:05"),
        ("2025-11-17T10:05:00.000+04:00", "2025-11-17T06:05"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tbilisi", "Pacific/Honolulu"])
def test_a_wall_time_is_the_same_minute_on_every_machine(
    text: str, utc: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_moment(text).strftime("%Y-%m-%dT%H:%M") == utc
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "32-01-2026 10:00", "18-11-2025 25:00", "18.11.2025"]
)
def test_a_date_that_is_none_is_never_now(text: str) -> None:
    with pytest.raises(ContractBroken):
        parse_moment(text)


def test_the_first_hours_of_a_day_belong_to_tbilisi() -> None:
    assert str(local_date(parse_moment("18-11-2025 0:30"))) == "2025-11-18"


@given(st.integers(-(10**9), 10**9))
def test_money_reads_back(minor: int) -> None:
    assert to_minor(f"{minor / 100:.2f}".replace(".", ",")) == minor


def test_money_of_two_currencies_is_never_added() -> None:
    with pytest.raises(InvalidRequest):
        assert Money(1, "GEL") + Money(1, "USD")
    with pytest.raises(InvalidRequest):
        to_minor("NaN")
    assert Money(124000).show() == "1 240 ₾"
    assert Money(18000).show(exact=True) == "180,00 ₾"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"in_rent": True, "state": "Отмена"}, "in_rent"),
        ({"state": "Отъездила"}, "done"),
        ({"state": "Вернуть залог"}, "done"),
        ({"state": "Завершена"}, "done"),
        ({"state": "Отказ клиента"}, "cancelled"),
        ({"state": "Отменена"}, "cancelled"),
        ({"state": "что-то новое"}, "planned"),
        ({}, "planned"),
    ],
)
def test_states_are_read_as_the_business_says(fields: dict[str, object], status: str) -> None:
    assert status_of(Booking.model_validate({"id": 1, **fields})) == status


def test_flags_beat_names_and_which_was_used_is_known() -> None:
    named = {"id": 1, "first_name": "сервис", "description": "ремонт"}
    assert purpose_of(Booking.model_validate(named), "tbilisi") == ("repair", "names")
    assert purpose_of(
        Booking.model_validate({**named, "technical": False, "repair": False}), None
    ) == ("rental", "flags")
    assert purpose_of(Booking.model_validate({"id": 1, "first_name": "сотрудник"}), "tbilisi") == (
        "staff_trip",
        "names",
    )
    assert purpose_of(Booking.model_validate({"id": 1, "rental_cost": 0}), None) == (
        "rental",
        "default",
    )


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("что свободно на выходные", "2026-03-14T09:00", "2026-03-15T20:00"),
        ("завтра к 10", "2026-03-13T10:00", "2026-03-14T10:00"),
        ("с 10 до 18 завтра", "2026-03-13T10:00", "2026-03-13T18:00"),
        ("до пятницы", "2026-03-12T14:30", "2026-03-13T20:00"),
        ("на 3 дня с пятницы", "2026-03-13T10:00", "2026-03-16T10:00"),
        ("с 5 по 8 декабря", "2026-12-05T00:00", "2026-12-09T00:00"),
        ("from Friday to Sunday", "2026-03-13T00:00", "2026-03-16T00:00"),
        ("ხვალ", "2026-03-13T00:00", "2026-03-14T00:00"),
        ("на следующей неделе", "2026-03-16T00:00", "2026-03-23T00:00"),
        ("from tmrw 6pm till Sunday noon", "2026-03-13T18:00", "2026-03-15T12:00"),
        ("в субботу вечером", "2026-03-14T18:00", "2026-03-14T22:00"),
        ("послезавтра утром", "2026-03-14T09:00", "2026-03-14T12:00"),
        ("tomorrow night", "2026-03-13T22:00", "2026-03-14T06:00"),
        ("15.03", "2026-03-15T00:00", "2026-03-16T00:00"),
    ],
)
def test_periods_as_people_say_them(text: str, start: str, end: str) -> None:
    period = read(text, NOW).period
    assert period is not None
    assert (wall(period.start), wall(period.end)) == (start, end)


@pytest.mark.parametrize(
    "text", ["", "31 февраля", "№", "0.0", "до 99", "с по", "99.99.9999", "🚗" * 500, "а" * 5000]
)
def test_the_parser_never_breaks_on_odd_text(text: str) -> None:
    read(text, NOW)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("TT-235-TT", "ka"),
        ("418", "ka"),
        ("where is malibu", "en"),
        ("gde prius", "ru"),
        ("rodis brundeba sonata", "ka"),
        ("bron 1200", "ru"),
        ("javshani 1200", "ka"),
        ("free", "en"),
        ("anything 4x4 from tmrw till Sunday", "en"),
        ("სად არის", "ka"),
    ],
)
def test_language_is_that_of_the_words(text: str, language: str) -> None:
    assert language_said(text, "ka") == language
