"""The demo's web application: the control surface of the sandboxes and the desk."""

# Litestar leaves the generics of its static router open.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from litestar import Litestar, Request, Response
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig
from litestar.types import ASGIApp

from jarvis.domains.bookings.sync import LOAD
from jarvis.domains.conversations.queries import last_ends
from jarvis.engine import clockrow, jobs
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.loop import not_cancelled
from jarvis.entrypoints.demo.control import control_routes
from jarvis.entrypoints.demo.desk import desk_routes
from jarvis.entrypoints.demo.guard import guarded
from jarvis.entrypoints.demo.signs import filters
from jarvis.entrypoints.seed import seed, wipe
from jarvis.integrations.telegram.sandbox import TelegramSandbox
from jarvis.integrations.telegram.sandbox.state import Chat
from jarvis.kit.clock import OffsetClock
from jarvis.kit.errors import ExpectedError, InvalidRequest, NotFound
from jarvis.kit.ids import new_id
from jarvis.kit.sandbox_manifest import Sandbox, VendorSandbox
from jarvis.kit.world import World

WATCH_S = 0.3
CLOCK_MAX_S = 50 * 365.25 * 86_400
HERE = Path(__file__).parent


@dataclass(slots=True, kw_only=True)
class DemoState:
    """The objects behind the desk and the control surface. `manifests` and `vendors` have the same
    keys: the manifest of each sandbox, and the running one."""

    world: World
    db: Database
    owner: Database
    clock: OffsetClock
    manifests: Mapping[str, Sandbox]
    vendors: Mapping[str, VendorSandbox]
    checkpoints: Checkpoints
    folder: Path
    version: int = 0
    happened: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    read: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    recent: list[int] = field(default_factory=list[int])
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def telegram(self) -> TelegramSandbox:
        """The Telegram sandbox, whose people's side the desk shows."""
        return next(v for v in self.vendors.values() if isinstance(v, TelegramSandbox))

    def vendor(self, name: str) -> VendorSandbox:
        """A vendor's running sandbox.

        Raises:
            NotFound: names the existing ones.
        """
        if name not in self.vendors:
            raise NotFound(f"no vendor {name!r}; vendors: {', '.join(self.vendors)}")
        return self.vendors[name]

    def load(self) -> None:
        """Load the world into every sandbox."""
        for vendor in self.vendors.values():
            vendor.load(self.world, self.clock.now())
            vendor.save()
        self.happened.clear()
        self.read.clear()

    def touched(self, chat: Chat | None = None) -> None:
        """Notify pages of a change."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def watch(self) -> None:
        """Watch for what Jarvis stores shortly after its visible effect: receipts, events,
        deliveries, finished runs."""
        seen: object = None
        while not_cancelled():
            try:
                found = await last_ends(self.db)
            except DATABASE_AWAY:
                found = seen
            if found != seen:
                seen = found
                self.touched()
            await asyncio.sleep(WATCH_S)

    async def changes(self) -> AsyncGenerator[int]:
        """The version now and after every change; at least every 15 s, to keep a stream alive."""
        while True:
            waiting = self._changed
            yield self.version
            try:
                async with asyncio.timeout(15):
                    await waiting.wait()
            except TimeoutError:
                continue

    async def queue_load(self) -> None:
        """Ask Jarvis for the first load of its records."""
        async with self.db.transaction() as tx:
            await jobs.enqueue(
                tx, kind=LOAD, dedup_key=f"load:{new_id()}", queue="long", deadline_s=600
            )

    async def move_clock(self, now: datetime) -> None:
        """Set business time for every process.

        Raises:
            InvalidRequest: so far off that dates would overflow.
        """
        offset = (now - datetime.now(now.tzinfo)).total_seconds()
        if abs(offset) > CLOCK_MAX_S:
            raise InvalidRequest("the clock goes at most fifty years from now")
        await clockrow.set_offset(self.db, offset)
        self.clock.offset_s = offset
        self.touched()

    async def reset(self) -> None:
        """Reload the world and Jarvis's database."""
        await wipe(self.owner, self.checkpoints)
        self.load()
        await seed(self.owner, self.clock, self.world)
        self.telegram.cut_all()
        await self.queue_load()
        self.touched()


def demo_app(stage: DemoState) -> ASGIApp:
    """The ASGI application; for pages and programs of this machine only, never part of
    production."""

    @asynccontextmanager
    async def watching(app: Litestar) -> AsyncGenerator[None]:
        task = asyncio.create_task(stage.watch())
        yield
        task.cancel()

    engine = JinjaTemplateEngine(directory=HERE / "templates")
    engine.engine.autoescape = True
    engine.engine.trim_blocks = engine.engine.lstrip_blocks = True
    engine.engine.filters.update(filters())
    app = Litestar(
        [
            *control_routes(stage),
            *desk_routes(stage),
            create_static_files_router(
                path="/static",
                directories=[HERE / "static"],
                exception_handlers={ValueError: _no_file},
            ),
        ],
        template_config=TemplateConfig(instance=engine),
        exception_handlers={
            ExpectedError: _refused,
            HTTPException: _misread,
            RecursionError: _too_deep,
        },
        lifespan=[watching],
        request_max_body_size=30 * 1024 * 1024,
        openapi_config=None,
        logging_config=None,
    )
    return guarded(app)


def _refused(request: Request[object, object, State], error: ExpectedError) -> Response[bytes]:
    del request
    return _error(422, str(error))


def _misread(request: Request[object, object, State], error: HTTPException) -> Response[bytes]:
    """Answer a request that no handler accepts: an unknown path, a malformed body or argument."""
    del request
    return _error(error.status_code, error.detail)


def _too_deep(request: Request[object, object, State], error: RecursionError) -> Response[bytes]:
    del request, error
    return _error(400, "the body is nested too deeply")


def _no_file(request: Request[object, object, State], error: ValueError) -> Response[bytes]:
    """A name that no file can have, with a zero byte in it."""
    del request, error
    return _error(404, "no such file")


def _error(status: int, text: str) -> Response[bytes]:
    body = json.dumps({"error": text}, ensure_ascii=False).encode()
    return Response(body, status_code=status, media_type="application/json")
