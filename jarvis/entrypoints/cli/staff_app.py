"""`jarvis staff`."""

from __future__ import annotations

from typing import Annotated

import typer

from jarvis.entrypoints.cli.base import Json, console, run, settings_from_demo

staff_app = typer.Typer(
    no_args_is_help=True,
    help="People and branches: add, bind, invite, change, dismiss, list, branch.",
)


@staff_app.command("add")
def staff_add(
    name: str,
    role: Annotated[
        str, typer.Option(help="employee, branch_head, department_head, director, sales, …")
    ],
    branch: Annotated[str | None, typer.Option(help="Code of a branch, e.g. batumi.")] = None,
    all_branches: Annotated[
        bool, typer.Option("--all-branches", help="May look into every branch.")
    ] = False,
    language: str = "ru",
) -> None:
    """Hire somebody."""
    from jarvis.entrypoints.cli.commands import staff_add as command

    settings_from_demo()
    run(command(name, role, branch, all_branches, language, console))


@staff_app.command("branch")
def staff_branch(
    code: Annotated[str, typer.Argument(help="Latin letters and hyphens, e.g. gori.")],
    ru: Annotated[str, typer.Option(help="The name in Russian.")],
    en: Annotated[str, typer.Option(help="The name in English.")],
    ka: Annotated[str, typer.Option(help="The name in Georgian.")],
    rents: Annotated[
        bool, typer.Option("--rents/--no-rents", help="Whether cars are given out there.")
    ] = True,
) -> None:
    """Open a branch; its forum is made by `jarvis telegram setup --create`, or by hand."""
    from jarvis.entrypoints.cli.commands import staff_branch as command

    settings_from_demo()
    run(command(code, {"ru": ru, "en": en, "ka": ka}, rents, console))


@staff_app.command("bind")
def staff_bind(
    name: str, telegram_id: Annotated[int, typer.Option(help="Telegram user id.")]
) -> None:
    """Bind a Telegram id at once: the way for the first administrator."""
    from jarvis.entrypoints.cli.commands import staff_bind as command

    settings_from_demo()
    run(command(name, telegram_id, console))


@staff_app.command("invite")
def staff_invite(
    name: str,
    bot_name: Annotated[
        str, typer.Option("--bot", help="The bot's username, when no bot has logged in yet.")
    ] = "",
) -> None:
    """Print a one-time link; an administrator confirms the person who presses it."""
    from jarvis.entrypoints.cli.commands import staff_invite as command

    settings_from_demo()
    run(command(name, bot_name, console))


@staff_app.command("change")
def staff_change(
    name: str,
    role: Annotated[
        str | None, typer.Option(help="employee, branch_head, department_head, director, sales, …")
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(help="Code of a branch, e.g. batumi; instead of all before."),
    ] = None,
) -> None:
    """Give somebody another role or branch; the chats follow."""
    from jarvis.entrypoints.cli.commands import staff_change as command

    settings_from_demo()
    run(command(name, role, branch, console))


@staff_app.command("dismiss")
def staff_dismiss(name: str) -> None:
    """End somebody's rights, conversations, pending requests and membership of the chats."""
    from jarvis.entrypoints.cli.commands import staff_dismiss as command

    settings_from_demo()
    run(command(name, console))


@staff_app.command("list")
def staff_list(json_: Json = False) -> None:
    """Everybody, with role, branch and bindings."""
    from jarvis.entrypoints.cli.commands import staff_list as command

    settings_from_demo()
    run(command(json_, console))
