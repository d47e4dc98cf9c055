"""The web process: vendors' webhooks, signed links to stored files, health."""

from __future__ import annotations

import gc
import math
from collections.abc import AsyncGenerator, Callable
from inspect import Parameter, Signature
from typing import Any

import uvicorn
import uvloop
from litestar import Litestar, MediaType, Request, Response, get
from litestar.di import Provide
from litestar.response import Stream

from jarvis.app.build import App, open_app
from jarvis.app.discovery import integrations
from jarvis.app.process import observe
from jarvis.engine import sources
from jarvis.engine.intake import Intake
from jarvis.engine.settings import EngineSettings
from jarvis.integrations.storage.port import FsStorage, LinkSigner, Storage, link_signer
from jarvis.integrations.telegram.settings import SYSTEM as TELEGRAM
from jarvis.kit.errors import InvalidRequest, NotFound, Unavailable
from jarvis.kit.file_type import file_type


def unavailable(_: Request[Any, Any, Any], error: Unavailable) -> Response[bytes]:
    """Answer 503 with Retry-After: the queue is full or the database is unreachable."""
    headers = {"Retry-After": str(math.ceil(error.retry_after_s or 1))}
    return Response(b"", status_code=503, media_type=MediaType.TEXT, headers=headers)


def _dependencies(app: App, taking: Intake) -> dict[str, Provide]:
    """Dependencies that hooks inject by name. Each names the previous one without using it:
    Litestar starts independent dependencies in a task group, which took longer than all other work
    on a webhook before it is stored. Chained they are plain calls.
    """

    offered: dict[str, Any] = {"journal": app.journal, "intake": taking}
    for found in integrations():
        offered[f"{found.manifest.name}_settings"] = app.get(found.manifest.settings)
    names = list(offered)
    return {
        name: Provide(_after(before, offered[name]), sync_to_thread=False)
        for before, name in zip([None, *names], names, strict=False)
    }


def _after(before: str | None, value: Any) -> Callable[..., Any]:
    """A dependency that returns the value and names the previous one."""

    def give(**_: Any) -> Any:
        return value

    parameters = [Parameter(before, Parameter.KEYWORD_ONLY, annotation=Any)] if before else []
    give.__signature__ = Signature(parameters, return_annotation=Any)  # type: ignore[attr-defined]
    give.__annotations__ = {parameter.name: Any for parameter in parameters} | {"return": Any}
    return give


def web_app(
    app: App, *, storage: Storage | None = None, signer: LinkSigner | None = None
) -> Litestar:
    """The ASGI application over an open App. Its intake stores pending inputs before the
    application ends."""
    taking = Intake(app.journal, queue=app.settings.intake_queue)

    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @get("/health/ready")
    async def ready() -> Response[dict[str, Any]]:
        database = await app.db.fetchval("SELECT 1") == 1
        redis = await app.notifier.ping()
        (telegram,) = await sources.read(app.db, TELEGRAM)
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
        if storage is None or signer is None or not signer.valid(name, until, sign):
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

    hooks = [hook for found in integrations() for hook in found.objects(found.manifest.webhooks)]
    return Litestar(
        [live, ready, media, *hooks],
        dependencies=_dependencies(app, taking),
        exception_handlers={Unavailable: unavailable},
        on_shutdown=[taking.close],
        request_max_body_size=256 * 1024,
        openapi_config=None,
        # Litestar's own would set the root logger, which is the process's, to INFO
        logging_config=None,
    )


async def _serve(host: str, port: int) -> None:
    async with open_app(("ports",)) as app:
        signer = link_signer(app.get(EngineSettings))
        served = web_app(app, storage=app.get(FsStorage), signer=signer)
        gc.collect()
        # what was opened stays until the end: looking through it again and again held up every
        # answer for 0.1 s
        gc.freeze()
        config = uvicorn.Config(
            served, host=host, port=port, log_level="warning", access_log=False, http="httptools"
        )
        await uvicorn.Server(config).serve()


def run(host: str, port: int) -> None:
    """Webhooks, signed links and health, until a signal comes."""
    observe()
    # `loop="uvloop"` alone is only heeded by uvicorn's own `run`
    uvloop.run(_serve(host, port))
