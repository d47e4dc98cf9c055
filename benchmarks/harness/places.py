"""Databases for benchmarks that need no whole application."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jarvis.engine.db import open_database
from jarvis.testing.servers import Servers

_BESIDE = """CREATE TABLE bench_inbox (id bigint GENERATED ALWAYS AS IDENTITY, body bytea);
             CREATE TABLE bench_queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
               state text NOT NULL);
             CREATE INDEX ON bench_queue (id) WHERE state = 'ready'"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A migrated database that also has the bare tables of the comparison: DSNs of its owner and of
    the application."""

    owner: str
    app: str


@asynccontextmanager
async def fresh_place(servers: Servers) -> AsyncGenerator[Place]:
    """Made now, deleted at the end."""
    name = await servers.database()
    place = Place(owner=servers.owner_dsn(name), app=servers.app_dsn(name))
    async with open_database(place.owner, max_size=1) as db:
        for statement in _BESIDE.split(";"):
            await db.execute(statement)
    yield place
    await servers.drop(name)
