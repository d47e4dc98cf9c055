"""Labels of planned writes on cards: this class, or a subclass where a domain has labels of its
own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
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
from jarvis.messaging.view import Reader

Side = Literal["old", "new"]


class Presenter:
    """Labels of the writes of one domain. Everything it returns is HTML but `button` and `again`.

    `quoted` are fields that contain somebody's own text; `significant` are the fields that people
    recognise a change by, the most significant first.
    """

    quoted: ClassVar[frozenset[str]] = frozenset()
    significant: ClassVar[Sequence[str]] = ("branch",)

    def action(self, write: PlannedWrite, reader: Reader) -> str:
        """What is done, without its subject."""
        return reader.say(f"write.{write.title}")

    def name(self, write: PlannedWrite) -> str:
        """The subject, as plain text; empty when it has no name."""
        return write.subject.name or ""

    def headline(self, write: PlannedWrite, reader: Reader) -> str:
        """What is done, with its subject."""
        name = self.name(write)
        return (
            f"{self.action(write, reader)} · {escape(name)}" if name else self.action(write, reader)
        )

    def receipt(self, write: PlannedWrite, receipt: Mapping[str, JsonValue], reader: Reader) -> str:
        """The headline after the write; `receipt` is the answer of the vendor."""
        return self.headline(write, reader)

    def subject(self, write: PlannedWrite, reader: Reader) -> str:
        """A line about the subject, for one among several writes."""
        return escape(self.name(write))

    def details(self, write: PlannedWrite, reader: Reader) -> str:
        """The same for the only write of a card: empty when the headline says all of it."""
        return ""

    def field(self, name: str, reader: Reader) -> str:
        """The label of a field."""
        return reader.say(f"card.field.{name}")

    def value(self, change: FieldChange, side: Side, reader: Reader) -> str:
        """The old or new value of a change."""
        if isinstance(change, MomentChange):
            moment = change.old if side == "old" else change.new
            return self._empty(reader) if moment is None else reader.brief(moment)
        if isinstance(change, MoneyChange):
            minor = change.old if side == "old" else change.new
            return (
                self._empty(reader)
                if minor is None
                else Money(minor, change.currency).show(reader.language, exact=True)
            )
        if isinstance(change, CodeChange):
            code = change.old if side == "old" else change.new
            return self._empty(reader) if code is None else self.code(change.type, code, reader)
        text = change.old if side == "old" else change.new
        if text is None:
            return self._empty(reader)
        return f"«{escape(text)}»" if change.field in self.quoted else escape(text)

    def code(self, kind: str, value: str | int, reader: Reader) -> str:
        """The label of a value of a closed list."""
        return reader.branch(str(value)) if kind == "branch" else escape(str(value))

    def warning(self, warning: WriteWarning, reader: Reader) -> str:
        """A warning to be read before the decision."""
        if isinstance(warning, PaidWarning):
            paid = Money(warning.minor, warning.currency).show(reader.language, exact=True)
            return reader.say("card.warn.paid", x=paid)
        start = reader.brief(warning.start) if warning.start is not None else "—"
        return reader.say(f"card.warn.{warning.kind}", num=warning.number, start=start)

    def button(self, write: PlannedWrite, reader: Reader) -> str:
        """The label of the confirming button: verb and object."""
        return reader.say(f"card.do.{write.title}", **self.slots(write, reader))

    def slots(self, write: PlannedWrite, reader: Reader) -> Mapping[str, str]:
        """The values that the label contains."""
        return {}

    def new_values(self, write: PlannedWrite, reader: Reader) -> dict[str, str]:
        """The new value of each field, as people read it."""
        return {c.field: self.value(c, "new", reader) for c in write.changes}

    def again(self, write: PlannedWrite, reader: Reader) -> str:
        """The write as a new request in the reader's language; empty when there is none."""
        return ""

    def shown_field(self, name: str, reader: Reader) -> str:
        """The label of a field of `PlannedWrite.shown`."""
        return self.field(name, reader)

    def shown_value(self, name: str, value: JsonValue, reader: Reader) -> str | None:
        """The text of such a field's value; None when it means nothing to people."""
        if value is None:
            return self._empty(reader)
        return reader.branch(str(value)) if name == "branch" else escape(str(value))

    @staticmethod
    def _empty(reader: Reader) -> str:
        return reader.say("card.empty")
