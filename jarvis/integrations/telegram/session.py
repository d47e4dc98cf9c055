"""Telethon's session in PostgreSQL: keys, entities and the state of updates survive any process."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportIncompatibleMethodOverride=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from telethon.crypto import AuthKey
from telethon.sessions import MemorySession
from telethon.tl import types

from jarvis.engine.db import Database
from jarvis.kit.errors import LeaseLost, SettingsMissing


class PgSession(MemorySession):
    """A memory session that is loaded from rows and flushed back, fenced by the holder's lease."""

    def __init__(self, db: Database, session_id: UUID, fence: int) -> None:
        super().__init__()
        self._db = db
        self._id = session_id
        self._fence = fence
        self._new_entities: dict[int, tuple[Any, ...]] = {}
        self._key_changed = False
        self._state_changed: set[int] = set()
        self._username: str | None = None

    @classmethod
    async def load(
        cls, db: Database, name: str, dc: int, host: str, port: int, fence: int
    ) -> PgSession:
        """The stored session of that name, or a new one.

        Raises:
            LeaseLost: a newer holder has opened it.
            SettingsMissing: the session belongs to another data centre; its key is not valid there.
        """
        row = await db.fetchrow(
            """INSERT INTO telegram_session (name, dc, host, port, fence) VALUES ($1, $2, $3, $4,
                $5)
               ON CONFLICT (name) DO UPDATE SET fence = $5 WHERE telegram_session.fence <= $5
                 RETURNING *""",
            name,
            dc,
            host,
            port,
            fence,
        )
        if row is None:
            raise LeaseLost(f"telegram session {name}")
        if row["auth_key"] is not None and row["dc"] != dc:
            raise SettingsMissing(
                f"JARVIS_TELEGRAM_DC: session {name!r} belongs to data centre {row['dc']}, not "
                f"{dc}; give JARVIS_TELEGRAM_SESSION"
                " another name to log in anew"
            )
        session = cls(db, row["id"], fence)
        same = (row["host"], row["port"]) == (host, port)
        session.set_dc(dc, host, port)
        if same and row["auth_key"] is not None:
            session._auth_key = AuthKey(row["auth_key"])
        for entity in await db.fetch(
            "SELECT * FROM telegram_entity WHERE session_id = $1", row["id"]
        ):
            session._entities.add(
                (
                    entity["marked_id"],
                    entity["access_hash"],
                    entity["username"],
                    entity["phone"],
                    entity["name"],
                )
            )
        for state in (
            await db.fetch("SELECT * FROM telegram_update_state WHERE session_id = $1", row["id"])
            if same
            else []
        ):
            session._update_states[state["entity"]] = types.updates.State(
                pts=state["pts"],
                qts=state["qts"],
                date=state["at"],
                seq=state["seq"],
                unread_count=0,
            )
        return session

    @property
    def auth_key(self) -> Any:
        return self._auth_key

    @auth_key.setter
    def auth_key(self, value: Any) -> None:
        self._auth_key = value
        self._key_changed = True

    def process_entities(self, tlo: Any) -> None:
        for row in self._entities_to_rows(tlo):
            if row not in self._entities:
                self._entities = {r for r in self._entities if r[0] != row[0]} | {row}
                self._new_entities[row[0]] = row

    def set_update_state(self, entity_id: int, state: Any) -> None:
        super().set_update_state(entity_id, state)
        self._state_changed.add(entity_id)

    def forget_key(self) -> None:
        """Forget a key that the server no longer accepts, so that the next connection logs in
        again."""
        self._auth_key = None
        self._update_states.clear()
        self._key_changed = True

    def note_username(self, username: str | None) -> None:
        """The bot's public name, for links that other processes make."""
        self._username = username
        self._key_changed = True

    def states(self) -> Mapping[int, Any]:
        """The changed update states; `flush` writes them once all updates up to them are stored."""
        changed, self._state_changed = self._state_changed, set()
        return {
            entity: state
            for entity in changed
            if (state := self._update_states.get(entity)) is not None
        }

    def changed(self, states: Mapping[int, Any]) -> None:
        """States returned by `states` that are not written yet."""
        self._state_changed |= states.keys()

    async def flush(self, states: Mapping[int, Any] = MappingProxyType({})) -> None:
        """Write changes of the session, and these update states.

        Raises:
            LeaseLost: a newer holder owns the session; nothing is written.
        """
        if not (self._key_changed or self._new_entities or states):
            return
        entities, self._new_entities = self._new_entities, {}
        key = self._auth_key.key if self._auth_key is not None else None
        async with self._db.transaction() as tx:
            held = await tx.execute(
                """UPDATE telegram_session SET dc = $3, host = $4, port = $5, auth_key = $6,
                    username = coalesce($7, username)
                    WHERE id = $1 AND fence = $2""",
                self._id,
                self._fence,
                self.dc_id,
                self.server_address,
                self.port,
                key,
                self._username,
            )
            if not held:
                raise LeaseLost("telegram session")
            for marked_id, access_hash, username, phone, name in entities.values():
                await tx.execute(
                    """INSERT INTO telegram_entity (session_id, marked_id, access_hash, username,
                        phone, name)
                       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session_id, marked_id)
                       DO UPDATE SET access_hash = $3, username = $4, phone = $5, name = $6""",
                    self._id,
                    marked_id,
                    access_hash,
                    username,
                    _text(phone),
                    name,
                )
            for entity, state in states.items():
                moment = state.date if state.date is not None else dt.datetime.now(dt.UTC)
                await tx.execute(
                    """INSERT INTO telegram_update_state (session_id, entity, pts, qts, at, seq)
                       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (session_id, entity)
                       DO UPDATE SET pts = $3, qts = $4, at = $5, seq = $6""",
                    self._id,
                    entity,
                    state.pts,
                    state.qts,
                    moment,
                    state.seq,
                )
        self._key_changed = False

    def close(self) -> None:
        """Nothing to close; `flush` is awaited by the gateway."""

    def save(self) -> None:
        """Telethon's synchronous hook; `flush` writes."""


def _text(value: object) -> str | None:
    return None if value is None else str(value)
