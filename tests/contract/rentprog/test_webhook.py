"""The hook over real HTTP: 200 is a promise that the body is stored; everything else says how to go
on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from subprocess import DEVNULL, Popen
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from jarvis.app.build import App, open_app
from jarvis.app.settings import AppSettings
from jarvis.engine.db import Database, open_database
from jarvis.entrypoints.embedded import free_port
from jarvis.entrypoints.web import web_app
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.sandbox import served
from jarvis.testing.core import until
from jarvis.testing.relay import relay
from jarvis.testing.servers import Servers

SECRETS = {"tbilisi": SecretStr("s"), "no text for PostgreSQL\0": SecretStr("poisoned")}
COUNT = "SELECT deliveries FROM refused_delivery WHERE reason = $1"


def body(n: int, key: int | None = None) -> bytes:
    return json.dumps(
        {"event": "car_update", "payload": {"id": key or n + 1, "mileage": [n, n + 1]}}
    ).encode()


@asynccontextmanager
async def web(dsn: str, **settings: Any) -> AsyncGenerator[tuple[App, httpx.AsyncClient]]:
    replace = {
        AppSettings: AppSettings(database_url=SecretStr(dsn), **settings),
        RentProgSettings: RentProgSettings(webhook_secrets=SECRETS),
    }
    async with (
        open_app((), replace=replace) as core,
        served(web_app(core), port=0) as port,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/hooks/rentprog", trust_env=False, timeout=60
        ) as http,
    ):
        yield core, http


async def stored(db: Database) -> set[bytes]:
    """Bodies that are whole in the journal: each with its delivery."""
    rows = await db.fetch(
        "SELECT e.body, (SELECT count(*) FROM delivery d WHERE d.event_id = e.id) AS heard FROM "
        "event e"
    )
    assert all(r["heard"] == 1 for r in rows)
    assert len({r["body"] for r in rows}) == len(rows)
    return {r["body"] for r in rows}


@asynccontextmanager
async def locked(db: Database, *keys: str) -> AsyncGenerator[None]:
    """Inputs of these ordering keys wait for their turn in the database."""
    async with db.transaction() as tx:
        for key in keys:
            await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", key)
        yield


async def waits(db: Database) -> None:
    async def waiting() -> bool:
        found = await db.fetchval(
            """SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE d.datname = current_database() AND l.locktype = 'advisory'
                  AND NOT l.granted"""
        )
        return bool(found)

    await until(waiting)


async def test_a_body_that_the_database_refuses_costs_no_other_its_answer(
    servers: Servers, db: Database
) -> None:
    dsn = servers.app_dsn(await db.fetchval("SELECT current_database()"))
    async with web(dsn) as (_, http):
        found = await asyncio.gather(
            *(http.post("poisoned" if n == 17 else "s", content=body(n)) for n in range(50))
        )
        assert [a.status_code for a in found] == [500 if n == 17 else 200 for n in range(50)]
        assert all(a.content == b"" for a in found if a.status_code == 200)
        assert await stored(db) == {body(n) for n in range(50) if n != 17}
        again = await http.post("s", content=body(3))
        assert again.status_code == 200, "a repetition is kept, and answered like any other"
        assert (
            await db.fetchval("SELECT count(*) FROM event WHERE duplicate_of_event_id IS NOT NULL")
            == 1
        )


async def test_over_its_limit_the_queue_asks_to_try_later_and_counts(
    servers: Servers, db: Database
) -> None:
    dsn = servers.app_dsn(await db.fetchval("SELECT current_database()"))
    async with web(dsn, intake_queue=4) as (_, http):
        async with locked(db, "rentprog:car:7"):
            first = asyncio.create_task(http.post("s", content=body(0, 7)))
            await waits(db)
            rest = [asyncio.create_task(http.post("s", content=body(n, 7))) for n in range(1, 10)]
            await until(lambda: _true(sum(task.done() for task in rest) == 5))
            refused = [task.result() for task in rest if task.done()]
            assert {(a.status_code, a.headers["retry-after"], a.content) for a in refused} == {
                (503, "1", b"")
            }
        assert (
            sorted([(await task).status_code for task in (first, *rest)]) == [200] * 5 + [503] * 5
        )
        assert len(await stored(db)) == 5

        async def counted() -> bool:
            return await db.fetchval(COUNT, "queue full") == 5

        await until(counted)


async def _true(value: bool) -> bool:
    return value


async def test_a_database_that_is_away_asks_to_try_later_and_recovers(
    servers: Servers, db: Database
) -> None:
    dsn = servers.app_dsn(await db.fetchval("SELECT current_database()"))
    async with relay(servers.postgres.port) as line, web(line.through(dsn)) as (_, http):
        assert (await http.post("s", content=body(0))).status_code == 200
        await line.cut()
        found = await asyncio.gather(*(http.post("s", content=body(n)) for n in range(1, 6)))
        assert {(a.status_code, a.headers["retry-after"], a.content) for a in found} == {
            (503, "5", b"")
        }
        await line.mend()
        assert (await http.post("s", content=body(6))).status_code == 200
        assert await stored(db) == {body(0), body(6)}


class Process:
    """`jarvis web` in a process of its own, and what it has promised."""

    def __init__(self, dsn: str, fault: str | None = None) -> None:
        self.port = free_port()
        env = {"JARVIS_DATABASE_URL": dsn, "JARVIS_RENTPROG_WEBHOOK_SECRETS": '{"tbilisi": "s"}'}
        self.child = Popen(
            [sys.executable, "-m", "jarvis.entrypoints.cli.app", "web", "--port", str(self.port)],
            stdout=DEVNULL,
            stderr=DEVNULL,
            env={**os.environ, **env, **({"JARVIS_FAULT": fault} if fault else {})},
        )
        self.promised: set[bytes] = set()

    async def listening(self) -> bool:
        assert self.child.poll() is None
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.port)) == 0

    async def post(self, http: httpx.AsyncClient, content: bytes) -> None:
        try:
            answer = await http.post(
                f"http://127.0.0.1:{self.port}/hooks/rentprog/s", content=content
            )
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            self.promised.add(content)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["between commit and answer", "before commit", "somewhere"])
async def test_what_was_answered_survives_a_kill(servers: Servers, moment: str) -> None:
    name = await servers.database()
    process = Process(
        servers.app_dsn(name),
        fault="intake.committed:9:kill" if moment == "between commit and answer" else None,
    )
    async with (
        open_database(servers.app_dsn(name)) as db,
        httpx.AsyncClient(trust_env=False, timeout=60) as http,
    ):
        await until(process.listening, seconds=60)

        async def sender(first: int) -> None:
            for n in range(first, first + 1000, 8):
                await process.post(http, body(n))
                if process.child.poll() is not None:
                    return

        if moment == "before commit":
            await asyncio.gather(*(process.post(http, body(n)) for n in range(20)))
            async with locked(db, "rentprog:car:103"):
                sent = [asyncio.create_task(process.post(http, body(n))) for n in range(100, 110)]
                await waits(db)
                process.child.send_signal(signal.SIGKILL)
                await asyncio.gather(*sent)
        else:
            senders = asyncio.gather(*(sender(n * 1000) for n in range(12)))
            if moment == "somewhere":
                await until(lambda: _true(len(process.promised) > 100))
                process.child.send_signal(signal.SIGKILL)
            await senders
        process.child.wait(10)
        assert process.promised, "something was answered before"

        async def at_rest() -> bool:
            """What the dead process had asked for is done, or given up."""
            return not await db.fetchval(
                """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                    AND backend_type = 'client backend'
                      AND state <> 'idle' AND pid <> pg_backend_pid()"""
            )

        await until(at_rest)
        assert process.promised <= await stored(db)
        if moment == "between commit and answer":
            assert len(await stored(db)) > len(process.promised), (
                "a group was stored that nobody was told of"
            )
    await servers.drop(name)
