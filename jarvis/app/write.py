"""The interface by which a noun offers changes: planning, present values, execution and
presentation on a card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from pydantic import JsonValue

from jarvis.engine.db import Reader
from jarvis.engine.effects import EffectHandler, EffectKind
from jarvis.engine.planned import PlannedWrite
from jarvis.kit.errors import NotFound
from jarvis.messaging.presenter import Presenter

OWN_SYSTEM = "jarvis"  # the system of kinds that are executed in our own database


class Write:
    """Changes of one noun. A subclass plans them with methods of its own that return
    `PlannedWrite`.

    `kinds` are the effects that its plans request; `handlers` execute those of our own database.
    """

    kinds: ClassVar[Sequence[EffectKind]]
    presenter: ClassVar[Presenter] = Presenter()

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        """Handlers by the name of the kind; none for kinds of outside systems."""
        return {}

    async def versions(
        self, reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
    ) -> Mapping[str, JsonValue]:
        """Fields of a subject as they are now, in the spelling of `PlannedWrite.shown`; nothing
        when it is gone."""
        return {}

    async def read_again(self, kind: str, subject_id: UUID) -> None:
        """Refresh a subject from its source before a decision is accepted. If the source does not
        answer, nothing changes."""

    async def read_back(
        self, write: PlannedWrite, receipt: Mapping[str, JsonValue], *, undone: bool
    ) -> None:
        """Update our copy from the source after a write or its undo."""


class Writes:
    """Every write of the product, found by the kind of its effect."""

    def __init__(self, writes: Iterable[Write]) -> None:
        """
        Raises:
            ValueError: two writes have one kind, or the handlers of one do not match its kinds of
                our own database.
        """
        self._owners: dict[str, Write] = {}
        self._kinds: dict[str, EffectKind] = {}
        self._handlers: dict[str, EffectHandler] = {}
        for write in writes:
            for kind in write.kinds:
                if kind.name in self._owners:
                    raise ValueError(f"{kind.name} has two owners")
                self._owners[kind.name], self._kinds[kind.name] = write, kind
            own = {kind.name for kind in write.kinds if kind.system == OWN_SYSTEM}
            if own != set(write.handlers):
                raise ValueError(f"{type(write).__name__} carries out other kinds than its own")
            self._handlers.update(write.handlers)

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        """The handlers of every kind that is executed in our own database."""
        return self._handlers

    def of(self, write: PlannedWrite) -> Write:
        """The write that a kind belongs to.

        Raises:
            NotFound: no write has this kind of effect any more.
        """
        self.kind(write.kind)
        return self._owners[write.kind]

    def kind(self, name: str) -> EffectKind:
        """A kind of effect by its name.

        Raises:
            NotFound: no write has it any more.
        """
        if name not in self._kinds:
            raise NotFound(f"no write asks for {name}")
        return self._kinds[name]

    def presenter(self, write: PlannedWrite) -> Presenter:
        """The presenter of its card."""
        return self.of(write).presenter

    async def versions(self, reader: Reader, write: PlannedWrite) -> Mapping[str, JsonValue]:
        """The fields of `write.shown` as they are now."""
        subject = write.subject
        return await self.of(write).versions(reader, subject.kind, subject.id, sorted(write.shown))
