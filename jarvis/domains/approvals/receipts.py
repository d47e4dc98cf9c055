"""Text of approved cards: the outcome of each write, from receipts alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from uuid import UUID

from jarvis.app.write import Writes
from jarvis.domains.approvals.parts import Card, CardButton, done, undone
from jarvis.domains.approvals.payloads import Outcome, ResolveEffect, UndoItem
from jarvis.engine.approval_models import Approval, Item
from jarvis.engine.effects import FOUND_NOT_DONE
from jarvis.messaging import times
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
        lines = [f"<b>{self._reader.say('card.partial', k=made, n=len(items))}</b>"]
        card = Card(text="")
        for item in items:
            part = self._one(item, approval)
            lines.append(f"{item.ordinal}. {part.text}")
            card.buttons += part.buttons
        card.text = "\n".join(lines)
        return card

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
            text = f"❓ <b>{reader.say('card.unknown', what=what)}</b>\n{why}"
            return Card(text=text, buttons=[self._unknown_buttons(item.effect_id)])
        if item.state in ("dead", "dropped"):
            return self._failed(item, approval)
        if item.state == "shadow":
            return Card(text=f"◌ <b>{what}</b>\n{reader.say('card.shadow')}")
        return Card(text=f"⏳ <b>{what}</b>\n{reader.say('card.sent', system=system, t=sent)}")

    def _headline(self, item: Item) -> str:
        return self._writes.presenter(item.write).headline(item.write, self._reader)

    def _done(self, item: Item, approval: Approval) -> Card:
        reader, write = self._reader, item.write
        presenter = self._writes.presenter(write)
        lines = [f"✅ <b>{presenter.receipt(write, item.receipt, reader)}</b>"]
        lines += done(write, presenter, reader)
        who = ", ".join(escape(name) for _, name, _ in approval.voters) or escape(
            approval.decided_by or "—"
        )
        at = times.clock(approval.decided_at or approval.asked_at)
        if item.receipt.get("resolved"):
            lines.append(reader.say("card.done.by_person", who=who, t=at))
        else:
            took = times.clock(item.finished_at + self._offset) if item.finished_at else at
            lines.append(reader.say("card.done", who=who, t=at, system=write.source, t2=took))
        if item.undo_until is None or item.undo_until <= reader.now:
            return Card(text="\n".join(lines))
        lines.append(reader.say("card.undo_until", t=times.clock(item.undo_until)))
        button = CardButton(
            label=reader.say("b.undo"), payload=UndoItem(item_id=item.id), approvers_only=True
        )
        return Card(text="\n".join(lines), buttons=[[button]])

    def _undone(self, item: Item) -> Card:
        reader, what = self._reader, self._headline(item)
        look = reader.say("card.look", system=item.write.source)
        if item.undo_state == "done":
            back = undone(item.write, self._writes.presenter(item.write), reader)
            by = escape(item.undone_by or "—")
            return Card(text=f"↩️ <b>{reader.say('card.undone', what=what)}</b>\n{back} · {by}")
        undoing = reader.say("card.undoing", what=what)
        if item.undo_state == "sent":
            return Card(text=f"⏳ <b>{undoing}</b>")

        # an unknown undo blocks further writes to its subject until a person has checked
        if item.undo_state == "unknown":
            text = f"❓ <b>{reader.say('card.unknown', what=undoing)}</b>\n{look}"
            return Card(text=text, buttons=[self._unknown_buttons(item.undo_effect_id)])
        return Card(text=f"⛔ <b>{reader.say('card.undo_failed', what=what)}</b>\n{look}")

    def _failed(self, item: Item, approval: Approval) -> Card:
        reader, alone = self._reader, len(approval.items) == 1
        text = (
            f"⛔ <b>{reader.say('card.failed', what=self._headline(item))}</b>\n"
            f"{self._cause(item)}. {reader.say('card.failed.nothing')}"
        )
        presenter = self._writes.presenter(item.write)
        request = approval.request if alone else presenter.again(item.write, reader)
        if not request:
            return Card(text=text)
        label = reader.say("b.again") if alone else reader.say("b.again_item", n=item.ordinal)
        return Card(text=text, buttons=[[CardButton(label=label, payload=Ask(request=request))]])

    def _cause(self, item: Item) -> str:
        reader, system = self._reader, item.write.source
        if item.cause and item.cause.endswith("stale"):
            return reader.say("card.cause.stale", system=system)
        if item.cause == FOUND_NOT_DONE:
            return reader.say("card.cause.not_done", system=system)
        if item.state == "dropped":
            return reader.say("card.cause.dropped")
        return escape((item.cause or "—")[:160])

    def _unknown_buttons(self, effect_id: UUID | None) -> list[CardButton]:
        assert effect_id is not None
        return [
            CardButton(
                label=self._reader.say(f"b.{word}"),
                payload=ResolveEffect(effect_id=effect_id, outcome=outcome),
                approvers_only=True,
            )
            for word, outcome in _OUTCOMES.items()
        ]
