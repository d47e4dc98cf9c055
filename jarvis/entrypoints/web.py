"""The web process: vendors' webhooks, signed links to stored files, health."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Litestar, MediaType, Request, Response, get
from litestar.di import Provide
from litestar.response import Stream

import jarvis.integrations
from jarvis.engine import sources
from jarvis.engine.intake import Intake
from jarvis.engine.integration import discover
from jarvis.entrypoints.core import Core
from jarvis.integrations.storage.port import LinkSigner, Storage
from jarvis.integrations.telegram.settings import SYSTEM as TELEGRAM
from jarvis.kit.errors import InvalidRequest, NotFound, Unavailable
from jarvis.kit.file_type import file_type


def unavailable(_: Request[Any, Any, Any], error: Unavailable) -> Response[bytes]:
    """Too much waits, or the database is away: whoever asked is told when to ask again."""
    headers = {"Retry-After": str(math.ceil(error.retry_after_s or 1))}
    return Response(b"", status_code=503, media_type=MediaType.TEXT, headers=headers)


def _dependencies(core: Core, taking: Intake) -> dict[str, Provide]:
    """What hooks may ask for by name.

    Each names the one before and needs it not: dependencies that need nothing of each other are
    started in a task group by Litestar, which took longer than all else that is done with a
    delivery before it is stored. One after another they are plain calls.
    """

    def journal() -> Any:
        return core.journal

    def intake(journal: Any) -> Any:
        return taking

    def rentprog_settings(intake: Any) -> Any:
        return core.rentprog_settings

    return {
        make.__name__: Provide(make, sync_to_thread=False)
        for make in (journal, intake, rentprog_settings)
    }


def web_app(
    core: Core, *, storage: Storage | None = None, signer: LinkSigner | None = None
) -> Litestar:
    """The ASGI application over an open core. Its intake stores what waits before the application
    ends."""
    taking = Intake(core.journal, queue=core.settings.intake_queue)

    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @get("/health/ready")
    async def ready() -> Response[dict[str, Any]]:
        database = await core.db.fetchval("SELECT 1") == 1
        redis = await core.doorbell.ping()
        (telegram,) = await sources.read(core.db, TELEGRAM)
        body = {
            "database": database,
            "redis": redis,
            "telegram": telegram.failing_since is None,
            "note": "without redis work goes on, only slower; telegram is false while it refuses "
            "the bot",
        }
        return Response(body, status_code=200 if database else 503)

    @get("/media/{key:path}")
    async def media(key: str, until: int = 0, sign: str = "") -> Response[bytes] | Stream:
        """A stored file by its signed link, part by part."""
        name = key.lstrip("/")
        if storage is None or signer is None or not signer.good(name, until, sign):
            return Response(b"", status_code=403, media_type=MediaType.TEXT)
        parts = storage.stream(name)
        try:
            first = await anext(aiter(parts), b"")
        except (NotFound, InvalidRequest):
            return Response(b"", status_code=404, media_type=MediaType.TEXT)

        async def body() -> AsyncGenerator[bytes]:
            yield first
            async for part in parts:
                yield part

        found = file_type(first)
        headers = {
            "Content-Disposition": found.disposition,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=300",
            "Content-Security-Policy": "sandbox",
        }
        return Stream(body(), media_type=found.mime, headers=headers)

    hooks = [hook for integration in discover(jarvis.integrations) for hook in integration.webhooks]
    return Litestar(
        [live, ready, media, *hooks],
        dependencies=_dependencies(core, taking),
        exception_handlers={Unavailable: unavailable},
        on_shutdown=[taking.close],
        request_max_body_size=256 * 1024,
        openapi_config=None,
        # Litestar's own would set the root logger, which is the process's, to INFO
        logging_config=None,
    )
