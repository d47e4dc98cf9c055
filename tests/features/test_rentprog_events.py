"""RentProg's webhooks and lists against our mirror: order, copies, loss, rubbish, late parents,
partial runs."""

from __future__ import annotations

from jarvis.domains.bookings.receivables import Receivables
from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.testing.core import load_all
from jarvis.testing.servers import Servers
from tests.scenes.mirror import mirroring, running


async def test_a_full_load_accounts_for_every_record(servers: Servers) -> None:
    async with mirroring(servers) as (sandbox, core):
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
    async with mirroring(servers) as (sandbox, core):
        sandbox.quotas["get"].per_minute, sandbox.quotas["get"].say_when = 3, False
        report = await load_all(core)
        assert report["state"] == "partial"
        assert {p["state"] for p in report["parts"].values()} >= {"partial"}
        state = await core.db.fetchval(
            "SELECT last_ok_at FROM source_state WHERE name = 'RentProg reconciled'"
        )
        assert state is None


async def test_there_and_back_and_there_again_ends_right(servers: Servers) -> None:
    async with running(servers, sockets=False) as house:
        for state in (6, 1, 6):
            await house.sandbox.change("set_car_state", {"car": "RAV4 118", "state": state})
            await house.quiet()
        assert (await house.car(90002))["state"] == 6, (
            "the third body equals the first, yet the car is in state 6"
        )


async def test_nothing_is_wiped_but_by_an_explicit_pair(servers: Servers) -> None:
    async with running(servers, sockets=False) as house:
        before = await house.booking(80001)
        for n, value in enumerate(("nil", '""', '"null"', "[nil, nil]")):
            text = (
                f'{{"id"=>80001, "location_start"=>{value}, "days"=>[{4 + n}, {5 + n}]}}'.replace(
                    '"', '\\"'
                )
            )
            assert (
                await house.post(
                    "tbilisi", f'{{"event":"booking_update","payload":"{text}"}}'.encode()
                )
                == 200
            )
        await house.quiet()
        assert (await house.booking(80001))["place_start"] == before["place_start"] is not None
        house.sandbox.data.bookings[80001]["location_start"] = None
        hook = Hook(
            event="booking_update",
            company_id=101,
            payload={"id": 80001, "location_start": ["Офис", None]},
        )
        assert before["place_start"] == "Офис"
        house.sandbox.send([hook])
        await house.quiet()
        assert (await house.booking(80001))["place_start"] is None


async def test_a_booking_that_comes_before_its_client_and_car_ends_whole(servers: Servers) -> None:
    async with running(servers, sockets=False, load=False) as house:
        await house.sandbox.change("extend_booking", {"booking": "1200", "days": 1})
        await house.quiet()
        row = await house.booking(80001)
        assert row["car_id"] is not None
        assert row["client_id"] is not None
        assert (await house.car(90001))["code"] == "Malibu 235"


async def test_a_debt_that_moved_to_another_branch_is_there_once(servers: Servers) -> None:
    async with mirroring(servers) as (sandbox, core):
        await load_all(core)
        owing = next(
            b
            for b in sandbox.data.bookings.values()
            if any(o["kind"] == "debt" for o in sandbox.data.owed.get(b["id"], []))
        )
        before, after = (
            ("tbilisi", "kutaisi") if owing["company_id"] == 101 else ("batumi", "kutaisi")
        )
        await core.get(Receivables).refresh([before, after])
        total = await core.db.fetchval(
            "SELECT sum(amount_minor) FROM receivable WHERE booking_key = $1", str(owing["id"])
        )
        owing["company_id"] = sandbox.data.companies[after]
        await core.get(Receivables).refresh([after])
        rows = await core.db.fetch(
            "SELECT r.amount_minor, b.code FROM receivable r JOIN branch b ON b.id = r.branch_id "
            "WHERE r.booking_key = $1",
            str(owing["id"]),
        )
        assert sum(r["amount_minor"] for r in rows) == total
        assert {r["code"] for r in rows} == {after}


async def test_an_event_that_is_handled_again_tells_of_what_it_finds_then(servers: Servers) -> None:
    async with running(servers, sockets=False) as house:
        await house.sandbox.change("move_car", {"car": "Malibu 235", "branch": "batumi"})
        await house.quiet()
        house.sandbox.faults.start("drop", {})
        await house.sandbox.change("move_car", {"car": "Malibu 235", "branch": "tbilisi"})
        await house.quiet()
        await house.core.db.execute(  # as when its worker died between its commit and its end
            """UPDATE delivery SET state = 'pending' WHERE event_id = (SELECT parent_event_id
                FROM event WHERE kind = 'car.moved')"""
        )
        await house.quiet()
        moved = await house.core.db.fetch(
            "SELECT payload FROM event WHERE kind = 'car.moved' ORDER BY seq"
        )
        assert [(m["payload"]["from"], m["payload"]["to"]) for m in moved] == [
            ("tbilisi", "batumi"),
            ("batumi", "tbilisi"),
        ]
