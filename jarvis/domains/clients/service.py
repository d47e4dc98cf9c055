"""Clients of the company: our mirror of RentProg, and the search by name, phone or booking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jarvis.engine import refs, sources
from jarvis.engine.db import Database, Reader, Row, Tx
from jarvis.engine.journal import Event, Journal
from jarvis.integrations.rentprog.mirror import (
    SOURCE,
    Incoming,
    Saved,
    announced_by_first_load,
    merged,
)
from jarvis.integrations.rentprog.models import SYSTEM, key_of, parse_record
from jarvis.integrations.rentprog.models import Client as RpClient
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import LimitReached, NotFound, Unavailable
from jarvis.kit.ids import new_id
from jarvis.kit.names import name_score
from jarvis.kit.text import fold

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client; `phone` as RentProg has it."""

    id: UUID
    first_name: str | None
    last_name: str | None
    phone: str | None
    email: str | None
    category: str | None
    source_at: datetime

    @property
    def full_name(self) -> str:
        return " ".join(filter(None, (self.first_name, self.last_name))) or "клиент без имени"

    @property
    def short_name(self) -> str:
        """First name and initial: all that a group may see."""
        initial = f" {self.last_name[0]}." if self.last_name else ""
        return f"{self.first_name or 'клиент'}{initial}"


def mask_phone(phone: str | None) -> str | None:
    """Mask a phone as `+995 ••• •• •• 41`: country code and the last two digits."""
    key = phone_key(phone)
    return None if key is None else f"+{key[:3]} ••• •• •• {key[-2:]}"


def phone_key(phone: str | None) -> str | None:
    """Digits of a phone in international form; a Georgian or Russian national number gets its
    country code."""
    digits = re.sub(r"\D", "", phone or "")
    if len(digits) == 9 and digits.startswith("5"):
        digits = "995" + digits
    if len(digits) == 11 and digits.startswith("8"):
        digits = "7" + digits[1:]
    return digits or None


def client_of(row: Row) -> Client:
    return Client(
        id=row["id"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        phone=row["phone"],
        email=row["email"],
        category=row["category"],
        source_at=row["source_at"],
    )


class ClientService:
    """Reads clients, finds them by name or phone, and keeps the mirror."""

    def __init__(self, db: Database, clock: Clock, rentprog: RentProg, journal: Journal) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._journal = journal

    async def get(self, client_id: UUID) -> Client:
        row = await self._db.fetchrow("SELECT * FROM client WHERE id = $1", client_id)
        if row is None:
            raise NotFound("no such client")
        return client_of(row)

    async def find(self, said: str) -> list[Client]:
        """Clients whose name (any alphabet, any case ending) or phone the phrase contains; only
        those with the best score."""
        digits = phone_key(re.sub(r"[^\d+]", "", said))
        rows = await self._db.fetch(
            "SELECT * FROM client WHERE deleted_at IS NULL ORDER BY last_name, first_name, id"
        )
        if digits and len(digits) >= 6:
            return [
                client_of(r)
                for r in rows
                if r["phone_key"] and r["phone_key"].endswith(digits[-9:])
            ]
        words = [fold(word) for word in _WORD.findall(said)]
        scored = [(name_score(words, row["first_name"], row["last_name"]), row) for row in rows]
        best = max((score for score, _ in scored), default=0.0)
        return [client_of(row) for score, row in scored if score >= 85 and score > best - 3]

    async def save(self, tx: Tx, incoming: Incoming, *, event: Event | None = None) -> Saved:
        """Save one RentProg record over our row and publish what changed.

        Raises:
            ContractBroken: a field that does not parse or fits no column; nothing is saved.
        """
        key = key_of(incoming.raw)
        await refs.lock(tx, SOURCE, "client", key)
        client_id = await refs.subject(tx, SOURCE, "client", key)
        stored = (
            None
            if client_id is None
            else await tx.fetchrow("SELECT * FROM client WHERE id = $1", client_id)
        )
        if stored is not None and stored["source_at"] > incoming.read_at:
            return Saved(outcome="stale")
        before: dict[str, Any] = (stored["raw"] or {}) if stored is not None else {}
        raw = merged(before, incoming)
        record = parse_record(RpClient, raw)
        new = client_id is None
        silent = await announced_by_first_load(tx, incoming, new=new)
        client_id = client_id or new_id()
        await tx.execute(
            """INSERT INTO client (id, first_name, last_name, middle_name, phone, phone_key, email,
                category, language,
                                   source_at, raw)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               ON CONFLICT (id) DO UPDATE SET first_name = $2, last_name = $3, middle_name = $4,
                 phone = $5, phone_key = $6,
                 email = $7, category = $8, language = $9, source_at = $10, raw = $11,
                   deleted_at = NULL""",
            client_id,
            record.name,
            record.lastname,
            record.middlename,
            record.phone,
            phone_key(record.phone),
            record.email,
            record.category,
            record.language,
            incoming.read_at,
            raw,
        )
        if new:
            await refs.bind(tx, SOURCE, "client", key, client_id)
        changed = {
            n: (before.get(n), raw.get(n)) for n in {*before, *raw} if before.get(n) != raw.get(n)
        }
        if (new or changed) and not silent:
            cause = f"{event.id if event else ''}:{incoming.read_at.isoformat()}"
            kind = "client.created" if new else "client.updated"
            await self._journal.publish(
                tx,
                kind=kind,
                dedup_key=f"{kind}:{client_id}:{cause}",
                ordering_key=f"client:{client_id}",
                parent=event,
                payload={
                    "client_id": str(client_id),
                    "external_key": key,
                    "echo": incoming.from_api,
                    "changed": sorted(changed),
                },
            )
        return Saved(
            outcome="created" if new else "updated" if changed else "unchanged", changed=changed
        )

    async def forget(self, tx: Tx, key: str) -> None:
        """Hide a client that was destroyed in RentProg; nothing is deleted with it."""
        client_id = await refs.subject(tx, SOURCE, "client", key)
        await tx.execute(
            "UPDATE client SET deleted_at = $2 WHERE id = $1", client_id, self._clock.now()
        )

    async def reread(self, key: str) -> Incoming:
        """Read the record from RentProg as it is now."""
        started = self._clock.now()
        try:
            record = await self._rentprog.client(int(key))
        except LimitReached:
            raise  # not a failure of the source
        except Unavailable as error:
            await sources.report_failure(self._db, SYSTEM, started, error.reason)
            raise
        return Incoming(raw=record.raw(), read_at=started)

    async def stored_raw(self, reader: Reader, key: str) -> dict[str, Any] | None:
        client_id = await refs.subject(reader, SOURCE, "client", key)
        return (
            None
            if client_id is None
            else await reader.fetchval("SELECT raw FROM client WHERE id = $1", client_id)
        )
