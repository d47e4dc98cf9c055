"""Text of approved cards: the outcome of each write, from receipts alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from jarvis.app.write import Writes
from jarvis.domains.approvals.parts import Card, CardButton, done, undone
from jarvis.domains.approvals.payloads import Outcome, ResolveEffect, UndoItem
from jarvis.engine.approval_models import Approval, Item
from jarvis.engine.effects import FOUND_NOT_DONE
from jarvis.messaging import times
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Reader

_OUTCOMES: Mapping[str, Outcome] = {"done": "done", "not_done": "not_done", "again_send": "again"}


class Receipts:
    """Renders the outcome of writes. `offset`: business time minus real time, for timestamps in
    real time."""

    def __init__(self, writes: Writes, reader: Reader, offset: timedelta) -> None:
        self._writes = writes
        self._reader = reader
        self._offset = offset

    def card(self, approval: Approval) -> Card:
        """Render every write of an approved card."""
        items = approval.items
        if len(items) == 1:
            return self._one(items[0], approval)
        made = sum(1 for item in items if item.state == "done")
        head = html("<b>{}</b>", self._reader.say("card.partial", k=made, n=len(items)))
        parts = [(item.ordinal, self._one(item, approval)) for item in items]
        rows = [html("{}. {}", ordinal, part.text) for ordinal, part in parts]
        return Card(
            text=lines([head, *rows]), buttons=[row for _, part in parts for row in part.buttons]
        )

    def _one(self, item: Item, approval: Approval) -> Card:
        reader = self._reader
        if item.undo_state is not None:
            return self._undone(item)
        if item.state == "done":
            return self._done(item, approval)
        what, system = self._headline(item), item.write.source
        sent = times.clock((item.sent_at or approval.asked_at - self._offset) + self._offset)
        if item.state == "unknown":
            why = reader.say("card.unknown.why", system=system, t=sent)
            text = html("❓ <b>{}</b>\n{}", reader.say("card.unknown", what=what), why)
            return Card(text=text, buttons=[self._unknown_buttons(item.effect_id)])
        if item.state in ("dead", "dropped"):
            return self._failed(item, approval)
        if item.state == "shadow":
            return Card(text=html("◌ <b>{}</b>\n{}", what, reader.say("card.shadow")))
        waits = reader.say("card.sent", system=system, t=sent)
        return Card(text=html("⏳ <b>{}</b>\n{}", what, waits))

    def _headline(self, item: Item) -> Markup:
        return self._writes.presenter(item.write).headline(item.write, self._reader)

    def _done(self, item: Item, approval: Approval) -> Card:
        reader, write = self._reader, item.write
        presenter = self._writes.presenter(write)
        rows = [html("✅ <b>{}</b>", presenter.receipt(write, item.receipt, reader))]
        rows += done(write, presenter, reader)
        who = ", ".join(name for _, name, _ in approval.voters) or approval.decided_by or "—"
        at = times.clock(approval.decided_at or approval.asked_at)
        if item.receipt.get("resolved"):
            rows.append(reader.say("card.done.by_person", who=who, t=at))
        else:
            took = times.clock(item.finished_at + self._offset) if item.finished_at else at
            rows.append(reader.say("card.done", who=who, t=at, system=write.source, t2=took))
        if item.undo_until is None or item.undo_until <= reader.now:
            return Card(text=lines(rows))
        rows.append(reader.say("card.undo_until", t=times.clock(item.undo_until)))
        button = CardButton(
            label=reader.label("b.undo"), payload=UndoItem(item_id=item.id), approvers_only=True
        )
        return Card(text=lines(rows), buttons=[[button]])

    def _undone(self, item: Item) -> Card:
        reader, what = self._reader, self._headline(item)
        look = reader.say("card.look", system=item.write.source)
        if item.undo_state == "done":
            back = undone(item.write, self._writes.presenter(item.write), reader)
            head, by = reader.say("card.undone", what=what), item.undone_by or "—"
            return Card(text=html("↩️ <b>{}</b>\n{} · {}", head, back, by))
        undoing = reader.say("card.undoing", what=what)
        if item.undo_state == "sent":
            return Card(text=html("⏳ <b>{}</b>", undoing))

        # an unknown undo blocks further writes to its subject until a person has checked
        if item.undo_state == "unknown":
            text = html("❓ <b>{}</b>\n{}", reader.say("card.unknown", what=undoing), look)
            return Card(text=text, buttons=[self._unknown_buttons(item.undo_effect_id)])
        failed = reader.say("card.undo_failed", what=what)
        return Card(text=html("⛔ <b>{}</b>\n{}", failed, look))

    def _failed(self, item: Item, approval: Approval) -> Card:
        reader, alone = self._reader, len(approval.items) == 1
        text = html(
            "⛔ <b>{}</b>\n{}. {}",
            reader.say("card.failed", what=self._headline(item)),
            self._cause(item),
            reader.say("card.failed.nothing"),
        )
        presenter = self._writes.presenter(item.write)
        request = approval.request if alone else presenter.again(item.write, reader)
        if not request:
            return Card(text=text)
        label = reader.label("b.again") if alone else reader.label("b.again_item", n=item.ordinal)
        return Card(text=text, buttons=[[CardButton(label=label, payload=Ask(request=request))]])

    def _cause(self, item: Item) -> str:
        reader, system = self._reader, item.write.source
        if item.cause and item.cause.endswith("stale"):
            return reader.say("card.cause.stale", system=system)
        if item.cause == FOUND_NOT_DONE:
            return reader.say("card.cause.not_done", system=system)
        if item.state == "dropped":
            return reader.say("card.cause.dropped")
        return (item.cause or "—")[:160]

    def _unknown_buttons(self, effect_id: UUID | None) -> list[CardButton]:
        assert effect_id is not None
        return [
            CardButton(
                label=self._reader.label(f"b.{word}"),
                payload=ResolveEffect(effect_id=effect_id, outcome=outcome),
                approvers_only=True,
            )
            for word, outcome in _OUTCOMES.items()
        ]
