"""The processes of production and the schema that they run on."""

from __future__ import annotations

from typing import Annotated

import typer

from jarvis.entrypoints.cli.base import Discard, console, run, settings_from_demo


def web(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Webhooks of vendors, signed links to files, health."""
    from jarvis.entrypoints.web import run as start

    start(host, port)


def bot() -> None:
    """The connection to Telegram; a second one stands by."""
    from jarvis.entrypoints.bot import run as start

    start()


def worker(
    concurrency: Annotated[int, typer.Option(help="Events handled at once.")] = 8,
    with_scheduler: Annotated[
        bool, typer.Option("--with-scheduler", help="Fire slots and timers here too.")
    ] = False,
    with_jobs: Annotated[
        bool,
        typer.Option(
            "--with-jobs/--without-jobs",
            help="Carry jobs in a child of this worker, or leave them to `jarvis jobs`.",
        ),
    ] = True,
) -> None:
    """Events, agents and jobs."""
    from jarvis.entrypoints.worker import run as start

    start(concurrency, with_scheduler=with_scheduler, with_jobs=with_jobs)


def jobs() -> None:
    """Long and scheduled work alone; ends when Redis restarts, so let a supervisor start it
    again."""
    from jarvis.entrypoints.jobs import run as start

    start()


def scheduler() -> None:
    """Slots and timers; any number of schedulers may run."""
    from jarvis.entrypoints.scheduler import run as start

    start()


def migrate(
    to: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", help="The last migration that stays; later ones are undone."
        ),
    ] = None,
    back: Annotated[int | None, typer.Option(metavar="N", help="Undo the newest N.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only list what would run.")] = False,
    delete_data: Annotated[
        bool,
        typer.Option(
            "--delete-data",
            help="A way back may delete rows that the older schema has no place for.",
        ),
    ] = False,
    discard: Discard = False,
) -> None:
    """Bring the schema and the table of subscriptions to their newest version, or the schema to
    another one (JARVIS_DATABASE_DIRECT_URL); all of it or nothing."""
    settings_from_demo("JARVIS_DATABASE_DIRECT_URL")
    from jarvis.entrypoints.cli.work import subscriptions_sync
    from jarvis.entrypoints.migrate import Target
    from jarvis.entrypoints.migrate import migrate as start

    start(Target(to, back), plan=plan, delete_data=delete_data)
    if not plan and to is None and back is None:
        run(subscriptions_sync(discard, console))
