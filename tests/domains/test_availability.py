"""Availability through the database equals brute force on random fleets."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import uuid4

import pytest

from jarvis.domains.bookings.availability import PREPARATION, Span
from jarvis.domains.bookings.free_cars import Availability
from jarvis.testing.core import rentprog_sandbox, running_core
from jarvis.testing.servers import Servers
from tests.oracle import QUARTER, a_moment, a_span, brute_force


@pytest.mark.parametrize("count", [200, pytest.param(1000, marks=pytest.mark.slow)])
async def test_free_cars_equal_brute_force_on_random_fleets(servers: Servers, count: int) -> None:
    """Each fleet is a branch of its own: three cars, up to five bookings a car, its own wanted
    period."""
    chance = random.Random(20260312 + count)
    fleets = {f"fleet-{n}": {uuid4(): list[Span]() for _ in range(3)} for n in range(count)}
    for cars in fleets.values():
        for car in cars:
            cars[car] = [a_span(chance, car) for _ in range(chance.randrange(0, 6))]
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        branches = {code: uuid4() for code in fleets}
        async with core.db.transaction() as tx:
            for code, branch in branches.items():
                await tx.execute(
                    "INSERT INTO branch (id, code, name_ru, name_en, name_ka) VALUES ($1, $2, $2, "
                    "$2, $2)",
                    branch,
                    code,
                )
                await tx.execute(
                    "INSERT INTO car (id, branch_id, code, state, source_at) SELECT c, $2, "
                    "c::text, 1, now() FROM unnest($1::uuid[]) c",
                    list(fleets[code]),
                    branch,
                )
                spans = [span for rows in fleets[code].values() for span in rows]
                await tx.execute(
                    """INSERT INTO booking (id, branch_id, car_id, start_at, end_at, status,
                        purpose, in_rent, source_at)
                       SELECT i, $1, c, s, e, st, p, st = 'in_rent', now()
                         FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[],
                           $6::text[], $7::text[])
                              AS x (i, c, s, e, st, p)""",
                    branch,
                    [s.booking_id for s in spans],
                    [s.car_id for s in spans],
                    [s.start for s in spans],
                    [s.end for s in spans],
                    [s.status for s in spans],
                    [s.purpose for s in spans],
                )
        now = core.clock.now().replace(minute=0, second=0, microsecond=0)
        core.clock.offset_s += (now - core.clock.now()).total_seconds() + 1e-3
        for code, cars in fleets.items():
            start = a_moment(chance)
            end = start + QUARTER * chance.randrange(1, 192)
            found = {
                item.car.id: item.fit
                for item in await core.get(Availability).free_cars(start, end, branch=code)
            }
            for car, spans in cars.items():
                moment = core.clock.now()
                assert (car in found) == brute_force(spans, start, end, moment, timedelta(0)), (
                    code,
                    start,
                    end,
                    spans,
                )
                if car in found:
                    assert found[car].tight != brute_force(
                        spans, start, end, moment, PREPARATION
                    ), (code, start, end, spans)
