"""`jarvis subscriptions`, `jarvis deliveries`, `jarvis drain`."""

from __future__ import annotations

from typing import Annotated

import typer

from jarvis.entrypoints.cli.base import Discard, Json, Limit, console, run, settings_from_demo

subscriptions_app = typer.Typer(
    no_args_is_help=True, help="Who hears of which events: list, sync, backfill."
)
deliveries_app = typer.Typer(
    no_args_is_help=True, help="Work of subscribers that failed: list, retry."
)


@subscriptions_app.command("list")
def subscriptions_list(json_: Json = False) -> None:
    """Who hears of which kind of event."""
    from jarvis.entrypoints.cli.work import subscriptions_list as command

    settings_from_demo()
    run(command(json_, console))


@subscriptions_app.command("sync")
def subscriptions_sync(discard: Discard = False) -> None:
    """Write the table as this version's handlers want it; `jarvis migrate` does so after the
    schema."""
    from jarvis.entrypoints.cli.work import subscriptions_sync as command

    settings_from_demo()
    run(command(discard, console))


@subscriptions_app.command("backfill")
def subscriptions_backfill(
    subscriber: str, since: Annotated[str, typer.Option(help="ISO time of the first event.")]
) -> None:
    """Deliver past events to a subscriber that is new."""
    from jarvis.entrypoints.cli.work import subscriptions_backfill as command

    settings_from_demo()
    run(command(subscriber, since, console))


@deliveries_app.command("list")
def deliveries_list(limit: Limit = 30, json_: Json = False) -> None:
    """Deliveries that were given up or put aside, the newest first."""
    from jarvis.entrypoints.cli.work import deliveries_list as command

    settings_from_demo()
    run(command(limit, json_, console))


@deliveries_app.command("retry")
def deliveries_retry(delivery_id: str) -> None:
    """Take a dead delivery up again, under its old keys."""
    from jarvis.entrypoints.cli.work import deliveries_retry as command

    settings_from_demo()
    run(command(delivery_id, console))


def drain(
    timeout_s: Annotated[float, typer.Option(help="Give up after so many seconds.")] = 300.0,
) -> None:
    """Wait until the running workers have finished all open work, before a new version. Stop web,
    bot and scheduler first."""
    from jarvis.entrypoints.cli.work import drain as command

    settings_from_demo()
    run(command(timeout_s, console))
