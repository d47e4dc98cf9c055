"""Suites graded on what stands afterwards: the ledger of RentProg's sandbox, its bookings, the card in the chat, changes of our house.

`python -m evals.bookings [--floor 0.9] [--model openai:NAME]`; with a model every role runs on it alone, and it may cost money.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, Field
from pydantic_ai import models
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Evaluator, EvaluatorContext

from jarvis.entrypoints.embedded import Postgres, Redis, migrate, provision
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.errors import NotFound
from jarvis.kit.settings import load
from jarvis.kit.world import World, load_world

if TYPE_CHECKING:
    from tests.telegram_house import Talk

ROLES = ("router", "fleet", "bookings", "clients", "guide", "house")
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
    """What was seen: a waiting card, RentProg's ledger, the asked fields of its bookings, everything Jarvis said; `done`: kinds of the
    approved changes that were carried out; `forms`: templates of the forms that are open."""

    card: bool = False
    ledger: list[str] = field(default_factory=list[str])
    end: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    said: str = ""
    done: list[str] = field(default_factory=list[str])
    forms: list[str] = field(default_factory=list[str])


@dataclass
class EndState(Evaluator[ActingCase, Outcome, Any]):
    """Card, ledger and fields exactly; words that code writes must be there."""

    def evaluate(self, ctx: EvaluatorContext[ActingCase, Outcome, Any]) -> Mapping[str, bool]:
        wanted, seen = ctx.inputs, ctx.output
        return {
            "card": wanted.card is None or wanted.card == seen.card, "ledger": wanted.ledger == seen.ledger,
            "end": wanted.end == seen.end, "says": all(word in seen.said for word in wanted.says),
            "done": wanted.done is None or wanted.done == seen.done, "forms": wanted.forms is None or wanted.forms == seen.forms,
        }  # fmt: skip


def dataset(package: str) -> Dataset[ActingCase, Outcome, Any]:
    """The cases of `evals/<name>/cases.yaml`."""
    rows = yaml.safe_load(files(package).joinpath("cases.yaml").read_text(encoding="utf-8"))
    cases = [Case[ActingCase, Outcome, Any](name=row["name"], inputs=ActingCase.model_validate(row)) for row in rows]
    return Dataset[ActingCase, Outcome, Any](name=package, cases=cases, evaluators=[EndState()])


async def play(talk: Talk, case: ActingCase) -> Outcome:
    """One case in a house of its own."""
    who = _person(talk, case.who)
    for text in case.say:
        talk.telegram.send(who, "dm", text)
        await talk.quiet()
    outcome = Outcome(card=await talk.core.db.fetchval("SELECT EXISTS (SELECT FROM approval WHERE state = 'waiting')"))
    for change in case.world:
        await talk.rentprog.change(change["change"], change["args"])
        await talk.quiet()
    for press in case.press:
        name, _, label = press.partition(": ")
        await _press(talk, _person(talk, name), label)
    outcome.ledger = [str(entry["kind"]) for entry in talk.rentprog.ledger.entries()]
    outcome.end = {
        number: {key: talk.rentprog.data.bookings[number].get(key) for key in fields} for number, fields in case.end.items()
    }
    rows = await talk.core.db.fetch(
        "SELECT e.kind FROM approval_item i JOIN effect e ON e.id = i.effect_id WHERE e.state = 'done' ORDER BY e.seq"
    )
    outcome.done = [row["kind"] for row in rows]
    outcome.forms = [
        r["template"] for r in await talk.core.db.fetch("SELECT template FROM form WHERE state = 'open' ORDER BY template")
    ]
    outcome.said = "\n".join(m["text"] for m in talk.seen(who))
    return outcome


async def _press(talk: Talk, person: str, label: str) -> None:
    """The first button whose label begins so, of this person's newest message that has buttons."""
    message = next((m for m in reversed(talk.seen(person)) if m["buttons"]), None)
    if message is None:
        raise NotFound(f"{person} sees no button")
    labels = [button for row in message["buttons"] for button in row]
    index = next((n for n, text in enumerate(labels) if text.startswith(label)), None)
    if index is None:
        raise NotFound(f"no button {label!r} among {labels}")
    await talk.press(person, message, index)


def _person(talk: Talk, first: str) -> str:
    return next(name for name in (user.name for user in talk.telegram.state.users.values()) if name.split()[0] == first)


async def run(package: str, *, floor: float, model: str | None) -> int:
    """Play a suite and print what was wrong; 1 when it is under the floor or anything broke."""
    from tests.conftest import Servers, reachable  # the installed package has no tests
    from tests.telegram_house import open_talk

    replaced: dict[str, Any] = {}
    if model is not None:
        os.environ["JARVIS_LLM_CHAIN"] = f'["{model}"]'
        replaced = dict.fromkeys(ROLES, build_chain(load(LlmSettings), None))
    folder = reachable(Path(tempfile.mkdtemp(prefix="jarvis-evals-")))
    postgres, redis = Postgres(folder / "pg", durable=False), Redis(folder / "redis")
    try:
        postgres.start()
        redis.start()
        owner, _ = await provision(postgres, "template_jarvis")
        await migrate(owner)
        servers = Servers(postgres, redis)

        async def task(case: ActingCase) -> Outcome:
            world = _with_chats() if package == "evals.house" else None
            async with open_talk(servers, folder / case.name, models=replaced, world=world) as talk:
                return await play(talk, case)

        suite = dataset(package)
        with models.override_allow_model_requests(model is not None):
            report = await suite.evaluate(task, progress=False, max_concurrency=SIDE_BY_SIDE)
    finally:
        redis.stop()
        postgres.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
    for failure in report.failures:
        sys.stdout.write(f"  broke: {failure.name}: {failure.error_message}\n")
    wrong = [c for c in report.cases if not all(a.value for a in c.assertions.values())]
    for case in wrong:
        failed = ", ".join(name for name, a in case.assertions.items() if not a.value)
        sys.stdout.write(f"  wrong ({failed}): {case.name}: {case.inputs.say} -> card {case.output.card}, {case.output.ledger}, "
                         f"{case.output.end}, {case.output.done}, {case.output.forms}: {case.output.said[-300:]!r}\n")  # fmt: skip
    share = 1 - (len(wrong) + len(report.failures)) / len(suite.cases)
    sys.stdout.write(f"{package}: {share:.3f} of {len(suite.cases)} cases right with {model or 'the offline model'}\n")
    return 1 if share < floor else 0


def _with_chats() -> World:
    """Two cars of Tbilisi in a forum, and the leaders' chat: few enough for a group's twenty messages a minute."""
    world = load_world()
    cars = [c for c in world.cars if c.branch == "tbilisi"][:2]
    kept = {c.id for c in cars}
    forum = next(f for f in world.forums if f.branch == "tbilisi")
    forums = [forum.model_copy(update={"topics": forum.topics[:2]}), *(f for f in world.forums if f.purpose == "leaders")]
    return world.model_copy(update={"cars": cars, "bookings": [b for b in world.bookings if b.car in kept], "forums": forums})


def main(package: str, argv: Sequence[str]) -> int:
    """The command line of a suite; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floor", type=float, default=0.0)
    parser.add_argument("--model")
    args = parser.parse_args(argv)
    return asyncio.run(run(package, floor=args.floor, model=args.model))
