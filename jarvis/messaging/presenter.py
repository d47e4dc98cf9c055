"""Labels of planned writes on cards: this class, or a subclass where a domain has labels of its
own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import JsonValue

from jarvis.engine.planned import (
    CodeChange,
    FieldChange,
    MomentChange,
    MoneyChange,
    PaidWarning,
    PlannedWrite,
    WriteWarning,
)
from jarvis.kit.money import Money
from jarvis.messaging.markup import Markup, escape, html
from jarvis.messaging.view import Reader

Side = Literal["old", "new"]


class Presenter:
    """Labels of the writes of one domain.

    `quoted` are fields that contain somebody's own text; `significant` are the fields that people
    recognise a change by, the most significant first.
    """

    quoted: ClassVar[frozenset[str]] = frozenset()
    significant: ClassVar[Sequence[str]] = ("branch",)

    def action(self, write: PlannedWrite, reader: Reader) -> Markup:
        """What is done, without its subject."""
        return reader.say(f"write.{write.title}")

    def name(self, write: PlannedWrite) -> str:
        """The subject, as plain text; empty when it has no name."""
        return write.subject.name or ""

    def headline(self, write: PlannedWrite, reader: Reader) -> Markup:
        """What is done, with its subject."""
        name, action = self.name(write), self.action(write, reader)
        return html("{} · {}", action, name) if name else action

    def receipt(
        self, write: PlannedWrite, receipt: Mapping[str, JsonValue], reader: Reader
    ) -> Markup:
        """The headline after the write; `receipt` is the answer of the vendor."""
        return self.headline(write, reader)

    def subject(self, write: PlannedWrite, reader: Reader) -> Markup:
        """A line about the subject, for one among several writes."""
        return escape(self.name(write))

    def details(self, write: PlannedWrite, reader: Reader) -> Markup:
        """The same for the only write of a card: empty when the headline says all of it."""
        return Markup()

    def field(self, name: str, reader: Reader) -> Markup:
        """The label of a field."""
        return reader.say(f"card.field.{name}")

    def value(self, change: FieldChange, side: Side, reader: Reader) -> Markup:
        """The old or new value of a change."""
        if isinstance(change, MomentChange):
            moment = change.old if side == "old" else change.new
            return self._empty(reader) if moment is None else escape(reader.brief(moment))
        if isinstance(change, MoneyChange):
            minor = change.old if side == "old" else change.new
            return (
                self._empty(reader)
                if minor is None
                else escape(Money(minor, change.currency).show(reader.language, exact=True))
            )
        if isinstance(change, CodeChange):
            code = change.old if side == "old" else change.new
            return self._empty(reader) if code is None else self.code(change.type, code, reader)
        text = change.old if side == "old" else change.new
        if text is None:
            return self._empty(reader)
        return html("«{}»", text) if change.field in self.quoted else escape(text)

    def code(self, kind: str, value: str | int, reader: Reader) -> Markup:
        """The label of a value of a closed list."""
        return escape(reader.branch(str(value)) if kind == "branch" else value)

    def warning(self, warning: WriteWarning, reader: Reader) -> Markup:
        """A warning to be read before the decision."""
        if isinstance(warning, PaidWarning):
            paid = Money(warning.minor, warning.currency).show(reader.language, exact=True)
            return reader.say("card.warn.paid", x=paid)
        start = reader.brief(warning.start) if warning.start is not None else "—"
        return reader.say(f"card.warn.{warning.kind}", num=warning.number, start=start)

    def button(self, write: PlannedWrite, reader: Reader) -> str:
        """The label of the confirming button: verb and object."""
        return reader.label(f"card.do.{write.title}", **self.slots(write, reader))

    def slots(self, write: PlannedWrite, reader: Reader) -> Mapping[str, str]:
        """The values that the label contains."""
        return {}

    def new_values(self, write: PlannedWrite, reader: Reader) -> dict[str, Markup]:
        """The new value of each field, as people read it."""
        return {c.field: self.value(c, "new", reader) for c in write.changes}

    def again(self, write: PlannedWrite, reader: Reader) -> str:
        """The write as a new request in the reader's language; empty when there is none."""
        return ""

    def shown_field(self, name: str, reader: Reader) -> Markup:
        """The label of a field of `PlannedWrite.shown`."""
        return self.field(name, reader)

    def shown_value(self, name: str, value: JsonValue, reader: Reader) -> Markup | None:
        """The text of such a field's value; None when it means nothing to people."""
        if value is None:
            return self._empty(reader)
        return escape(reader.branch(str(value)) if name == "branch" else str(value))

    @staticmethod
    def _empty(reader: Reader) -> Markup:
        return reader.say("card.empty")
