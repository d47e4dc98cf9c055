"""Chooses how a write is sent to RentProg: over MCP with a preview, or over the public API; and the
arguments of its undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from jarvis.domains.clients.service import Client
from jarvis.engine import refs
from jarvis.engine.db import Database
from jarvis.engine.effects import EffectKind
from jarvis.integrations.rentprog import kinds
from jarvis.integrations.rentprog.mirror import SOURCE
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.errors import Impossible, InvalidRequest, Unavailable
from jarvis.kit.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendable:
    """The kind and the arguments of one write, previewed when RentProg offers previews."""

    kind: EffectKind
    args: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """The write that undoes another: a tool of MCP with its arguments, and the fields of the public
    API if that has a way; `branch` whose key it uses if the record has another one by then."""

    tool: str
    arguments: Mapping[str, JsonValue]
    fields: Mapping[str, JsonValue] | None = None
    branch: str | None = None


class Sending:
    """Plans how a write is sent; sends nothing."""

    def __init__(self, db: Database, rentprog: RentProg) -> None:
        self._db = db
        self._rentprog = rentprog

    async def plan(
        self,
        kind: EffectKind,
        tool: str,
        arguments: Mapping[str, JsonValue],
        branch: str | None,
        key: str,
        *,
        public: Mapping[str, JsonValue] | None = None,
        booking_key: int | None = None,
        search: str | None = None,
    ) -> Sendable:
        """Plan a write: over MCP, previewed, if the key has that level; over the public API if
        there is no agent key."""
        if branch is None:
            raise Impossible("no_branch")
        level = await self._rentprog.level(tool)
        if level == "none" and not self._rentprog.has_agent_key and public is not None:
            args: dict[str, JsonValue] = {"branch": branch, "fields": dict(public)}
            if booking_key is not None:
                return Sendable(
                    kind=kinds.PUBLIC_UPDATE_BOOKING, args=args | {"booking_id": booking_key}
                )
            return Sendable(kind=kinds.PUBLIC_CREATE_BOOKING, args=args | {"search": search})
        if level not in ("approve", "preview", "direct"):
            raise Impossible("no_level")
        company = self._rentprog.company(branch)
        args = {"tool": tool, "arguments": dict(arguments), "company": company, "key": key}
        if level == "preview":
            preview = await self._rentprog.mcp.write(tool, arguments, company=company, key=key)
            if preview.status != "previewed" or preview.preview_token is None:
                raise Unavailable(SYSTEM, f"gave no preview ({preview.status})")
            args |= {"token": preview.preview_token, "before": preview.changes}
        return Sendable(kind=kind, args=args)

    def undo(
        self, sendable: Sendable, undo: Reverse | None, branch: str | None
    ) -> Mapping[str, JsonValue] | None:
        """The arguments of the undo, sent the same way as the write itself."""
        if undo is None:
            return None
        if sendable.kind.effect_class == "B":
            return None if undo.fields is None else {**sendable.args, "fields": dict(undo.fields)}
        company = self._rentprog.company(undo.branch or branch or "")
        return {
            "tool": undo.tool,
            "arguments": dict(undo.arguments),
            "company": company,
            "key": str(new_id()),
        }

    def company(self, branch: str) -> int:
        """RentProg's id of a branch's company.

        Raises:
            Impossible: none is set for it, as of a branch that was added only here.
        """
        try:
            return self._rentprog.company(branch)
        except InvalidRequest as error:
            raise Impossible("no_company") from error

    async def booking_key(self, booking_id: UUID) -> tuple[str, int]:
        """A new idempotency key, and RentProg's id of the booking."""
        found = await refs.key_of(self._db, SOURCE, "booking", booking_id)
        if found is None:
            raise Impossible("no_key", what="booking")
        return str(new_id()), int(found)

    async def car_key(self, car_id: UUID) -> int:
        """RentProg's id of a car."""
        found = await refs.key_of(self._db, SOURCE, "car", car_id)
        if found is None:
            raise Impossible("no_key", what="car")
        return int(found)

    async def client_key(self, client: Client) -> int:
        """RentProg's id of a client."""
        found = await refs.key_of(self._db, SOURCE, "client", client.id)
        if found is None:
            raise Impossible("no_key", what="client")
        return int(found)
