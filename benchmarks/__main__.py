"""`make bench`: ingest against a bare inbox, event-to-start with and without Redis, orchestrator overhead. Table and JSON."""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import asyncpg
import httpx
from litestar import Litestar, Request, post
from litestar.datastructures import State
from pydantic import SecretStr
from pydantic_ai import Agent

from agents.fleet.offline import rules as fleet_rules
from agents.router.agent import router
from agents.router.offline import rules as router_rules
from jarvis.engine.db import Database, open_database
from jarvis.engine.doorbell import Doorbell, open_doorbell
from jarvis.engine.journal import Event, Journal
from jarvis.engine.worker import Handling, Worker
from jarvis.entrypoints.core import CoreSettings, open_core
from jarvis.entrypoints.embedded import Postgres, Redis, migrate, provision
from jarvis.entrypoints.seed import seed
from jarvis.entrypoints.web import web_app
from jarvis.entrypoints.wiring import open_house
from jarvis.integrations.llm.offline import OfflineModel
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.clock import OffsetClock
from jarvis.kit.ids import new_id
from jarvis.kit.sandbox import served
from jarvis.kit.world import load_world
from jarvis.orchestrator.brain import Request as Asked

Row = dict[str, Any]


def _share(values: list[float], q: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * q))]


async def _flood(url: str, bodies: list[bytes], workers: int) -> tuple[float, list[float]]:
    """Requests a second at saturation, and the latency of each in ms."""
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    for body in bodies:
        queue.put_nowait(body)
    times: list[float] = []

    async def one(http: httpx.AsyncClient) -> None:
        while not queue.empty():
            body = queue.get_nowait()
            began = time.perf_counter()
            answer = await http.post(url, content=body, headers={"content-type": "application/json"})
            assert answer.status_code in (200, 201), answer.status_code
            times.append((time.perf_counter() - began) * 1000)

    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=workers)) as http:
        began = time.perf_counter()
        await asyncio.gather(*(one(http) for _ in range(workers)))
        return len(bodies) / (time.perf_counter() - began), times


def _bodies(count: int) -> list[bytes]:
    text = '{"event":"booking_update","payload":"{\\"id\\"=>%d, \\"state\\"=>[\\"Новая\\", \\"Активная\\"], \\"mark\\"=>\\"%s\\"}"}'
    return [(text % (80_000 + n % 500, uuid4().hex)).encode() for n in range(count)]


async def ingest(app_dsn: str, redis_url: str) -> Row:
    """Our webhook path and a bare inbox, interleaved in one run."""
    settings = CoreSettings(database_url=SecretStr(app_dsn), redis_url=SecretStr(redis_url))
    rentprog = RentProgSettings(webhook_secrets={"tbilisi": SecretStr("s")})
    pool = await asyncpg.create_pool(app_dsn, min_size=4, max_size=10)

    @post("/inbox", status_code=200)
    async def inbox(request: Request[Any, Any, State]) -> None:
        await pool.execute("INSERT INTO bench_inbox (body) VALUES ($1)", await request.body())

    async with open_core(settings, rentprog) as core:
        async with served(web_app(core), port=0) as ours, served(Litestar([inbox], openapi_config=None), port=0) as bare:
            rates: dict[str, list[float]] = {"ours": [], "bare": []}
            ms: list[float] = []
            for _ in range(3):
                rate, _times = await _flood(f"http://127.0.0.1:{bare}/inbox", _bodies(600), 16)
                rates["bare"].append(rate)
                rate, times = await _flood(f"http://127.0.0.1:{ours}/hooks/rentprog/s", _bodies(600), 16)
                rates["ours"].append(rate)
                ms += times
    await pool.close()
    ours_rate, bare_rate = statistics.median(rates["ours"]), statistics.median(rates["bare"])
    return {"ours_per_s": round(ours_rate), "bare_per_s": round(bare_rate), "share": round(ours_rate / bare_rate, 2),
            "ours_p99_ms_at_saturation": round(_share(ms, 0.99), 1)}  # fmt: skip


async def _starts(db: Database, bell: Doorbell, count: int) -> list[float]:
    seen: dict[str, float] = {}

    async def handler(handling: Handling) -> None:
        seen[str(handling.event.payload["n"])] = time.perf_counter()

    async def alert(event: Event, cause: str) -> None:
        raise AssertionError(cause)

    worker = Worker(db, bell, name="bench", routes={"bench": (handler,)}, fallback=handler, alert=alert)
    task = asyncio.create_task(worker.run())
    await asyncio.sleep(1.2)
    took: list[float] = []
    for n in range(count):
        key = f"{id(bell)}-{n}"
        await Journal(db).accept(source="bench", kind="bench", dedup_key=key, payload={"n": key})
        began = time.perf_counter()
        while key not in seen:
            await asyncio.sleep(0.0005)
        took.append((seen[key] - began) * 1000)
        await asyncio.sleep(0.013)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return took


async def latency(app_dsn: str, redis_url: str) -> Row:
    """From the commit of an event to the first line of its rule."""
    result: Row = {}
    for name, url, count in (("with_redis", redis_url, 150), ("without_redis", None, 15)):
        async with open_doorbell(url) as bell, open_database(app_dsn, bell=bell) as db:
            took = await _starts(db, bell, count)
        result |= {f"{name}_p50_ms": round(_share(took, 0.5), 1), f"{name}_max_ms": round(max(took), 1)}
    return result


async def _time(call: Callable[[], Awaitable[object]], count: int) -> float:
    took: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def overhead(app_dsn: str) -> Row:
    """Router, one agent and one tool through the orchestrator, against the same two bare pydantic-ai runs."""
    settings = CoreSettings(database_url=SecretStr(app_dsn))
    async with open_core(settings, RentProgSettings()) as core, open_house(core, LlmSettings()) as house:
        await seed(core.db, core.clock, load_world())
        actor = await core.staff.actor_by_name("Нино Беридзе")
        bare_router = Agent(OfflineModel(router_rules, OffsetClock()), output_type=cast(Any, router.output_type))
        bare_agent = Agent(OfflineModel(fleet_rules, OffsetClock()))

        @bare_agent.tool_plain
        def list_cars(state: str = "", branch: str = "") -> str:
            return "[f1] 0 cars."

        async def bare() -> None:
            await bare_router.run("какие машины в ремонте")
            await bare_agent.run("какие машины в ремонте")

        async def whole() -> None:
            accepted = await core.journal.accept(source="bench", kind="x", dedup_key=str(new_id()), payload={})
            await house.brain.answer(
                Asked(event_id=accepted.event_id, trace_id="bench", actor=actor, text="какие машины в ремонте",
                      language="ru", place=f"bench:{accepted.event_id}", private=True)
            )  # fmt: skip

        await bare()
        await whole()
        rounds = [(await _time(bare, 20), await _time(whole, 20)) for _ in range(3)]
    bare_ms, whole_ms = (statistics.median(r[n] for r in rounds) for n in (0, 1))
    return {"bare_ms": round(bare_ms, 1), "jarvis_ms": round(whole_ms, 1), "ratio": round(whole_ms / bare_ms, 2)}


async def main() -> dict[str, Row]:
    """All three, one after another, on servers of their own."""
    folder = Path(tempfile.mkdtemp(prefix="jarvis-bench-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    postgres, redis = Postgres(folder / "pg"), Redis(folder / "redis")
    try:
        postgres.start()
        redis.start()
        owner, app = await provision(postgres, "bench")
        await migrate(owner)
        async with open_database(owner, max_size=1) as db:
            await db.execute("CREATE TABLE bench_inbox (id bigint GENERATED ALWAYS AS IDENTITY, body bytea)")
        return {
            "webhook ingest": await ingest(app, redis.url),
            "event to start": await latency(app, redis.url),
            "orchestrator overhead": await overhead(app),
        }
    finally:
        redis.stop()
        postgres.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    report = asyncio.run(main())
    for name, row in report.items():
        sys.stdout.write(f"{name}: " + ", ".join(f"{k} {v}" for k, v in row.items()) + "\n")
    sys.stdout.write(json.dumps({"at": datetime.now(UTC).isoformat(), **report}) + "\n")
