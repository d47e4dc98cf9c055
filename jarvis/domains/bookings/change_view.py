"""Labels of changes of bookings and cars on cards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from jarvis.domains.bookings.cards import CREATE
from jarvis.domains.fleet.naming import show_plate
from jarvis.engine.planned import CodeChange, MomentChange, PlannedWrite, TextChange
from jarvis.kit.clock import local
from jarvis.kit.money import Money
from jarvis.messaging.catalogue import known
from jarvis.messaging.markup import Markup, escape, html, joined
from jarvis.messaging.presenter import Presenter
from jarvis.messaging.view import Reader

# the card's names of fields, by column
_NAMES = {"start_at": "start", "end_at": "end", "car_id": "car", "description": "note"}
_SILENT = ("car_id", "description", "bookings")  # ids, long texts and counts mean nothing to people


class BookingPresenter(Presenter):
    """Labels of bookings and cars."""

    quoted = frozenset({"note"})
    significant = (
        "end_at",
        "start_at",
        "car_id",
        "branch",
        "state",
        "status",
        "place_start",
        "place_end",
        "description",
    )

    def name(self, write: PlannedWrite) -> str:
        subject = write.subject
        if subject.number is None:
            return subject.car or ""
        return f"№{subject.number} · {subject.car}"

    def receipt(
        self, write: PlannedWrite, receipt: Mapping[str, JsonValue], reader: Reader
    ) -> Markup:
        """The headline after the write; only then a new booking has its number."""
        number = receipt.get("number")
        if write.title != CREATE or number is None:
            return self.headline(write, reader)
        return html("{} · №{} · {}", self.action(write, reader), number, write.subject.car)

    def subject(self, write: PlannedWrite, reader: Reader) -> Markup:
        """Number, car, plate and client."""
        about = write.subject
        car = html("{} · <code>{}</code>", about.car or "—", show_plate(about.plate))
        parts: list[str] = (
            [html("🚗 {}", car)] if about.number is None else [f"📅 №{about.number}", car]
        )
        if about.client_first or about.client_last:
            initial = f" {about.client_last[0]}." if about.client_last else ""
            parts.append(f"{about.client_first or ''}{initial}".strip())
        return joined(" · ", parts)

    def details(self, write: PlannedWrite, reader: Reader) -> Markup:
        return self.subject(write, reader)

    def code(self, kind: str, value: str | int, reader: Reader) -> Markup:
        return (
            reader.say(f"state.{value}") if kind == "state" else super().code(kind, value, reader)
        )

    def slots(self, write: PlannedWrite, reader: Reader) -> Mapping[str, str]:
        new = self.new_values(write, reader)
        return {
            "num": str(write.subject.number or ""),
            "car": write.subject.car or "",
            **{name: new.get(name, Markup()).unescape() for name in ("end", "branch", "state")},
        }

    def again(self, write: PlannedWrite, reader: Reader) -> str:
        subject = write.subject
        slots: dict[str, object] = {
            "num": subject.number,
            "car": subject.car,
            "plate": show_plate(subject.plate),
        }
        key = f"again.{write.title}"
        for change in write.changes:
            if isinstance(change, MomentChange) and change.field == "end":
                slots["end"] = local(change.new).strftime("%d.%m.%Y %H:%M")
            elif isinstance(change, CodeChange) and change.field == "branch":
                slots["branch"] = reader.branch(str(change.new))
            elif isinstance(change, TextChange) and change.field == "note":
                slots["note"] = change.new
            elif isinstance(change, TextChange) and change.field == "car":
                slots["other"] = change.new
                key = "again.change.car"
        return reader.label(key, **slots) if known(key) else ""

    def shown_field(self, name: str, reader: Reader) -> Markup:
        return self.field(_NAMES.get(name, name), reader)

    def shown_value(self, name: str, value: JsonValue, reader: Reader) -> Markup | None:
        if name in _SILENT:
            return None
        if value is None or name == "branch":
            return super().shown_value(name, value, reader)
        if name in ("start_at", "end_at"):
            return escape(reader.brief(datetime.fromisoformat(str(value))))
        if name == "total":
            return escape(Money(int(str(value)), "GEL").show(reader.language, exact=True))
        if name == "state":
            return reader.say(f"state.{value}")
        if name == "status" and known(f"status.{value}"):
            return reader.say(f"status.{value}")
        return escape(str(value))
