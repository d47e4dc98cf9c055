"""Webhooks at saturation and at a steady rate: `jarvis web` against a bare inbox, each in its own
process."""

from __future__ import annotations

import statistics
from pathlib import Path

import asyncpg

from benchmarks.harness import load
from benchmarks.harness.declare import Benchmark, Measured, at_least, at_most
from benchmarks.harness.load import CONNECTIONS, Answers
from benchmarks.harness.places import fresh_place
from benchmarks.harness.servers import running
from jarvis.testing.servers import Servers

ROUNDS, ROUND_S = 5, 3
MANY = 64  # connections: enough that no process of either server waits for the next delivery
STEADY_PER_S, STEADY_S = 200, 10
# the outcome of a run's webhooks, by its mark; the bodies are read back, so that an answer without
# a row is detected
OURS = """SELECT count(*) AS rows, count(DISTINCT body) AS bodies,
                  count(*) FILTER (WHERE kind <> 'rentprog.booking.update' OR ordering_key IS NULL
                                      OR (SELECT state FROM event_status s
                                        WHERE s.id = event.id) <> 'received') AS odd
             FROM event WHERE strpos(convert_from(body, 'UTF8'), $1) > 0"""
BARE = """SELECT count(*) AS rows, count(DISTINCT body) AS bodies, 0 AS odd
             FROM bench_inbox WHERE strpos(convert_from(body, 'UTF8'), $1) > 0"""


async def arrived(
    owner: asyncpg.Connection[asyncpg.Record], sql: str, answers: Answers, unanswered: int
) -> None:
    """Each answered delivery is one row; so may be those that were on their way when the generator
    stopped."""
    row = await owner.fetchrow(sql, answers.run)
    assert row is not None
    rows: int = row["rows"]
    assert answers.requests <= rows <= answers.requests + unanswered, (
        f"{answers.requests} deliveries answered, {rows} rows"
    )
    assert row["bodies"] == rows, f"{rows} rows of {row['bodies']} bodies"
    assert row["odd"] == 0, f"{row['odd']} rows are no fresh booking updates"


async def ingest(servers: Servers, folder: Path) -> Measured:
    """In turns, so that a slow moment of the machine affects both."""
    ceiling = await load.ceiling()
    floor = await load.floor(3, STEADY_PER_S)
    rounds: dict[tuple[str, int], list[Answers]] = {
        (name, n): [] for name in ("bare", "ours") for n in (CONNECTIONS, MANY)
    }
    steady: dict[str, Answers] = {}
    async with fresh_place(servers) as place:
        owner = await asyncpg.connect(place.owner)
        env = {
            "JARVIS_DATABASE_URL": place.app,
            "JARVIS_REDIS_URL": servers.redis_url(),
            "JARVIS_RENTPROG_WEBHOOK_SECRETS": '{"tbilisi": "s"}',
        }
        with (
            running("jarvis.entrypoints.cli.app", "web", "--port", env=env) as ours,
            running("benchmarks.harness.servers", "inbox", env={"BENCH_DSN": place.app}) as bare,
        ):
            urls = {
                "bare": (f"http://127.0.0.1:{bare}/inbox", BARE),
                "ours": (f"http://127.0.0.1:{ours}/hooks/rentprog/s", OURS),
            }
            for number in range(ROUNDS + 1):
                for (name, connections), found in rounds.items():
                    url, sql = urls[name]
                    answers = await load.saturate(url, ROUND_S, connections=connections)
                    await arrived(owner, sql, answers, connections)
                    if number:  # the first round warms both
                        found.append(answers)
            for name, (url, sql) in urls.items():
                steady[name] = await load.pace(url, STEADY_S, STEADY_PER_S)
                await arrived(owner, sql, steady[name], 0)
        await owner.close()
    shares, shares_of_many = (
        sorted(
            one.per_s / other.per_s
            for one, other in zip(rounds["ours", n], rounds["bare", n], strict=True)
        )
        for n in (CONNECTIONS, MANY)
    )
    per_s = {
        key: statistics.median(answers.per_s for answers in found) for key, found in rounds.items()
    }
    return Measured(
        figures={
            "share": round(statistics.median(shares), 2),
            "share_of_many": round(statistics.median(shares_of_many), 2),
            "ours_per_s": round(per_s["ours", CONNECTIONS]),
            "bare_per_s": round(per_s["bare", CONNECTIONS]),
            "ours_of_many_per_s": round(per_s["ours", MANY]),
            "bare_of_many_per_s": round(per_s["bare", MANY]),
            "ours_p99_ms_at_saturation": round(
                statistics.median(answers.p99_ms for answers in rounds["ours", CONNECTIONS]), 1
            ),
            **{
                f"{name}_{q}_ms_at_200_per_s": round(getattr(answers, f"{q}_ms"), 1)
                for name, answers in steady.items()
                for q in ("p50", "p99")
            },
        },
        conditions={
            "generator": load.generator(),
            "generator_ceiling_per_s": round(ceiling.per_s),
            "share_lowest": round(shares[0], 2),
            "share_highest": round(shares[-1], 2),
            "share_of_many_lowest": round(shares_of_many[0], 2),
            "share_of_many_highest": round(shares_of_many[-1], 2),
            "steady_generator": "raw sockets on a timetable",
            "steady_generator_own_p50_ms": round(floor.p50_ms, 2),
            "steady_generator_own_p99_ms": round(floor.p99_ms, 2),
            "steady_generator_late_p99_ms": round(
                max(answers.late_p99_ms for answers in steady.values()), 2
            ),
        },
    )


BENCHMARK = Benchmark(
    name="ingest",
    what="RentProg's webhooks into the journal, against twenty lines of Litestar and asyncpg",
    figures=(
        at_least("share", "ours of the bare inbox at saturation", goal=1.0),
        at_least("share_of_many", f"the same with {MANY} connections", goal=1.0),
        at_least("ours_per_s", "deliveries a second that ours stores"),
        at_least("bare_per_s", "deliveries a second that the bare inbox stores"),
        at_least("ours_of_many_per_s", f"ours with {MANY} connections"),
        at_least("bare_of_many_per_s", f"the bare inbox with {MANY} connections"),
        at_most("ours_p99_ms_at_saturation", "ours at saturation, p99"),
        at_most("ours_p50_ms_at_200_per_s", "ours at a steady 200 a second, p50"),
        at_most("ours_p99_ms_at_200_per_s", "ours at a steady 200 a second, p99", goal=50),
        at_most("bare_p50_ms_at_200_per_s", "the bare inbox at the same, p50"),
        at_most("bare_p99_ms_at_200_per_s", "the bare inbox at the same, p99"),
    ),
    run=ingest,
)
