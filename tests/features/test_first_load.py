"""RentProg is read whole for the first time: one event tells of all that is there, and what people
need of it stands afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jarvis.app.build import App
from jarvis.domains.bookings.sync import RentProgSync
from jarvis.domains.staff.administration import StaffAdministration
from jarvis.engine import refs
from jarvis.engine.db import Row
from jarvis.integrations.rentprog.mirror import LOADED, end_first_load, first_load
from jarvis.kit.actor import Role
from jarvis.testing.core import a_job, load_all, until
from jarvis.testing.feature import feature_alone, running_feature
from jarvis.testing.servers import Servers
from tests.scenes.acting import EXTEND, card_of, shown
from tests.scenes.mirror import mirroring, running
from tests.scenes.news import evening, heard
from tests.scenes.news import world as service_world
from tests.scenes.people import KETI, LASHA, LEADERS, MARKETING, OLGA, SALES, TAMAR
from tests.scenes.topics import MALIBU, TBILISI, posts, topics

MIRRORED = ("car", "client", "booking")


async def told(core: App, *kinds: str) -> list[Row]:
    """Events of our mirror's nouns, or of these kinds, in their order."""
    return await core.db.fetch(
        "SELECT kind, payload FROM event WHERE source = 'jarvis' AND split_part(kind, '.', 1) = "
        "ANY($1) ORDER BY seq",
        [kind.partition(".")[0] for kind in kinds] or list(MIRRORED),
    )


async def test_one_event_tells_of_everything_once(servers: Servers) -> None:
    async with mirroring(servers) as (sandbox, core):
        assert (await load_all(core))["state"] == "ok"
        (event,) = await core.db.fetch("SELECT kind, payload FROM event WHERE source = 'jarvis'")
        data = sandbox.data
        assert event["kind"] == LOADED
        assert event["payload"] == {
            "cars": len(data.cars),
            "clients": len(data.clients),
            "bookings": len(data.bookings),
        }
        whole = (
            "SELECT count(*) FROM booking WHERE (car_key IS NULL) <> (car_id IS NULL) OR "
            "(client_key IS NULL) <> (client_id IS NULL)"
        )
        assert await core.db.fetchval(whole) == 0, "each booking leads to its car and its client"
        data.cars[90001]["mileage"] += 1
        await load_all(core)
        assert [e["kind"] for e in await told(core, LOADED, "car.updated")] == [
            LOADED,
            "car.updated",
        ], "the next one is no first"


async def test_only_a_load_that_read_every_list_to_its_end_tells(servers: Servers) -> None:
    async with mirroring(servers) as (sandbox, core):
        sandbox.quotas["get"].per_minute, sandbox.quotas["get"].say_when = 3, False
        assert (await load_all(core))["state"] == "partial"
        assert not await told(core, LOADED, *MIRRORED)
        sandbox.quotas["get"].per_minute = 100_000
        sandbox.data.cars[90001]["mileage"] = "many"
        await core.get(RentProgSync).reconcile_cars(await a_job(core))
        assert not await told(core, LOADED, *MIRRORED), "lists of cars alone are not the whole"
        report = await load_all(core)
        assert report["state"] == "partial", "a record was rejected"
        assert [e["kind"] for e in await told(core, LOADED, *MIRRORED)] == [LOADED], (
            "which keeps nobody from hearing of the others"
        )


async def test_what_happens_during_the_load_is_told_and_what_was_there_is_not(
    servers: Servers,
) -> None:
    async with running(servers, sockets=False, load=False) as house:
        sandbox = house.sandbox
        # of a booking that was there: new to us alone
        await sandbox.change("extend_booking", {"booking": "1200", "days": 1})
        await house.quiet()
        assert (await house.booking(80001))["car_id"] is not None
        assert not await told(house.core)
        await sandbox.change("extend_booking", {"booking": "1200", "days": 1})
        await sandbox.change(
            "create_booking", {"car": "90001", "client": "70002", "start": "40", "days": "3"}
        )
        await house.quiet()
        assert sorted(e["kind"] for e in await told(house.core)) == [
            "booking.created",
            "booking.updated",
        ]
        sandbox.data.bookings[80001]["location_end"] = "Отель"  # a webhook that never came
        await load_all(house.core)
        await house.quiet()
        assert [e["kind"] for e in await told(house.core, *MIRRORED, LOADED)][2:] == [LOADED]
        assert not house.alerts


async def test_a_bookings_event_carries_what_it_leads_to(servers: Servers) -> None:
    async with running(servers, sockets=False) as house:
        core = house.core
        malibu, rav4 = [
            await refs.subject(core.db, "rentprog", "car", key) for key in ("90001", "90002")
        ]
        oleg = await refs.subject(core.db, "rentprog", "client", "70001")
        employee = await core.get(StaffAdministration).add(
            name="Лаша",
            role=Role.EMPLOYEE,
            branch="tbilisi",
            all_branches=False,
            language="ru",
            by="test",
        )
        await core.get(StaffAdministration).bind(
            employee_id=employee, system="rentprog", key="60004", by="test"
        )
        await house.sandbox.change("swap_car", {"booking": "1200", "car": "90002"})
        await house.quiet()
        (event,) = [
            e["payload"]
            for e in await told(core, "booking.updated")
            if e["payload"]["external_key"] == "80001"
        ]
        assert (event["car_id"], event["client_id"], event["branch"]) == (
            str(rav4),
            str(oleg),
            "tbilisi",
        )
        assert event["responsible_id"] == str(employee)
        assert event["before"] == {"car_id": str(malibu), "client_id": str(oleg)}


async def test_nothing_falls_between_a_save_and_the_end_of_the_load(servers: Servers) -> None:
    async with mirroring(servers) as (_, core):
        ended = asyncio.Event()

        async def end() -> None:
            async with core.db.transaction() as tx:
                assert await end_first_load(tx, core.clock.now())
            ended.set()

        async with core.db.transaction() as tx:
            assert await first_load(tx)
            task = asyncio.create_task(end())

            async def waits() -> bool:
                return bool(
                    await core.db.fetchval(
                        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                    )
                )

            await until(waits)
            assert not ended.is_set()
        await task
        async with core.db.transaction() as tx:
            assert not await first_load(tx)
            assert not await end_first_load(tx, core.clock.now())


async def test_a_check_asks_for_the_load_until_there_was_one(servers: Servers) -> None:
    async with feature_alone(servers, lambda core: core.get(RentProgSync)) as feature:
        core = feature.core
        for kind in ("check.rentprog.cars", "check.rentprog.bookings"):
            await feature.happen(kind)
        jobs = "SELECT kind FROM job WHERE state = 'queued' ORDER BY kind"
        asked = [r["kind"] for r in await core.db.fetch(jobs)]
        assert asked == ["rentprog.load", "rentprog.reconcile_bookings", "rentprog.reconcile_cars"]
        await core.db.execute("UPDATE job SET state = 'done'")
        await load_all(core)
        await feature.happen("check.rentprog.cars")
        assert [r["kind"] for r in await core.db.fetch(jobs)] == ["rentprog.reconcile_cars"]


async def test_after_the_load_topics_stand_old_cards_are_void_and_nobody_hears_news(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path, load=False, world=service_world()) as app:
        await app.rentprog.change(
            "change_booking", {"booking": "1200", "field": "description", "value": "a"}
        )
        await app.rentprog.change("set_mileage", {"car": "90002", "mileage": 70001})
        await app.quiet()
        card = await card_of(app, LASHA, EXTEND)
        assert "❓ Подтвердите" in card["text"]
        app.rentprog.faults.start("drop", {})
        await app.rentprog.change("extend_booking", {"booking": "1200", "days": "1"})
        await app.rentprog.change("move_car", {"car": "90002", "branch": "batumi"})
        await app.quiet()
        app.rentprog.faults.stop()
        assert "❓ Подтвердите" in shown(app, LASHA, card)["text"]
        await load_all(app.core)
        await app.quiet()
        assert "Карточка устарела" in shown(app, LASHA, card)["text"]
        assert set(topics(app, LASHA, TBILISI)) == {MALIBU}
        assert "№1200" in posts(app, LASHA, TBILISI, MALIBU)[0]["text"]
        await evening(app)
        assert [
            heard(app, *chat) for chat in ((TAMAR, LEADERS), (OLGA, SALES), (KETI, MARKETING))
        ] == [[], [], []]
        kinds = {
            r["kind"]
            for r in await app.core.db.fetch(
                "SELECT kind FROM delivery JOIN event e ON e.id = event_id"
            )
        }
        assert not {k for k in kinds if k.endswith(".created")}
