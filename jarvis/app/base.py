"""The base services that every part of the App may inject: the engine over its database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from dishka import AnyOf, Provider, Scope

from jarvis.app.settings import AppSettings
from jarvis.engine import clockrow
from jarvis.engine.budgets import Budgets
from jarvis.engine.db import Database, open_database
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.interactions import Interactions
from jarvis.engine.journal import Journal
from jarvis.engine.notifier import RedisNotifier, open_notifier
from jarvis.engine.settings import EngineSettings
from jarvis.engine.switches import Switches
from jarvis.kit.clock import Clock, OffsetClock


@dataclass(frozen=True, slots=True)
class PoolSize:
    """How many connections to the database this process may hold."""

    connections: int


async def notifier(settings: AppSettings) -> AsyncGenerator[RedisNotifier]:
    redis = settings.redis_url.get_secret_value() if settings.redis_url else None
    async with open_notifier(redis) as notifier:
        yield notifier


async def database(
    settings: AppSettings, notifier: RedisNotifier, size: PoolSize
) -> AsyncGenerator[Database]:
    dsn = settings.database_url.get_secret_value()
    pooled = settings.database_pooled
    async with open_database(
        dsn, notifier=notifier, max_size=size.connections, pooled=pooled
    ) as db:
        yield db


async def clock(db: Database) -> AsyncGenerator[OffsetClock]:
    """Business time, kept in sync with the database."""
    followed = OffsetClock()
    await clockrow.load_offset(db, followed)
    follower = asyncio.create_task(clockrow.follow(db, followed))
    yield followed
    follower.cancel()


def switches(db: Database, settings: EngineSettings) -> Switches:
    return Switches(db, settings.effects)


def effect_log(db: Database) -> EffectLog:
    return EffectLog(db)


def base_provider() -> Provider:
    """The engine's services, one instance per process."""
    provider = Provider(scope=Scope.APP)
    provider.provide(notifier)
    provider.provide(database)
    provider.provide(clock, provides=AnyOf[OffsetClock, Clock])
    provider.provide(switches)
    provider.provide(effect_log)
    for kind in (Journal, Interactions, Budgets):
        provider.provide(kind)
    return provider


BASE = (RedisNotifier, Database, OffsetClock, Journal, Interactions, Budgets, EffectLog, Switches)
