"""`jarvis`: processes, the demo, and what an operator needs. Every command explains itself with
--help."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from jarvis.entrypoints.cli.acting_app import audit_app, interactions_app, switch_app
from jarvis.entrypoints.cli.base import Json, console, run, settings_from_demo
from jarvis.entrypoints.cli.demo_app import chaos, demo
from jarvis.entrypoints.cli.events_app import effects_app, events_app
from jarvis.entrypoints.cli.processes_app import bot, jobs, migrate, scheduler, web, worker
from jarvis.entrypoints.cli.staff_app import staff_app
from jarvis.entrypoints.cli.work_app import deliveries_app, drain, subscriptions_app
from jarvis.kit.errors import JarvisError

app = typer.Typer(
    no_args_is_help=True,
    help="Jarvis, the operations assistant of a car-rental company.",
    pretty_exceptions_enable=False,
)
telegram_app = typer.Typer(no_args_is_help=True, help="The company's chats: setup.")
app.add_typer(telegram_app, name="telegram")
app.add_typer(staff_app, name="staff")
app.add_typer(events_app, name="events")
app.add_typer(subscriptions_app, name="subscriptions")
app.add_typer(deliveries_app, name="deliveries")
app.add_typer(effects_app, name="effects")
app.add_typer(audit_app, name="audit")
app.add_typer(switch_app, name="switch")
app.add_typer(interactions_app, name="interactions")
for command in (drain, demo, chaos, web, bot, worker, jobs, scheduler, migrate):
    app.command()(command)


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The request, as an employee would write it.")],
    as_: Annotated[str, typer.Option("--as", help="An employee's name.")],
    json_: Json = False,
) -> None:
    """Ask Jarvis as an employee; prints the answer and the steps taken."""
    # a library's plugin that watches every model would be imported with the first one: 0.2 s
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from jarvis.entrypoints.cli.ask import ask as command

    settings_from_demo()
    run(command(text, as_, json_, console))


@app.command()
def sync(json_: Json = False) -> None:
    """Load RentProg whole, here and now, with progress."""
    from jarvis.entrypoints.cli.commands import sync as command

    settings_from_demo()
    run(command(json_, console))


@app.command()
def doctor(json_: Json = False) -> None:
    """Check every dependency, setting and vendor; exit code 1 when something is missing."""
    from jarvis.entrypoints.cli.doctor import doctor as command

    raise typer.Exit(run(command(json_, console)))


@telegram_app.command("setup")
def telegram_setup(
    create: Annotated[
        bool,
        typer.Option(
            help="Make what is missing with the session of a person (JARVIS_TELEGRAM_USER_SESSION)."
        ),
    ] = False,
    employee: Annotated[
        str | None, typer.Option(help="The groups of this employee instead of the company's.")
    ] = None,
    json_: Json = False,
) -> None:
    """What the company's chats lack, the steps to add one, and (--create) making them."""
    settings_from_demo()
    from jarvis.entrypoints.cli import telegram

    run(telegram.setup(create, employee, json_, console))


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:  # Python keeps bytes that are no text as half surrogate pairs
        return False
    return True


def main() -> None:
    """The entry point: our own errors become one line and exit code 2."""
    for number, argument in enumerate(sys.argv[1:], 1):
        if not _is_text(argument):
            sys.stderr.write(f"jarvis: argument {number} is no text: its bytes are no UTF-8\n")
            sys.exit(2)
    try:
        app()
    except JarvisError as error:
        sys.stderr.write(f"jarvis: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
