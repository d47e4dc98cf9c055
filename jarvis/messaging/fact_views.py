"""Views of facts that any feature may show: help, choices, what is missing or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from jarvis.engine.switches import Switch
from jarvis.messaging.catalogue import keys
from jarvis.messaging.facts import (
    ChoiceFact,
    HelpFact,
    MissingFact,
    ProblemFact,
    RefusalFact,
    SwitchedOffFact,
)
from jarvis.messaging.markup import Markup, html, joined, lines
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button, Reader, Rendered, short, shows, source


@shows(HelpFact)
def help_page(fact: HelpFact, reader: Reader) -> Rendered:
    where = (
        reader.branch(reader.actor.home_branch)
        if reader.actor.home_branch
        else reader.label("company")
    )
    text = reader.say("help", role=reader.say(f"role.{reader.actor.role.value}"), branch=where)
    return Rendered(text=text, buttons=suggestions(fact.examples[:6], reader))


def suggestions(examples: Sequence[Mapping[str, str]], reader: Reader) -> list[list[Button]]:
    """Example requests, given by language, as buttons, one a row."""
    labels = [example[reader.language] for example in examples]
    return [[Button(label=label, payload=Ask(request=label))] for label in labels]


@shows(ChoiceFact)
def choice(fact: ChoiceFact, reader: Reader) -> Rendered:
    rows = [reader.say(f"choice.{fact.kind}", said=fact.said, n=len(fact.options))]
    buttons: list[list[Button]] = []
    for number, option in enumerate(fact.options, 1):
        code, state = option.plate or option.phone, f"state.{option.state}"
        where = f" · {reader.branch(option.branch)}" if option.branch else ""
        shown = html(" · <code>{}</code>", code) if code else Markup()
        tail = html(" · {}", reader.say(state)) if state in keys() else Markup()
        rows.append(html("{}. {}{}{}{}", number, option.label, shown, where, tail))
        label = short(f"{option.label}{where}")
        buttons.append([Button(label=label, payload=Ask(request=option.request))])
    return Rendered(text=lines(rows), buttons=buttons)


@shows(MissingFact)
def missing(fact: MissingFact, reader: Reader) -> Rendered:
    parts = [reader.say(f"missing.{fact.kind}", said=fact.said)]
    if fact.near:
        parts.append(reader.say("missing.near"))
    if reader.doubtful(fact.fresh):
        parts.append(html("\n{}", source(fact.fresh, reader)))
    buttons = [[Button(label=short(o.label), payload=Ask(request=o.request))] for o in fact.near]
    return Rendered(text=joined(" ", parts), buttons=buttons)


@shows(RefusalFact)
def refusal(fact: RefusalFact, reader: Reader) -> Rendered:
    who = ", ".join(fact.ask) or "—"
    if fact.branch is not None:
        return Rendered(
            text=reader.say("refusal.branch", branch=reader.branch(fact.branch), who=who)
        )
    key = f"tool.{fact.tool}" if f"tool.{fact.tool}" in keys() else "tool.other"
    return Rendered(text=reader.say("refusal.role", what=reader.say(key), who=who))


@shows(ProblemFact)
def problem(fact: ProblemFact, reader: Reader) -> Rendered:
    """A change that cannot be planned, and why, in one sentence."""
    shown = {
        name: reader.brief(v)
        if isinstance(v, datetime)
        else reader.say(f"status.{v}")
        if name == "status"
        else str(v)
        for name, v in fact.values.items()
    }
    why = reader.say(f"cannot.{fact.reason}", **shown)
    return Rendered(text=html("⛔ {} {}", why, reader.say("card.failed.nothing")))


@shows(SwitchedOffFact)
def switched_off(fact: SwitchedOffFact, reader: Reader) -> Rendered:
    """What is switched off, and by whom."""
    return Rendered(text=html("⛔ {}", stopped(fact.switch, reader)))


def stopped(switch: Switch, reader: Reader) -> Markup:
    """A switch in words: what is off, by whom, since when."""
    what = reader.say("switch.read_only" if switch.mode == "read_only" else "switch.off")
    named = reader.branch(switch.name) if switch.scope == "branch" else switch.name
    scope = "" if switch.scope == "all" else f" ({named})"
    who = (
        html(" {}", reader.say("switch.by", who=switch.by, t=reader.brief(switch.at)))
        if switch.by and switch.at
        else ""
    )
    return html("{}{}.{}", what, scope, who)
