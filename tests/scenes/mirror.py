"""Our mirror of RentProg with the web process that takes its webhooks and one worker, without
people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any

import httpx

from jarvis.app.build import App, subscriptions
from jarvis.domains.bookings.hooks import RentProgHooks
from jarvis.engine import idle, refs
from jarvis.engine.subscriptions import subscribers
from jarvis.engine.timing import Scheduler
from jarvis.entrypoints.web import web_app
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.kit.sandbox import served
from jarvis.testing.core import SECRETS, load_all, move_clock, rentprog_sandbox, running_core, until
from jarvis.testing.local import LocalTransport
from jarvis.testing.servers import Servers
from jarvis.testing.work import worker_over


class Running:
    """A core with its web process and one worker. `http` leads to the web process."""

    def __init__(
        self, core: App, sandbox: RentProgSandbox, http: httpx.AsyncClient, alerts: list[str]
    ) -> None:
        self.core, self.sandbox, self.http, self.alerts = core, sandbox, http, alerts

    async def quiet(self) -> None:
        async def at_rest() -> bool:
            if self.sandbox.busy():
                return False
            counts = await idle.in_flight(self.core.db, now=self.core.clock.now())
            return not (counts.keys() - {"jobs"})

        await until(at_rest)
        # a repeated body is read again a little later
        await move_clock(self.core, timedelta(seconds=10))
        await until(at_rest)

    async def post(self, branch: str, body: bytes) -> int:
        return (
            await self.http.post(f"/hooks/rentprog/{SECRETS[branch]}", content=body)
        ).status_code

    async def booking(self, key: int) -> Any:
        booking_id = await refs.subject(self.core.db, "rentprog", "booking", str(key))
        return await self.core.db.fetchrow("SELECT * FROM booking WHERE id = $1", booking_id)

    async def car(self, key: int) -> Any:
        car_id = await refs.subject(self.core.db, "rentprog", "car", str(key))
        return await self.core.db.fetchrow(
            "SELECT c.*, b.code AS branch FROM car c JOIN branch b ON b.id = c.branch_id WHERE "
            "c.id = $1",
            car_id,
        )


@asynccontextmanager
async def mirroring(servers: Servers, **extra: Any) -> AsyncGenerator[tuple[RentProgSandbox, App]]:
    """RentProg and a core that reads it, in one process."""
    hooks = LocalTransport(lambda: web_app(core))
    to_rentprog = LocalTransport(lambda: sandbox.web())
    async with (
        rentprog_sandbox(hooks=hooks) as sandbox,
        running_core(servers, sandbox, transport=to_rentprog, **extra) as core,
    ):
        yield sandbox, core


@asynccontextmanager
async def _over_sockets(
    servers: Servers, **extra: Any
) -> AsyncGenerator[tuple[RentProgSandbox, App]]:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox, **extra) as core:
        yield sandbox, core


@asynccontextmanager
async def running(
    servers: Servers, *, load: bool = True, sockets: bool = True, **extra: Any
) -> AsyncGenerator[Running]:
    """All of it at rest; `sockets`: RentProg and the web process talk over loopback."""
    opened = _over_sockets(servers, **extra) if sockets else mirroring(servers, **extra)
    async with opened as (sandbox, core):
        alerts: list[str] = []

        async def alert(tx: Any, delivery: Any, cause: str) -> None:
            alerts.append(cause)

        async def unknown(handling: Any) -> None:
            # of features that do not run here
            others = {kind for terms in subscriptions().values() for kind in terms.kinds}
            assert handling.event.kind in others, f"no route for {handling.event.kind}"

        if load:
            report = await load_all(core)
            assert report["state"] == "ok", report
        mine = subscribers(core.get(RentProgHooks))
        worker = await worker_over(
            core.db, core.notifier, *mine.values(), alert=alert, unrouted=unknown
        )
        tasks = [
            asyncio.create_task(worker.run()),
            asyncio.create_task(Scheduler(core.db, core.clock, ()).run(every_s=0.05)),
        ]
        async with served(web_app(core), port=0) if sockets else nullcontext(0) as port:
            base = f"http://127.0.0.1:{port}"
            sandbox.hook_urls = {
                c: f"{base}/hooks/rentprog/{SECRETS[b]}" for b, c in sandbox.data.companies.items()
            }
            to_web = None if sockets else LocalTransport(lambda: web_app(core))
            async with httpx.AsyncClient(base_url=base, trust_env=False, transport=to_web) as http:
                house = Running(core, sandbox, http, alerts)
                await house.quiet()
                try:
                    yield house
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)
