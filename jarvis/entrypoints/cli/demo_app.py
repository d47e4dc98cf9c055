"""`jarvis demo` and `jarvis chaos`."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jarvis.entrypoints.cli.base import console


def demo(
    world: Annotated[Path | None, typer.Option(help="A world file (docs/world.md).")] = None,
    now: Annotated[
        str | None, typer.Option(help="Business time to begin at, e.g. 2026-03-12T14:30+04:00.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the desk; a free one when absent.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the desk in a browser.")] = True,
    group_per_minute: Annotated[
        int, typer.Option(help="Messages that Telegram takes into one group a minute.")
    ] = 20,
) -> None:
    """Start everything on this machine, with sandboxes instead of vendors, and open the desk."""
    moment = None
    if now is not None:
        try:
            moment = datetime.fromisoformat(now)
        except ValueError:
            raise typer.BadParameter(
                "an ISO time, e.g. 2026-03-12T14:30+04:00", param_hint="--now"
            ) from None
    began = time.monotonic()
    from jarvis.entrypoints.demo.start import begin

    begun = begin()
    from jarvis.entrypoints.demo.supervisor import Demo, DemoOptions

    options = DemoOptions(
        world=world, now=moment, port=port, browser=browser, group_per_minute=group_per_minute
    )
    Demo(options, console, begun).run(began)


def chaos(
    seed: Annotated[int | None, typer.Option(help="The choices of an earlier run.")] = None,
    orders: Annotated[
        int, typer.Option(help="Writes that people order meanwhile; 12 take about two minutes.")
    ] = 12,
    moves: Annotated[
        int, typer.Option(help="Cars that move to another branch meanwhile, with their topics.")
    ] = 3,
    outside: Annotated[
        bool,
        typer.Option(
            "--outside", help="Strike a whole demo from outside; its supervisor must mend it."
        ),
    ] = False,
    blows: Annotated[int, typer.Option(help="With --outside: how often fate strikes.")] = 20,
    webhooks: Annotated[
        int, typer.Option(help="With --outside: changes of cars that RentProg tells of.")
    ] = 150,
    questions: Annotated[
        int, typer.Option(help="With --outside: questions that somebody asks.")
    ] = 8,
) -> None:
    """Kill processes, restart servers and cut connections while people have RentProg changed; the
    ledgers judge."""
    import random
    import tempfile

    from jarvis.entrypoints.demo.storm.world import NOW, ROOMY, storm_world

    seed = random.randrange(1 << 30) if seed is None else seed
    with tempfile.TemporaryDirectory(prefix="jarvis-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        world = folder / "world.yaml"
        world.write_text(storm_world(orders + questions if outside else orders), encoding="utf-8")
        if outside:
            from jarvis.entrypoints.demo.storm.outside import OutsideStorm, Size

            size = Size(
                blows=blows, orders=orders, moves=moves, webhooks=webhooks, questions=questions
            )
            outcome = OutsideStorm(console, folder, world, seed=seed, size=size).run()
            again = f"--outside --blows {blows} --webhooks {webhooks} --questions {questions}"
        else:
            from jarvis.entrypoints.demo.start import begin

            begun = begin()
            from jarvis.entrypoints.demo.chaos import Chaos
            from jarvis.entrypoints.demo.supervisor import DemoOptions

            options = DemoOptions(
                world=world,
                now=NOW,
                browser=False,
                folder=folder,
                durable=True,
                group_per_minute=ROOMY,
            )
            outcome = Chaos(console, begun, options, seed=seed, orders=orders, moves=moves).run()
            again = ""
    console.print(
        f"blows: {outcome.blows}; drained in {outcome.drained_s:.1f} s; audit: {outcome.audit.rows} rows"
    )
    for kind in ("refused", "lost", "doubled", "left", "orphans"):
        console.print(f"{kind}: {getattr(outcome, kind) or 0}", markup=False)
    command = f"jarvis chaos --seed {seed} --orders {orders} --moves {moves} {again}".strip()
    console.print("good" if outcome.good else f"[red]bad[/red]; again with: {command}")
    raise typer.Exit(0 if outcome.good else 1)
