"""`jarvis audit`, `jarvis switch`, `jarvis interactions`: what was done, what may be done, what
waits for a decision."""

from __future__ import annotations

from typing import Annotated

import typer

from jarvis.entrypoints.cli.base import Json, Limit, console, run, settings_from_demo

audit_app = typer.Typer(no_args_is_help=True, help="The audit: verify, show, begin.")
switch_app = typer.Typer(no_args_is_help=True, help="Read-only, off, shadow: list, set, report.")
interactions_app = typer.Typer(no_args_is_help=True, help="Cards and buttons that wait: list.")


@audit_app.command("verify")
def audit_verify() -> None:
    """Compute every chain anew, compare with the newest checkpoint in storage; names the first bad
    row of each chain."""
    from jarvis.entrypoints.cli.acting import audit_verify as command

    settings_from_demo()
    run(command(console))


@audit_app.command("begin")
def audit_begin(
    reason: Annotated[str, typer.Option(help="Why: the key was changed, a backup was restored.")],
    as_: Annotated[str, typer.Option("--as", help="Whose word it is.")],
) -> None:
    """Begin the checkpoints anew from the audit as it stands, on record; nothing before it is
    proved any more."""
    from jarvis.entrypoints.cli.acting import audit_begin as command

    settings_from_demo()
    run(command(reason, as_, console))


@audit_app.command("show")
def audit_show(
    action: Annotated[
        str | None, typer.Option(help="Only this action, e.g. approval.decide.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Only entries whose words hold this.")] = None,
    limit: Limit = 30,
    json_: Json = False,
) -> None:
    """The newest entries."""
    from jarvis.entrypoints.cli.acting import audit_show as command

    settings_from_demo()
    run(command(action, subject, limit, json_, console))


@switch_app.command("list")
def switch_list() -> None:
    """Everything that is not on."""
    from jarvis.entrypoints.cli.acting import switch_list as command

    settings_from_demo()
    run(command(console))


@switch_app.command("set")
def switch_set(
    scope: Annotated[str, typer.Argument(help="all, agent, tool, branch, effect.")],
    mode: Annotated[str, typer.Argument(help="on, read_only, off; effects: on, shadow, off.")],
    name: Annotated[
        str,
        typer.Option(
            help="Role, tool, branch code, kind of effect (rentprog.*, rentprog.move_car@batumi)."
        ),
    ] = "",
    reason: str | None = None,
    as_: Annotated[str | None, typer.Option("--as", help="Whose word it is.")] = None,
) -> None:
    """Throw a switch; every process knows within seconds."""
    from jarvis.entrypoints.cli.acting import switch_set as command

    settings_from_demo()
    run(command(scope, name, mode, reason, as_, console))


@switch_app.command("report")
def switch_report(hours: int = 24, json_: Json = False) -> None:
    """What shadow mode would have sent."""
    from jarvis.entrypoints.cli.acting import switch_report as command

    settings_from_demo()
    run(command(hours, json_, console))


@interactions_app.command("list")
def interactions_list(limit: Limit = 30, json_: Json = False) -> None:
    """Cards that wait, the soonest to expire first."""
    from jarvis.entrypoints.cli.acting import interactions_list as command

    settings_from_demo()
    run(command(limit, json_, console))
