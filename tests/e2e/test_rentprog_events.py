"""RentProg's webhooks and lists against our mirror: order, copies, loss, rubbish, late parents, partial runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from jarvis.domains import refs
from jarvis.engine import idle
from jarvis.engine.timing import Scheduler
from jarvis.engine.worker import Worker
from jarvis.entrypoints.core import Core
from jarvis.entrypoints.web import web_app
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.kit.sandbox import served
from jarvis.testing.core import SECRETS, load_all, rentprog_sandbox, running_core, until
from jarvis.testing.servers import Servers


class Running:
    """A core with its web process and one worker."""

    def __init__(self, core: Core, sandbox: RentProgSandbox, base: str, alerts: list[str]) -> None:
        self.core, self.sandbox, self.base, self.alerts = core, sandbox, base, alerts

    async def quiet(self) -> None:
        async def at_rest() -> bool:
            if self.sandbox.busy():
                return False
            soon = self.core.clock.now() + timedelta(seconds=10)  # a repeated body is read again a little later
            counts = await idle.in_flight(self.core.db, now=soon)
            return not (counts.keys() - {"jobs"})

        await until(at_rest)

    async def post(self, branch: str, body: bytes) -> int:
        async with httpx.AsyncClient(trust_env=False) as http:
            return (await http.post(f"{self.base}/hooks/rentprog/{SECRETS[branch]}", content=body)).status_code

    async def booking(self, key: int) -> Any:
        booking_id = await refs.subject(self.core.db, "rentprog", "booking", str(key))
        return await self.core.db.fetchrow("SELECT * FROM booking WHERE id = $1", booking_id)

    async def car(self, key: int) -> Any:
        car_id = await refs.subject(self.core.db, "rentprog", "car", str(key))
        return await self.core.db.fetchrow(
            "SELECT c.*, b.code AS branch FROM car c JOIN branch b ON b.id = c.branch_id WHERE c.id = $1", car_id
        )


@asynccontextmanager
async def running(servers: Servers, *, load: bool = True, **extra: Any) -> AsyncGenerator[Running]:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox, **extra) as core:
        alerts: list[str] = []

        async def alert(event: Any, cause: str) -> None:
            alerts.append(cause)

        async def unknown(handling: Any) -> None:
            raise AssertionError(f"no route for {handling.event.kind}")

        if load:
            report = await load_all(core)
            assert report["state"] == "ok", report
        worker = Worker(core.db, core.doorbell, name="w", routes=core.hooks.routes, fallback=unknown, alert=alert)
        tasks = [asyncio.create_task(worker.run()), asyncio.create_task(Scheduler(core.db, core.clock, ()).run(every_s=0.05))]
        async with served(web_app(core), port=0) as port:
            base = f"http://127.0.0.1:{port}"
            sandbox.hook_urls = {c: f"{base}/hooks/rentprog/{SECRETS[b]}" for b, c in sandbox.data.companies.items()}
            house = Running(core, sandbox, base, alerts)
            await house.quiet()
            try:
                yield house
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_full_load_accounts_for_every_record(servers: Servers) -> None:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        sandbox.data.bookings[80001]["start_date"] = "what day"
        sandbox.data.cars[90001]["mileage"] = "many"
        report = await load_all(core)
        assert report["state"] == "partial"
        parts = report["parts"]
        assert all(p["read"] == p["saved"] + p["rejected"] for p in parts.values())
        assert parts["bookings tbilisi"]["rejected"] == 1
        assert parts["cars tbilisi"]["rejected"] == 1
        assert parts["bookings batumi"]["state"] == "ok"
        reasons = [r["reason"] for r in await core.db.fetch("SELECT reason FROM sync_rejection")]
        assert any("what day" in reason for reason in reasons)
        assert await core.db.fetchval("SELECT count(*) FROM car") == 59
        assert await core.db.fetchval("SELECT count(*) FROM rentprog_worker") > 5


async def test_a_list_that_breaks_off_is_partial_and_never_ok(servers: Servers) -> None:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        sandbox.quotas["get"].per_minute, sandbox.quotas["get"].say_when = 3, False
        report = await load_all(core)
        assert report["state"] == "partial"
        assert {p["state"] for p in report["parts"].values()} >= {"partial"}
        state = await core.db.fetchval("SELECT last_ok_at FROM source_state WHERE name = 'RentProg reconciled'")
        assert state is None


@pytest.mark.parametrize("encoding", ["ruby", "json_text", "object"])
async def test_a_change_in_rentprog_arrives_in_every_encoding(servers: Servers, encoding: Any) -> None:
    async with running(servers) as house:
        house.sandbox.encoding = encoding
        await house.sandbox.change("move_car", {"car": "Malibu 235", "branch": "batumi"})
        await house.sandbox.change("extend_booking", {"booking": "1200", "days": 2})
        await house.quiet()
        assert (await house.car(90001))["branch"] == "batumi"
        stays = await house.core.db.fetch("SELECT until_at FROM car_placement WHERE car_id = $1", (await house.car(90001))["id"])
        assert sorted(s["until_at"] is None for s in stays) == [False, True]
        assert (await house.booking(80001))["end_at"] == datetime(2026, 3, 16, 8, 0, tzinfo=UTC)
        moved = await house.core.db.fetch("SELECT payload FROM event WHERE kind = 'car.moved'")
        assert [(m["payload"]["from"], m["payload"]["to"]) for m in moved] == [("tbilisi", "batumi")]


async def test_three_updates_with_two_copies_each_are_three_in_order(servers: Servers) -> None:
    async with running(servers) as house:
        house.sandbox.faults.start("duplicate", {"copies": 1})
        for place in ("Аэропорт", "Отель", "Вокзал"):
            await house.sandbox.change("change_booking", {"booking": "1200", "field": "location_end", "value": place})
        await house.quiet()
        db = house.core.db
        states = [r["state"] for r in await db.fetch("SELECT state FROM event WHERE kind = 'rentprog.booking.update' ORDER BY seq")]
        assert states.count("done") == 3
        assert states.count("duplicate") == 3
        changes = [
            r["payload"]["changed"]["location_end"][1]
            for r in await db.fetch("SELECT payload FROM event WHERE kind = 'booking.updated' ORDER BY seq")
        ]
        assert changes == ["Аэропорт", "Отель", "Вокзал"]
        assert (await house.booking(80001))["place_end"] == "Вокзал"


async def test_there_and_back_and_there_again_ends_right(servers: Servers) -> None:
    async with running(servers) as house:
        for state in (6, 1, 6):
            await house.sandbox.change("set_car_state", {"car": "RAV4 118", "state": state})
            await house.quiet()
        assert (await house.car(90002))["state"] == 6, "the third body equals the first, yet the car is in state 6"


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


async def test_nothing_is_wiped_but_by_an_explicit_pair(servers: Servers) -> None:
    async with running(servers) as house:
        before = await house.booking(80001)
        for n, value in enumerate(("nil", '""', '"null"', "[nil, nil]")):
            text = f'{{"id"=>80001, "location_start"=>{value}, "days"=>[{4 + n}, {5 + n}]}}'.replace('"', '\\"')
            assert await house.post("tbilisi", f'{{"event":"booking_update","payload":"{text}"}}'.encode()) == 200
        await house.quiet()
        assert (await house.booking(80001))["place_start"] == before["place_start"] is not None
        house.sandbox.data.bookings[80001]["location_start"] = None
        hook = Hook(event="booking_update", company_id=101, payload={"id": 80001, "location_start": ["Офис", None]})
        assert before["place_start"] == "Офис"
        house.sandbox.send([hook])
        await house.quiet()
        assert (await house.booking(80001))["place_start"] is None


async def test_rubbish_is_parked_with_its_body_and_told(servers: Servers) -> None:
    async with running(servers) as house:
        bodies = [b"not json \xff", b'{"event":"booking_update","payload":"{\\"id\\"=>"}', b'{"event":"moon_rise","payload":{}}']
        for body in bodies:
            assert await house.post("kutaisi", body) == 200
        await house.quiet()
        rows = await house.core.db.fetch("SELECT body, state, cause FROM event WHERE kind = 'rentprog.unreadable' ORDER BY seq")
        assert [r["body"] for r in rows] == bodies
        assert {r["state"] for r in rows} == {"parked"}
        assert len(house.alerts) == 3
        assert await house.post("kutaisi", b'{"event":"booking_update","payload":"' + b"x" * 300_000 + b'"}') == 413
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{house.base}/hooks/rentprog/guessed", content=b"{}")
        assert (answer.status_code, answer.content) == (401, b"")


async def test_a_booking_that_comes_before_its_client_and_car_ends_whole(servers: Servers) -> None:
    async with running(servers, load=False) as house:
        await house.sandbox.change("extend_booking", {"booking": "1200", "days": 1})
        await house.quiet()
        row = await house.booking(80001)
        assert row["car_id"] is not None
        assert row["client_id"] is not None
        assert (await house.car(90001))["code"] == "Malibu 235"


async def test_a_booking_whose_parents_cannot_be_read_is_joined_later(servers: Servers) -> None:
    async with running(servers, load=False) as house:
        body = house.sandbox.body(Hook(event="booking_create", company_id=101, payload=house.sandbox.data.bookings[80001]))
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
        await house.sandbox.change("change_booking", {"booking": "1200", "field": "location_end", "value": "Вокзал"})
        await house.quiet()
        house.sandbox.send([Hook(event="booking_create", company_id=101, payload=first)])
        await house.quiet()
        assert first["location_end"] == "Офис"
        assert (await house.booking(80001))["place_end"] == "Вокзал"
        house.sandbox.faults.start("down", {})
        body = house.sandbox.body(Hook(event="booking_create", company_id=101, payload=first | {"days": 99}))
        assert await house.post("tbilisi", body) == 200
        await house.quiet()
        assert (await house.booking(80001))["place_end"] == "Вокзал", "RentProg is away: what we hold stands"


async def test_a_debt_that_moved_to_another_branch_is_there_once(servers: Servers) -> None:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        await load_all(core)
        owing = next(b for b in sandbox.data.bookings.values() if any(o["kind"] == "debt" for o in sandbox.data.owed.get(b["id"], [])))
        before, after = ("tbilisi", "kutaisi") if owing["company_id"] == 101 else ("batumi", "kutaisi")
        await core.bookings.refresh_debts([before, after])
        total = await core.db.fetchval("SELECT sum(amount_minor) FROM receivable WHERE booking_key = $1", str(owing["id"]))
        owing["company_id"] = sandbox.data.companies[after]
        await core.bookings.refresh_debts([after])
        rows = await core.db.fetch(
            "SELECT r.amount_minor, b.code FROM receivable r JOIN branch b ON b.id = r.branch_id WHERE r.booking_key = $1",
            str(owing["id"]),
        )
        assert sum(r["amount_minor"] for r in rows) == total
        assert {r["code"] for r in rows} == {after}


async def test_a_guessed_path_is_counted_and_its_body_forgotten(servers: Servers) -> None:
    async with running(servers, load=False) as house:
        async with httpx.AsyncClient(trust_env=False) as http:
            for _ in range(3):
                answer = await http.post(f"{house.base}/hooks/rentprog/guessed", content=b'{"secret": "body"}')
                assert (answer.status_code, answer.content) == (401, b"")
        assert await house.core.journal.refused() == 3
        assert await house.core.db.fetchval("SELECT count(*) FROM event") == 0
