"""RentProg's webhooks and lists against our mirror: order, copies, loss, rubbish, late parents,
partial runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.testing.core import load_all
from jarvis.testing.servers import Servers
from tests.scenes.mirror import running


@pytest.mark.parametrize("encoding", ["ruby", "json_text", "object"])
async def test_a_change_in_rentprog_arrives_in_every_encoding(
    servers: Servers, encoding: Any
) -> None:
    async with running(servers) as house:
        house.sandbox.encoding = encoding
        await house.sandbox.change("move_car", {"car": "Malibu 235", "branch": "batumi"})
        await house.sandbox.change("extend_booking", {"booking": "1200", "days": 2})
        await house.quiet()
        assert (await house.car(90001))["branch"] == "batumi"
        stays = await house.core.db.fetch(
            "SELECT until_at FROM car_placement WHERE car_id = $1", (await house.car(90001))["id"]
        )
        assert sorted(s["until_at"] is None for s in stays) == [False, True]
        assert (await house.booking(80001))["end_at"] == datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
        moved = await house.core.db.fetch("SELECT payload FROM event WHERE kind = 'car.moved'")
        assert [(m["payload"]["from"], m["payload"]["to"]) for m in moved] == [
            ("tbilisi", "batumi")
        ]


async def test_three_updates_with_two_copies_each_are_three_in_order(servers: Servers) -> None:
    async with running(servers) as house:
        house.sandbox.faults.start("duplicate", {"copies": 1})
        for place in ("Аэропорт", "Отель", "Вокзал"):
            await house.sandbox.change(
                "change_booking", {"booking": "1200", "field": "location_end", "value": place}
            )
        await house.quiet()
        db = house.core.db
        states = [
            r["state"]
            for r in await db.fetch(
                "SELECT state FROM event_status WHERE kind = 'rentprog.booking.update' ORDER BY seq"
            )
        ]
        assert states.count("done") == 3
        assert states.count("duplicate") == 3
        changes = [
            r["payload"]["changed"]["location_end"][1]
            for r in await db.fetch(
                "SELECT payload FROM event WHERE kind = 'booking.updated' ORDER BY seq"
            )
        ]
        assert changes == ["Аэропорт", "Отель", "Вокзал"]
        assert (await house.booking(80001))["place_end"] == "Вокзал"


async def test_reordered_and_lost_deliveries_end_right(servers: Servers) -> None:
    async with running(servers) as house:
        house.sandbox.faults.start("reorder", {})
        await house.sandbox.change("set_mileage", {"car": "RAV4 118", "mileage": 70001})
        await house.sandbox.change("set_mileage", {"car": "RAV4 118", "mileage": 70002})
        await house.quiet()
        assert (await house.car(90002))["mileage_km"] == 70002
        house.sandbox.faults.stop()
        house.sandbox.faults.start("drop", {"times": 1})
        await house.sandbox.change("set_mileage", {"car": "RAV4 118", "mileage": 70003})
        await house.sandbox.change("set_car_state", {"car": "RAV4 118", "state": 2})
        await house.quiet()
        await house.sandbox.change("set_mileage", {"car": "RAV4 118", "mileage": 70004})
        await house.quiet()
        row = await house.car(90002)
        assert (row["mileage_km"], row["state"]) == (70004, 2)


async def test_rubbish_is_parked_with_its_body_and_told(servers: Servers) -> None:
    async with running(servers) as house:
        bodies = [
            b"not json \xff",
            b'{"event":"booking_update","payload":"{\\"id\\"=>"}',
            b'{"event":"moon_rise","payload":{}}',
        ]
        for body in bodies:
            assert await house.post("kutaisi", body) == 200
        await house.quiet()
        rows = await house.core.db.fetch(
            "SELECT e.body, s.state, s.cause FROM event e JOIN event_status s USING (id) WHERE "
            "e.kind = 'rentprog.unreadable' ORDER BY e.seq"
        )
        assert [r["body"] for r in rows] == bodies
        assert {r["state"] for r in rows} == {"parked"}
        assert len(house.alerts) == 3
        assert (
            await house.post(
                "kutaisi", b'{"event":"booking_update","payload":"' + b"x" * 300_000 + b'"}'
            )
            == 413
        )
        answer = await house.http.post("/hooks/rentprog/guessed", content=b"{}")
        assert (answer.status_code, answer.content) == (401, b"")


async def test_a_booking_whose_parents_cannot_be_read_is_joined_later(servers: Servers) -> None:
    async with running(servers, load=False) as house:
        body = house.sandbox.body(
            Hook(event="booking_create", company_id=101, payload=house.sandbox.data.bookings[80001])
        )
        house.sandbox.faults.start("refuse", {})
        assert await house.post("tbilisi", body) == 200
        await house.quiet()
        assert (await house.booking(80001))["car_id"] is None
        house.sandbox.faults.stop()
        report = await load_all(house.core)
        assert report["state"] == "ok"
        await house.quiet()
        row = await house.booking(80001)
        assert row["car_id"] is not None
        assert row["client_id"] is not None


async def test_a_create_that_comes_late_brings_nothing_old_back(servers: Servers) -> None:
    async with running(servers, load=False) as house:
        first = dict(house.sandbox.data.bookings[80001])
        await house.sandbox.change(
            "change_booking", {"booking": "1200", "field": "location_end", "value": "Вокзал"}
        )
        await house.quiet()
        house.sandbox.send([Hook(event="booking_create", company_id=101, payload=first)])
        await house.quiet()
        assert first["location_end"] == "Офис"
        assert (await house.booking(80001))["place_end"] == "Вокзал"
        house.sandbox.faults.start("down", {})
        body = house.sandbox.body(
            Hook(event="booking_create", company_id=101, payload=first | {"days": 99})
        )
        assert await house.post("tbilisi", body) == 200
        await house.quiet()
        assert (await house.booking(80001))["place_end"] == "Вокзал", (
            "RentProg is away: what we hold stands"
        )


async def test_a_guessed_path_is_counted_and_its_body_forgotten(servers: Servers) -> None:
    async with running(servers, load=False) as house:
        for _ in range(3):
            answer = await house.http.post("/hooks/rentprog/guessed", content=b'{"secret": "body"}')
            assert (answer.status_code, answer.content) == (401, b"")
        assert await house.core.journal.refused() == 3
        assert await house.core.db.fetchval("SELECT count(*) FROM event") == 0
