"""`make bench`: every figure beside what it is compared with; `python -m benchmarks NAME …` only
some of them."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.harness.declare import Benchmark, Measured, known
from benchmarks.harness.machine import commit, this_machine
from benchmarks.harness.report import show
from benchmarks.harness.results import Earlier, as_document, keep
from jarvis.app.process import quiet_libraries
from jarvis.testing.servers import Servers, forget_settings, running_servers

LIMIT_S, SLOW_LIMIT_S = 300, 1800
WIDTH = 120  # where the output is no terminal


async def _measure(
    servers: Servers, chosen: Iterable[Benchmark], console: Console, earlier: Earlier
) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="jarvis-bench-") as base:
        for benchmark in chosen:
            folder = Path(base) / benchmark.name
            await asyncio.to_thread(folder.mkdir)
            # a missing answer is not a measurement
            async with asyncio.timeout(SLOW_LIMIT_S if benchmark.slow else LIMIT_S):
                found[benchmark.name] = await benchmark.measure(servers, folder)
            show(console, benchmark, found[benchmark.name], earlier)
    return found


def main(argv: Sequence[str]) -> int:
    """Measures, prints, and keeps the run when asked to."""
    benchmarks = known()
    slow = [b.name for b in benchmarks.values() if b.slow]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"{', '.join(benchmarks)}; without a name all but {', '.join(slow)}",
    )
    parser.add_argument(
        "--keep", action="store_true", help="write the run to benchmarks/results, to be committed"
    )
    args = parser.parse_args(argv)
    if unknown := sorted(set(args.names) - set(benchmarks)):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}")
    _only_the_report()
    forget_settings()
    machine, source, console = (
        this_machine(),
        commit(),
        Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False),
    )
    chosen = [
        b for b in benchmarks.values() if b.name in args.names or (not args.names and not b.slow)
    ]
    console.print(
        f"{source} on {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['kernel']}, "
        f"load {machine['load_before']}\n"
    )
    with running_servers(durable=True) as servers:
        measured = asyncio.run(_measure(servers, chosen, console, Earlier(machine)))
    document = as_document(measured, machine, source, datetime.now(UTC))
    if args.keep:
        console.print(f"kept as benchmarks/results/{keep(document).name}")
    return 0


def _only_the_report() -> None:
    quiet_libraries()
    logging.getLogger("jarvis").setLevel(logging.ERROR)
    os.environ.setdefault("LOGFIRE_IGNORE_NO_CONFIG", "1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
