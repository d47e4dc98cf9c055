"""Clients and everything that is said to a person: help, questions, refusals, pages of rules."""

from __future__ import annotations

from html import escape

from jarvis.domains.bookings.service import Booking
from jarvis.messaging.catalogue import keys, vendor_word
from jarvis.messaging.view import Button, Reader, Rendered, short, source
from tools import facts as f


def client_short(booking: Booking) -> str:
    """First name and initial: all that a group may see."""
    initial = f" {booking.client_last[0]}." if booking.client_last else ""
    return escape(f"{booking.client_first or '—'}{initial}")


def number_of(booking: Booking, reader: Reader) -> str:
    """`№1234`, `#1234`."""
    return f"{'#' if reader.language == 'en' else '№'}{booking.shown}"


def client_card(fact: f.ClientFact, reader: Reader) -> Rendered:
    name = fact.client.full_name if fact.full_name else fact.client.short_name
    lines = [f"👤 <b>{escape(name)}</b>"]
    if fact.client.category:
        lines.append(
            reader.say(
                "client.category", x=escape(vendor_word(fact.client.category, reader.language))
            )
        )
    phone = f"<code>{fact.phone}</code>" if fact.phone else None
    lines.append(reader.say("client.phone", x=phone) if phone else reader.say("client.phone.none"))
    lines.append(reader.say("client.bookings", n=len(fact.bookings)))
    for booking in fact.bookings[:3]:
        row = (
            f"{number_of(booking, reader)} · {escape(booking.car_label or '—')}: "
            f"{reader.span(booking.start, booking.end)}"
        )
        lines.append(f"• {row} · {reader.say(f'status.{booking.status}')}")
    return Rendered(text="\n".join([*lines, source(fact.fresh, reader)]))


def knowledge(fact: f.KnowledgeFact, reader: Reader) -> Rendered:
    if not fact.sections:
        return Rendered(text=reader.say("knowledge.none"))
    parts = [
        f"<b>{escape(s.heading)}</b>\n{escape(s.text)}\n<i>{escape(s.title)}</i>"
        for s in fact.sections[:1]
    ]
    return Rendered(text="\n\n".join(parts))


def help_page(fact: f.HelpFact, reader: Reader) -> Rendered:
    where = (
        reader.branch(reader.actor.home_branch)
        if reader.actor.home_branch
        else reader.say("company")
    )
    text = reader.say("help", role=reader.say(f"role.{reader.actor.role.value}"), branch=where)
    return Rendered(text=text, buttons=suggestions(fact.examples[:6], reader))


def suggestions(examples: tuple[str, ...], reader: Reader) -> list[list[Button]]:
    """Example requests as buttons, one a row."""
    labels = [reader.say(f"ask.{name}") for name in examples]
    return [[Button(label=label, request=label)] for label in labels]


def choice(fact: f.ChoiceFact, reader: Reader) -> Rendered:
    lines = [reader.say(f"choice.{fact.kind}", said=escape(fact.said), n=len(fact.options))]
    buttons: list[list[Button]] = []
    for number, option in enumerate(fact.options, 1):
        plate, branch, state = option.detail.split("|")
        tail = f" · <code>{escape(plate)}</code>" if plate else ""
        tail += f" · {reader.branch(branch)}" if branch else ""
        tail += f" · {reader.say(f'state.{state}')}" if state and f"state.{state}" in keys() else ""
        lines.append(f"{number}. {escape(option.label)}{tail}")
        label = f"{option.label} · {reader.branch(branch)}" if branch else option.label
        buttons.append([Button(label=short(label), request=option.request)])
    return Rendered(text="\n".join(lines), buttons=buttons)


def missing(fact: f.MissingFact, reader: Reader) -> Rendered:
    lines = [reader.say(f"missing.{fact.kind}", said=escape(fact.said))]
    if fact.near:
        lines.append(reader.say("missing.near"))
    if reader.doubtful(fact.fresh):
        lines.append(f"\n{source(fact.fresh, reader)}")
    buttons = [[Button(label=short(o.label), request=o.request)] for o in fact.near]
    return Rendered(text=" ".join(lines), buttons=buttons)


def refusal(fact: f.RefusalFact, reader: Reader) -> Rendered:
    who = escape(", ".join(fact.ask) or "—")
    if fact.branch is not None:
        return Rendered(
            text=reader.say("refusal.branch", branch=reader.branch(fact.branch), who=who)
        )
    key = f"tool.{fact.tool}" if f"tool.{fact.tool}" in keys() else "tool.other"
    return Rendered(text=reader.say("refusal.role", what=reader.say(key), who=who))
