"""`jarvis events` and `jarvis effects`: what came in, and what goes out."""

from __future__ import annotations

from typing import Annotated

import typer

from jarvis.entrypoints.cli.base import Json, Limit, console, run, settings_from_demo

events_app = typer.Typer(no_args_is_help=True, help="The journal: list, show, replay.")
effects_app = typer.Typer(no_args_is_help=True, help="Effects: list, retry, resolve.")


@events_app.command("list")
def events_list(
    state: Annotated[
        str | None,
        typer.Option(
            help="received, claimed, done, 'done with failures', dead, parked, duplicate."
        ),
    ] = None,
    kind: str | None = None,
    limit: Limit = 30,
    json_: Json = False,
) -> None:
    """The newest events."""
    from jarvis.entrypoints.cli.commands import events_list as command

    settings_from_demo()
    run(command(state, kind, limit, json_, console))


@events_app.command("show")
def events_show(event_id: str) -> None:
    """One event with its body, its cause and what followed."""
    from jarvis.entrypoints.cli.commands import events_show as command

    settings_from_demo()
    run(command(event_id, console))


@events_app.command("replay")
def events_replay(
    event_id: Annotated[str | None, typer.Argument(help="One event; or give --since.")] = None,
    since: Annotated[str | None, typer.Option(help="ISO time of the first event.")] = None,
    until: Annotated[str | None, typer.Option(help="ISO time after the last event.")] = None,
    kind: str | None = None,
    subscriber: Annotated[
        str | None, typer.Option(help="Only for this subscriber (`jarvis subscriptions list`).")
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live", help="Let effects go out again, after they were shown; dry without it."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before a live replay.")] = False,
) -> None:
    """Put copies of past events into the journal again, dry unless --live."""
    from jarvis.entrypoints.cli.work import replay as command

    settings_from_demo()
    run(command(event_id, since, until, kind, subscriber, live, yes, console))


@effects_app.command("list")
def effects_list(
    state: Annotated[
        str | None, typer.Option(help="pending, claimed, done, dead, unknown, shadow.")
    ] = None,
    limit: Limit = 30,
    json_: Json = False,
) -> None:
    """The newest effects."""
    from jarvis.entrypoints.cli.commands import effects_list as command

    settings_from_demo()
    run(command(state, limit, json_, console))


@effects_app.command("resolve")
def effects_resolve(
    effect_id: str,
    outcome: Annotated[str, typer.Argument(help="done, not_done or again.")],
    as_: Annotated[str, typer.Option("--as", help="Whose word it is.")],
) -> None:
    """A person's word over an effect whose outcome nobody knows."""
    from jarvis.entrypoints.cli.acting import effects_resolve as command

    settings_from_demo()
    run(command(effect_id, outcome, as_, console))


@effects_app.command("retry")
def effects_retry(effect_id: str) -> None:
    """Put a dead effect back into its queue under its old key."""
    from jarvis.entrypoints.cli.commands import effects_retry as command

    settings_from_demo()
    run(command(effect_id, console))
