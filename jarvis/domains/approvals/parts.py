"""Parts that every card is made of: its buttons, and its changes and prices line by line. The
labels of fields and values are those of the write's presenter."""

from __future__ import annotations

from dataclasses import dataclass, field

from jarvis.engine.planned import FieldChange, PlannedWrite, Price
from jarvis.messaging.callbacks import Payload
from jarvis.messaging.markup import Markup, html, joined
from jarvis.messaging.presenter import Presenter
from jarvis.messaging.view import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class CardButton:
    """A button of a card; `approvers_only` limits it to approvers."""

    label: str
    payload: Payload
    approvers_only: bool = False


@dataclass(slots=True, kw_only=True)
class Card:
    """The text of a card and its rows of buttons."""

    text: Markup
    buttons: list[list[CardButton]] = field(default_factory=list[list[CardButton]])


def changed(write: PlannedWrite, presenter: Presenter, reader: Reader) -> list[Markup]:
    """The lines of a planned write: the old and new value of each field, and the price."""
    return [_change(change, presenter, reader) for change in write.changes] + priced(write, reader)


def _change(change: FieldChange, presenter: Presenter, reader: Reader) -> Markup:
    return reader.say(
        "card.new" if change.old is None else "card.change",
        field=presenter.field(change.field, reader),
        old=presenter.value(change, "old", reader),
        new=presenter.value(change, "new", reader),
    )


def done(write: PlannedWrite, presenter: Presenter, reader: Reader) -> list[Markup]:
    """The lines of a completed write."""
    rows: list[Markup] = []
    for change in write.changes:
        name, new = presenter.field(change.field, reader), presenter.value(change, "new", reader)
        if change.old is None:
            rows.append(html("{}: {}", name, new))
        else:
            rows.append(html("{}: {} → {}", name, presenter.value(change, "old", reader), new))
    return rows + priced(write, reader)


def undone(write: PlannedWrite, presenter: Presenter, reader: Reader) -> Markup:
    """The lines of an undone write: the value that each field has again."""
    again = [
        html("{}: {}", presenter.field(c.field, reader), presenter.value(c, "old", reader))
        for c in write.changes
        if c.old is not None
    ]
    return joined("; ", again)


def priced(write: PlannedWrite, reader: Reader) -> list[Markup]:
    """The line of the price, if the write has one."""
    return [] if write.price is None else [_price(write.price, reader)]


def _price(price: Price, reader: Reader) -> Markup:
    def exact(minor: int) -> str:
        return reader.money(price.money(minor), exact=True)

    reasons: list[Markup] = []
    if price.days is not None and price.rate is not None:
        rate = reader.money(price.money(price.rate))
        reasons.append(html("{} {} × {}", price.days, reader.say("unit.days"), rate))
    if price.basis == "booking":
        reasons.append(reader.say("card.own_price"))
    if price.old is None:
        return reader.say("card.price.new", new=exact(price.new), formula=joined("; ", reasons))
    delta = ("+" if price.delta >= 0 else "") + exact(price.delta)
    formula = joined("", [html("; {}", reason) for reason in reasons])
    return reader.say(
        "card.price", old=exact(price.old), new=exact(price.new), delta=delta, formula=formula
    )
