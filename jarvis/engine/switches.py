"""Runtime switches set by people: read-only, off, and shadow; they reach every process within
seconds.

Scopes: `all`, `agent` (a role), `tool`, `branch`, `effect` (a kind, `system.*`, or either with
`@branch`). Modes: `on`; `read_only` (no writes); `off`; for effects also `shadow` (only recorded,
with a report of what would have been sent).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from jarvis.engine import audit
from jarvis.engine.db import Database, Reader, Row
from jarvis.kit.actor import Actor
from jarvis.kit.errors import InvalidRequest

Scope = Literal["all", "agent", "tool", "branch", "effect"]
Mode = Literal["on", "read_only", "shadow", "off"]
KEPT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch that is not on; `by` and `at` are None when it comes from the settings."""

    scope: Scope
    name: str
    mode: Mode
    by: str | None = None
    at: datetime | None = None
    reason: str | None = None


class Switches:
    """Reads and sets switches. `defaults` are the settings' modes of effects, by the names of the
    `effect` scope."""

    def __init__(self, db: Database, defaults: Mapping[str, Mode] | None = None) -> None:
        self._db = db
        self._defaults = [
            Switch(scope="effect", name=name, mode=mode) for name, mode in (defaults or {}).items()
        ]
        self._known: list[Switch] = []
        self._until = 0.0

    async def thrown(self, reader: Reader | None = None) -> Sequence[Switch]:
        """Every switch that is not on, as of the last two seconds."""
        if time.monotonic() > self._until:
            rows = await (reader or self._db).fetch(
                """SELECT s.*, e.name AS setter FROM switch s LEFT JOIN employee e
                    ON e.id = s.set_by_employee_id
                    ORDER BY scope, name"""
            )
            known = [_switch(row) for row in rows]
            named = {(s.scope, s.name) for s in known}
            self._known = [
                s
                for s in [*known, *(d for d in self._defaults if (d.scope, d.name) not in named)]
                if s.mode != "on"
            ]
            self._until = time.monotonic() + KEPT_S
        return self._known

    async def stops(
        self, *, agent: str | None, tool: str | None, branch: str | None, write: bool
    ) -> Switch | None:
        """The switch that forbids this agent's call of a tool; read-only stops writes, off stops
        everything."""
        names = {"all": "", "agent": agent, "tool": tool, "branch": branch}
        for switch in await self.thrown():
            if (
                switch.scope != "effect"
                and names[switch.scope] == switch.name
                and (switch.mode == "off" or write)
            ):
                return switch
        return None

    async def effect_mode(
        self, kind: str, branch: str | None, reader: Reader | None = None
    ) -> Mode:
        """How effects of a kind go out in a branch; the most exact name decides."""
        modes: dict[str, Mode] = {
            s.name: s.mode for s in await self.thrown(reader) if s.scope == "effect"
        }
        system = f"{kind.partition('.')[0]}.*"
        names = [f"{kind}@{branch}", kind, f"{system}@{branch}", system, "*"]
        found = next((name for name in names if name in modes), None)
        return "on" if found is None else modes[found]

    async def holds(self, kind: str, branch: str | None) -> bool:
        """Whether a requested effect must wait: its kind is off, or its branch or the whole system
        is read-only."""
        if await self.effect_mode(kind, branch) == "off":
            return True
        return await self.stops(agent=None, tool=None, branch=branch, write=True) is not None

    async def throw(
        self,
        scope: str,
        name: str,
        mode: str,
        *,
        by: Actor | None,
        by_name: str,
        reason: str | None,
    ) -> None:
        """Set a switch, with an audit entry.

        Raises:
            InvalidRequest: no such scope or mode, or a mode that the scope does not have.
        """
        if scope not in get_args(Scope) or mode not in get_args(Mode):
            raise InvalidRequest(
                f"scopes: {', '.join(get_args(Scope))}; modes: {', '.join(get_args(Mode))}"
            )
        if mode == ("read_only" if scope == "effect" else "shadow"):
            raise InvalidRequest(
                "effects are on, shadow or off; everything else is on, read_only or off"
            )
        async with self._db.transaction() as tx:
            await tx.execute(
                """INSERT INTO switch (scope, name, mode, set_by_employee_id, reason) VALUES ($1,
                    $2, $3, $4, $5)
                   ON CONFLICT (scope, name) DO UPDATE SET mode = $3, set_by_employee_id = $4,
                     set_at = now(), reason = $5""",
                scope,
                name,
                mode,
                by.employee_id if by else None,
                reason,
            )
            await audit.record(
                tx,
                action="switch",
                actor_id=by.employee_id if by else None,
                actor_name=by_name,
                subject=f"{scope}:{name}",
                outcome=mode,
                details={"reason": reason},
            )
        self._until = 0.0


def _switch(row: Row) -> Switch:
    return Switch(
        scope=cast(Scope, row["scope"]),
        name=row["name"],
        mode=cast(Mode, row["mode"]),
        by=row["setter"],
        at=row["set_at"],
        reason=row["reason"],
    )
