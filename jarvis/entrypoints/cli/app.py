"""`jarvis`: processes, the demo, and what an operator needs. Every command explains itself with
--help."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from jarvis.entrypoints.cli.base import Discard, Json, Limit, console, run, settings_from_demo
from jarvis.entrypoints.cli.work_app import deliveries_app, drain, subscriptions_app
from jarvis.kit.errors import JarvisError

app = typer.Typer(
    no_args_is_help=True,
    help="Jarvis, the operations assistant of a car-rental company.",
    pretty_exceptions_enable=False,
)
staff_app = typer.Typer(
    no_args_is_help=True,
    help="People and branches: add, bind, invite, change, dismiss, list, branch.",
)
events_app = typer.Typer(no_args_is_help=True, help="The journal: list, show, replay.")
effects_app = typer.Typer(no_args_is_help=True, help="Effects: list, retry, resolve.")
audit_app = typer.Typer(no_args_is_help=True, help="The audit: verify, show, begin.")
switch_app = typer.Typer(no_args_is_help=True, help="Read-only, off, shadow: list, set, report.")
interactions_app = typer.Typer(no_args_is_help=True, help="Cards and buttons that wait: list.")
telegram_app = typer.Typer(no_args_is_help=True, help="The company's chats: setup.")
app.add_typer(telegram_app, name="telegram")
app.add_typer(staff_app, name="staff")
app.add_typer(events_app, name="events")
app.add_typer(subscriptions_app, name="subscriptions")
app.add_typer(deliveries_app, name="deliveries")
app.command()(drain)
app.add_typer(effects_app, name="effects")
app.add_typer(audit_app, name="audit")
app.add_typer(switch_app, name="switch")
app.add_typer(interactions_app, name="interactions")


@app.command()
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


@app.command()
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


@app.command()
def web(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Webhooks of vendors, signed links to files, health."""
    from jarvis.entrypoints.web import run as start

    start(host, port)


@app.command()
def bot() -> None:
    """The connection to Telegram; a second one stands by."""
    from jarvis.entrypoints.bot import run as start

    start()


@app.command()
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


@app.command()
def jobs() -> None:
    """Long and scheduled work alone; ends when Redis restarts, so let a supervisor start it
    again."""
    from jarvis.entrypoints.jobs import run as start

    start()


@app.command()
def scheduler() -> None:
    """Slots and timers; any number of schedulers may run."""
    from jarvis.entrypoints.scheduler import run as start

    start()


@app.command()
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


@effects_app.command("retry")
def effects_retry(effect_id: str) -> None:
    """Put a dead effect back into its queue under its old key."""
    from jarvis.entrypoints.cli.commands import effects_retry as command

    settings_from_demo()
    run(command(effect_id, console))


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
