"""`make bench`: every figure side by side; `python -m benchmarks NAME…` only some of them. A table, then JSON.

Names: latency, claims, audit, approvals, moderation, checklist, overhead, ingest; and
`tampering` and `flood`, long ones that only run by name.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
from pydantic import SecretStr
from pydantic_ai import Agent, RunContext
from pydantic_ai.toolsets import ToolsetTool, WrapperToolset

from agents.base import situation
from agents.blocks import Answer
from agents.fleet.offline import rules as fleet_rules
from agents.router.agent import router
from agents.router.offline import rules as router_rules
from benchmarks import acting, house, tampering
from benchmarks.servers import running
from jarvis.engine.db import Database, open_database
from jarvis.engine.doorbell import Doorbell, open_doorbell
from jarvis.engine.journal import Event, Journal
from jarvis.engine.worker import Handling, Worker
from jarvis.entrypoints.core import CoreSettings, open_core
from jarvis.entrypoints.embedded import Postgres, Redis, migrate, provision
from jarvis.entrypoints.seed import seed
from jarvis.entrypoints.wiring import open_house
from jarvis.integrations.llm.offline import OfflineModel
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.clock import OffsetClock
from jarvis.kit.ids import new_id
from jarvis.kit.world import load_world
from jarvis.orchestrator.brain import Request as Asked
from jarvis.testing.servers import Servers
from prompts.book import PromptBook
from tools.deps import Deps, RunLedger
from tools.fleet import fleet as fleet_tools

Row = dict[str, Any]
QUESTION = "какие машины в ремонте"
STEADY_PER_S = 200
STEADY_S = 10
ROUNDS = 5


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


async def _steady(url: str, bodies: list[bytes], per_s: int) -> list[float]:
    """The latency in ms of each request when they leave at a steady rate, whatever the answers take."""
    times: list[float] = []

    async def one(http: httpx.AsyncClient, body: bytes) -> None:
        began = time.perf_counter()
        answer = await http.post(url, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.status_code
        times.append((time.perf_counter() - began) * 1000)

    async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=64)) as http:
        await one(http, bodies[0])
        times.clear()
        tasks: list[asyncio.Task[None]] = []
        began = time.perf_counter()
        for number, body in enumerate(bodies[1:]):
            await asyncio.sleep(max(0.0, began + number / per_s - time.perf_counter()))
            tasks.append(asyncio.create_task(one(http, body)))
        await asyncio.gather(*tasks)
    return times


def _bodies(count: int) -> list[bytes]:
    text = '{"event":"booking_update","payload":"{\\"id\\"=>%d, \\"state\\"=>[\\"Новая\\", \\"Активная\\"], \\"mark\\"=>\\"%s\\"}"}'
    return [(text % (80_000 + n % 500, uuid4().hex)).encode() for n in range(count)]


async def ingest(app_dsn: str, redis_url: str) -> Row:
    """`jarvis web` and a bare inbox, each in its own process, flooded in turns; then each at a steady rate."""
    env = {"JARVIS_DATABASE_URL": app_dsn, "JARVIS_REDIS_URL": redis_url, "JARVIS_RENTPROG_WEBHOOK_SECRETS": '{"tbilisi": "s"}'}
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    ms: list[float] = []
    with (
        running("jarvis.entrypoints.cli.app", "web", "--port", env=env) as ours,
        running("benchmarks.servers", env={"BENCH_DSN": app_dsn}) as bare,
    ):
        urls = {"bare": f"http://127.0.0.1:{bare}/inbox", "ours": f"http://127.0.0.1:{ours}/hooks/rentprog/s"}
        for number in range(ROUNDS + 1):
            for name, url in urls.items():
                rate, times = await _flood(url, _bodies(800), 16)
                if number:  # the first round warms both
                    rates[name].append(rate)
                    ms += times if name == "ours" else []
        steady = {name: await _steady(url, _bodies(STEADY_PER_S * STEADY_S), STEADY_PER_S) for name, url in urls.items()}
    ours_rate, bare_rate = statistics.median(rates["ours"]), statistics.median(rates["bare"])
    return {
        "ours_per_s": round(ours_rate), "bare_per_s": round(bare_rate), "share": round(ours_rate / bare_rate, 2),
        "ours_p99_ms_at_saturation": round(_share(ms, 0.99), 1),
        **{f"{name}_p{q}_ms_at_{STEADY_PER_S}_per_s": round(_share(times, q / 100), 1)
           for name, times in steady.items() for q in (50, 99)},
    }  # fmt: skip


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


class Bare(WrapperToolset[Deps]):
    """The same tools as the model sees them, answering at once: no domain, no guard, no database."""

    async def call_tool(self, name: str, tool_args: dict[str, Any], ctx: RunContext[Deps], tool: ToolsetTool[Deps]) -> Any:
        return "[f1] 3 cars."


async def overhead(app_dsn: str) -> Row:
    """Router, one agent and one tool through the orchestrator, against the same two pydantic-ai runs with nothing around.

    The bare runs have our agents' output types, instructions, tools and offline models; the difference is everything that
    Jarvis adds: conversation, memory, rights, the tool's own work in PostgreSQL, facts, rendering.
    """
    settings = CoreSettings(database_url=SecretStr(app_dsn))
    async with open_core(settings, RentProgSettings()) as core, open_house(core, LlmSettings()) as house:
        await seed(core.db, core.clock, load_world())
        actor = await core.staff.actor_by_name("Нино Беридзе")
        nothing = cast(Any, None)
        ledger = RunLedger(db=core.db, run_id=new_id(), event_id=new_id(), conversation_id=new_id(), trace_id="bench",
                           request=QUESTION, private=True)  # fmt: skip
        deps = Deps(actor=actor, now=core.clock.now(), staff=nothing, fleet=nothing, bookings=nothing, changes=nothing,
                    clients=nothing, knowledge=nothing, rooms=nothing, prompts=PromptBook(), switches=nothing, run=ledger)  # fmt: skip
        models = {"router": OfflineModel(router_rules, OffsetClock()), "fleet": OfflineModel(fleet_rules, OffsetClock())}
        bare_agent = Agent(None, deps_type=Deps, output_type=Answer, toolsets=[Bare(fleet_tools)], end_strategy="early")
        bare_agent.instructions(lambda: deps.prompts.prompt("fleet").text)
        bare_agent.instructions(situation)

        async def bare() -> None:
            await router.run(QUESTION, deps=deps, model=models["router"])
            await bare_agent.run(QUESTION, deps=deps, model=models["fleet"])

        async def whole() -> None:
            accepted = await core.journal.accept(source="bench", kind="x", dedup_key=str(new_id()), payload={})
            reply = await house.brain.answer(
                Asked(event_id=accepted.event_id, trace_id=new_id().hex, actor=actor, text=QUESTION,
                      language="ru", place=f"bench:{accepted.event_id}", private=True)
            )  # fmt: skip
            assert reply.state == "answered", reply.text

        await bare()
        await whole()
        rounds = [(await _time(bare, 30), await _time(whole, 30)) for _ in range(5)]
    bare_ms, whole_ms = (statistics.median(r[n] for r in rounds) for n in (0, 1))
    return {"bare_ms": round(bare_ms, 1), "jarvis_ms": round(whole_ms, 1), "ratio": round(whole_ms / bare_ms, 2)}


async def main(names: Sequence[str]) -> dict[str, Row]:
    """One after another, each on an empty database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="jarvis-bench-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    postgres, redis = Postgres(folder / "pg"), Redis(folder / "redis")

    async def fresh(name: str) -> tuple[str, str]:
        owner, app = await provision(postgres, name)
        await migrate(owner)
        async with open_database(owner, max_size=1) as db:
            await db.execute("CREATE TABLE bench_inbox (id bigint GENERATED ALWAYS AS IDENTITY, body bytea)")
        await acting.prepare(owner)
        return owner, app

    async def chats(name: str, figure: Callable[[Servers, Path], Awaitable[Row]]) -> Row:
        async with open_database(postgres.dsn("postgres", "postgres"), max_size=1) as admin:
            known = await admin.fetchval("SELECT true FROM pg_database WHERE datname = 'template_jarvis'")
        if not known:
            await fresh("template_jarvis")
        place = folder / name
        await asyncio.to_thread(place.mkdir)
        return await figure(Servers(postgres, redis), place)

    suites: dict[str, Callable[[], Awaitable[Row]]] = {
        "latency": lambda: _on(fresh, "latency", lambda _, app: latency(app, redis.url)),
        "claims": lambda: _on(fresh, "claims", lambda _, app: acting.claims(app)),
        "audit": lambda: _on(fresh, "audit", lambda _, app: acting.audit_figures(app)),
        "approvals": lambda: chats("approvals", acting.approvals),
        "moderation": lambda: chats("moderation", house.moderation),
        "checklist": lambda: chats("checklist", house.checklist),
        "overhead": lambda: _on(fresh, "overhead", lambda _, app: overhead(app)),
        "ingest": lambda: _on(fresh, "ingest", lambda _, app: ingest(app, redis.url)),
        "tampering": lambda: _on(fresh, "tampering", tampering.run),
        "flood": lambda: chats("flood", house.flood),
    }
    if unknown := set(names) - set(suites):
        raise SystemExit(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(suites)}")
    try:
        postgres.start()
        redis.start()
        return {name: await suites[name]() for name in names or [n for n in suites if n not in ("tampering", "flood")]}
    finally:
        redis.stop()
        postgres.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


async def _on(
    fresh: Callable[[str], Awaitable[tuple[str, str]]], name: str, figure: Callable[[str, str], Awaitable[Row]]
) -> Row:  # fmt: skip
    return await figure(*await fresh(name))


if __name__ == "__main__":
    report = asyncio.run(main(sys.argv[1:]))
    for name, row in report.items():
        sys.stdout.write(f"{name}: " + ", ".join(f"{k} {v}" for k, v in row.items()) + "\n")
    sys.stdout.write(json.dumps({"at": datetime.now(UTC).isoformat(), **report}) + "\n")
