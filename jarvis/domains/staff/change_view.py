"""Labels of changes of staff and branches on cards."""

from __future__ import annotations

from collections.abc import Mapping

from jarvis.engine.planned import PlannedWrite
from jarvis.messaging.markup import Markup
from jarvis.messaging.presenter import Presenter
from jarvis.messaging.view import Reader


class StaffPresenter(Presenter):
    """Labels of employees and branches."""

    def code(self, kind: str, value: str | int, reader: Reader) -> Markup:
        return reader.say(f"role.{value}") if kind == "role" else super().code(kind, value, reader)

    def slots(self, write: PlannedWrite, reader: Reader) -> Mapping[str, str]:
        new = self.new_values(write, reader)
        return {name: new.get(name, Markup()).unescape() for name in ("role", "branch")}
