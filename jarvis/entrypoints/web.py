"""The web process: vendors' webhooks, signed links to stored files, health."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Response, get
from litestar.di import Provide

import jarvis.integrations
from jarvis.engine.integration import discover
from jarvis.entrypoints.core import Core


def web_app(core: Core) -> Litestar:
    """The ASGI application over an open core."""

    def journal() -> Any:
        return core.journal

    def rentprog_settings() -> Any:
        return core.rentprog_settings

    @get("/health/live", sync_to_thread=False)
    def live() -> dict[str, str]:
        return {"status": "ok"}

    @get("/health/ready")
    async def ready() -> Response[dict[str, Any]]:
        database = await core.db.fetchval("SELECT 1") == 1
        redis = await core.doorbell.ping()
        body = {"database": database, "redis": redis, "note": "without redis work goes on, only slower"}
        return Response(body, status_code=200 if database else 503)

    hooks = [hook for integration in discover(jarvis.integrations) for hook in integration.webhooks]
    return Litestar(
        [live, ready, *hooks],
        dependencies={
            "journal": Provide(journal, sync_to_thread=False),
            "rentprog_settings": Provide(rentprog_settings, sync_to_thread=False),
        },
        request_max_body_size=256 * 1024,
        openapi_config=None,
    )
