"""All routes of the house, collected from the rooms; what has none is put before a person, never acted upon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.db import Database
from jarvis.engine.effects import Lane, Origin
from jarvis.engine.journal import Event, trace_code
from jarvis.engine.worker import Handler, Handling
from jarvis.kit.actor import Role
from jarvis.orchestrator import outbox


def collect(*tables: Mapping[str, Sequence[Handler]]) -> dict[str, Sequence[Handler]]:
    """One table of every room's routes; handlers of one kind run in the order of the rooms."""
    routes: dict[str, Sequence[Handler]] = {}
    for table in tables:
        for kind, handlers in table.items():
            routes[kind] = (*routes.get(kind, ()), *handlers)
    return routes


class Unrouted:
    """What happens to an event of an unknown kind, and to what could not be handled."""

    def __init__(self, db: Database, staff: StaffService) -> None:
        self._db = db
        self._staff = staff

    async def fallback(self, handling: Handling) -> None:
        """No rule knows the kind: it is recorded and an administrator is asked for a route. Nothing else happens."""
        event = handling.event
        async with handling.transaction() as tx:
            await audit.record(tx, action="event.unrouted", actor_name="Jarvis", subject=event.kind, outcome="told",
                               event_id=event.id)  # fmt: skip
            text = (
                f"⚠️ Событие без маршрута: <code>{event.kind}</code>\nКод <code>{trace_code(event.trace_id)}</code>. Ничего не сделано."
            )
            for admin in await self._staff.telegram_ids(Role.ADMIN):
                await outbox.send(tx, handling.origin, admin, text, key=f"unrouted:{event.kind}:{admin}", lane=Lane.BULK)

    async def alert(self, event: Event, cause: str) -> None:
        """An event was parked or given up: administrators are told once an event."""
        admins = await self._staff.telegram_ids(Role.ADMIN)
        origin = Origin(event_id=event.id, trace_id=event.trace_id, dry=event.dry)
        safe = cause.replace("&", "&amp;").replace("<", "&lt;")[:200]
        code = trace_code(event.trace_id)
        text = f"⚠️ <b>Событие не обработано</b>: {event.kind}\nПричина: {safe}\nТело сохранено · код <code>{code}</code>"
        async with self._db.transaction() as tx:
            for admin in admins:
                await outbox.send(tx, origin, admin, text, key=f"{event.id}:alert:{admin}", lane=Lane.BULK)
