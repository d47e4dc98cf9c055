"""Suites graded on what stands afterwards: RentProg's ledger and bookings, the card in the chat,
changes of our own records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, Field
from pydantic_ai.models import Model
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Evaluator, EvaluatorContext

from evals.suites import Score, Setting, say
from jarvis.app.role import roles
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.integrations.telegram.sandbox import TelegramWorld
from jarvis.kit.errors import NotFound
from jarvis.kit.ids import sha256_hex
from jarvis.kit.world import World
from jarvis.testing.app import RunningApp, running_app

SIDE_BY_SIDE = 2


class ActingCase(BaseModel):
    """One line of a `cases.yaml`; its fields are explained at the top of that file."""

    name: str
    who: str = "Лаша"
    say: list[str]
    card: bool | None = None
    world: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    press: list[str] = Field(default_factory=list[str])
    ledger: list[str]
    end: dict[int, dict[str, Any]] = Field(default_factory=dict[int, dict[str, Any]])
    says: list[str] = Field(default_factory=list[str])
    done: list[str] | None = None
    forms: list[str] | None = None


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What was seen: a waiting card, RentProg's ledger, the asked fields of its bookings,
    everything Jarvis said; `done`: kinds of the approved changes that were carried out; `forms`:
    templates of the forms that are open; `missing`: the button that was to be pressed and was not
    there."""

    card: bool = False
    ledger: list[str] = field(default_factory=list[str])
    end: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    said: str = ""
    done: list[str] = field(default_factory=list[str])
    forms: list[str] = field(default_factory=list[str])
    missing: str = ""


@dataclass
class EndState(Evaluator[ActingCase, Outcome, Any]):
    """Card, ledger and fields exactly; words that code writes must be there."""

    def evaluate(self, ctx: EvaluatorContext[ActingCase, Outcome, Any]) -> Mapping[str, bool]:
        wanted, seen = ctx.inputs, ctx.output
        return {
            "pressed": not seen.missing,
            "card": wanted.card is None or wanted.card == seen.card,
            "ledger": wanted.ledger == seen.ledger,
            "end": wanted.end == seen.end,
            "says": all(word in seen.said for word in wanted.says),
            "done": wanted.done is None or wanted.done == seen.done,
            "forms": wanted.forms is None or wanted.forms == seen.forms,
        }


def dataset(name: str, only: Sequence[str] = ()) -> Dataset[ActingCase, Outcome, Any]:
    """The cases of `evals/<name>/cases.yaml`; only some when they are named."""
    rows = yaml.safe_load(files(f"evals.{name}").joinpath("cases.yaml").read_text(encoding="utf-8"))
    cases = [
        Case[ActingCase, Outcome, Any](name=row["name"], inputs=ActingCase.model_validate(row))
        for row in rows
        if not only or row["name"] in only
    ]
    return Dataset[ActingCase, Outcome, Any](name=name, cases=cases, evaluators=[EndState()])


async def play(app: RunningApp, case: ActingCase) -> Outcome:
    """One case in a house of its own."""
    who = _person(app, case.who)
    for text in case.say:
        app.telegram.send(who, "dm", text)
        await app.quiet()
    outcome = Outcome(
        card=await app.core.db.fetchval(
            "SELECT EXISTS (SELECT FROM approval WHERE state = 'waiting')"
        )
    )
    for change in case.world:
        await app.rentprog.change(change["change"], change["args"])
        await app.quiet()
    for press in case.press:
        name, _, label = press.partition(": ")
        try:
            await _press(app, _person(app, name), label)
        # what was to be pressed is not there: a wrong answer, no fault of the suite
        except NotFound as error:
            outcome.missing = str(error)
            break
    outcome.ledger = [str(entry["kind"]) for entry in app.rentprog.ledger.entries()]
    outcome.end = {
        number: {key: app.rentprog.data.bookings[number].get(key) for key in fields}
        for number, fields in case.end.items()
    }
    rows = await app.core.db.fetch(
        "SELECT e.kind FROM approval_item i JOIN effect e ON e.id = i.effect_id WHERE e.state = "
        "'done' ORDER BY e.seq"
    )
    outcome.done = [row["kind"] for row in rows]
    outcome.forms = [
        r["template"]
        for r in await app.core.db.fetch(
            "SELECT template FROM form WHERE state = 'open' ORDER BY template"
        )
    ]
    outcome.said = "\n".join(m["text"] for m in app.seen(who))
    return outcome


async def _press(app: RunningApp, person: str, label: str) -> None:
    """The first button whose label begins so, of this person's newest message that has buttons."""
    message = next((m for m in reversed(app.seen(person)) if m["buttons"]), None)
    if message is None:
        raise NotFound(f"{person} sees no button")
    labels = [button for row in message["buttons"] for button in row]
    index = next((n for n, text in enumerate(labels) if text.startswith(label)), None)
    if index is None:
        raise NotFound(f"no button {label!r} among {labels}")
    await app.press(person, message, index)


def _person(app: RunningApp, first: str) -> str:
    return next(
        name
        for name in (user.name for user in app.telegram.state.users.values())
        if name.split()[0] == first
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActingSuite:
    """The cases of `evals/<name>/cases.yaml`, each in a Jarvis of its own.

    `world`: the world of its cases, without forums when absent; `floor`: the share that must be
    right.
    """

    name: str
    floor: float
    world: Callable[[], World] | None = None

    def names(self) -> Sequence[str]:
        """Of its cases."""
        return [str(case.name) for case in dataset(self.name).cases]

    async def run(self, setting: Setting) -> list[Score]:
        """Play every case and print what was wrong."""
        model = setting.model()
        replaced: dict[str, Model] = {} if model is None else dict.fromkeys(roles(), model)
        world = self.world() if self.world is not None else None

        async def task(case: ActingCase) -> Outcome:
            folder = setting.folder / sha256_hex(self.name, case.name)[:16]
            async with running_app(setting.servers, folder, models=replaced, world=world) as app:
                return await play(app, case)

        suite = dataset(self.name, setting.only)
        report = await suite.evaluate(task, progress=False, max_concurrency=SIDE_BY_SIDE)
        for failure in report.failures:
            say(f"  broke: {failure.name}: {failure.error_message}")
        wrong = [c for c in report.cases if not all(a.value for a in c.assertions.values())]
        for case in wrong:
            failed, seen = (
                ", ".join(name for name, a in case.assertions.items() if not a.value),
                case.output,
            )
            say(
                f"  wrong ({failed}): {case.name}: {case.inputs.say} -> card {seen.card}, "
                f"{seen.ledger}, {seen.end}, {seen.done}, "
                f"{seen.forms} {seen.missing}: {seen.said[-300:]!r}"
            )
        right = len(suite.cases) - len(wrong) - len(report.failures)
        broken = len(report.failures) + sum(bool(c.evaluator_failures) for c in report.cases)
        return [
            Score(
                name=self.name, right=right, asked=len(suite.cases), floor=self.floor, broken=broken
            )
        ]


def with_chats() -> World:
    """Two cars of Tbilisi in a forum, and the leaders' chat: few enough for a group's twenty
    messages a minute."""
    world = load_world()
    held, chats = world.part(RentProgWorld), world.part(TelegramWorld).forums
    cars = [c for c in held.cars if c.branch == "tbilisi"][:2]
    kept = {c.id for c in cars}
    forum = next(f for f in chats if f.branch == "tbilisi")
    forums = [
        forum.model_copy(update={"topics": forum.topics[:2]}),
        *(f for f in chats if f.purpose == "leaders"),
    ]
    return world.model_copy(
        update={
            "cars": cars,
            "bookings": [b for b in held.bookings if b.car in kept],
            "forums": forums,
        }
    )
