"""Text of approval cards, rendered by code from what is stored; names of writes and values come
from the write's presenter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from jarvis.app.write import Writes
from jarvis.domains.approvals.parts import Card, CardButton, changed
from jarvis.domains.approvals.payloads import DecideCard, OpenCard
from jarvis.domains.approvals.receipts import Receipts
from jarvis.engine.approval_models import Approval, Item, VoidReason
from jarvis.engine.approvals import DIGEST_SHOWN
from jarvis.kit.actor import Actor
from jarvis.messaging import times
from jarvis.messaging.markup import Markup, html, joined, lines
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Reader, short

QUOTE_CHARS = 200
INBOX_BUTTONS, IN_A_ROW = 24, 3


class CardView:
    """Renders cards in any state."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes

    def card(
        self, approval: Approval, reader: Reader, *, approvers: Sequence[Actor], offset: timedelta
    ) -> Card:
        """Render a card in its current state. `offset`: business time minus real time, for
        timestamps in real time."""
        if approval.state == "waiting":
            return self._waiting(approval, reader, approvers)
        if approval.state == "approved":
            return Receipts(self._writes, reader, offset).card(approval)
        return self._closed(approval, reader)

    def headline(self, approval: Approval, reader: Reader) -> Markup:
        """The headline of a card."""
        write = approval.items[0].write
        return self._writes.presenter(write).headline(write, reader)

    def inbox(
        self,
        waiting: Sequence[Approval],
        unknown: Sequence[Approval],
        lapsed: Sequence[Approval],
        reader: Reader,
    ) -> Card:
        """Render `/inbox`: cards that wait for this person, effects with an unknown outcome, and
        expired cards."""
        if not waiting and not unknown and not lapsed:
            return Card(text=reader.say("inbox.none"))
        text = [html("📥 <b>{}</b>", reader.say("inbox", n=len(waiting) + len(unknown)))]
        for number, card in enumerate(unknown, 1):
            doubt = reader.say("card.unknown", what=self.headline(card, reader))
            text.append(html("{}. ⚠️ {}", number, doubt))
        for number, card in enumerate(waiting, len(unknown) + 1):
            text.append(html("{}. ❓ {}", number, self._row(card, reader)))
        for card in lapsed:
            late = reader.say("card.expired", title=self.headline(card, reader))
            text.append(html("⌛ {} · {}", late, times.clock(card.expires_at)))
        buttons = [
            CardButton(
                label=reader.label("b.open", n=number), payload=OpenCard(approval_id=card.id)
            )
            for number, card in enumerate((*unknown, *waiting), 1)
        ][:INBOX_BUTTONS]
        rows = [buttons[n : n + IN_A_ROW] for n in range(0, len(buttons), IN_A_ROW)]
        return Card(text=lines(text), buttons=rows)

    def _row(self, approval: Approval, reader: Reader) -> Markup:
        left = max(0, int((approval.expires_at - reader.now).total_seconds() // 60))
        return reader.say(
            "inbox.row",
            title=self.headline(approval, reader),
            who=approval.requester_name,
            t=times.clock(approval.expires_at),
            n=left,
        )

    # waiting

    def _waiting(self, approval: Approval, reader: Reader, approvers: Sequence[Actor]) -> Card:
        items = approval.items
        title = reader.say("card.confirm", title=self.headline(approval, reader))
        rows = [html("❓ <b>{}</b>", title)]
        if len(items) > 1:
            rows = [html("{} · {}", rows[0], reader.say("card.many", n=len(items)))]
        for item in items:
            rows += self._item(item, reader, alone=len(items) == 1)
        rows += [
            html("⚠️ {}", reader.say("card.quote", quote=q[:QUOTE_CHARS])) for q in approval.quotes
        ]
        rows.append(reader.say("card.undo" if all(i.write.undo for i in items) else "card.no_undo"))
        who = _approvers(approval, reader, approvers)
        rows.append(reader.say("card.who", who=who, t=times.clock(approval.expires_at)))
        rows += [
            reader.say("card.vote", who=name, t=times.clock(at)) for _, name, at in approval.voters
        ]
        age = reader.age(min(item.write.as_of for item in items))
        based = reader.say("card.based", source=items[0].write.source, age=age)
        rows.append(html("<i>{}</i>", based))
        return Card(text=lines(rows), buttons=self._deciding(approval, reader))

    def _item(self, item: Item, reader: Reader, *, alone: bool) -> list[Markup]:
        write, presenter = item.write, self._writes.presenter(item.write)
        if alone:
            details = presenter.details(write, reader)
            rows = [details] if details else []
        else:
            action, subject = presenter.action(write, reader), presenter.subject(write, reader)
            rows = [html("{}. {}: {}", item.ordinal, action, subject)]
        rows += changed(write, presenter, reader)
        return rows + [html("⚠️ {}", presenter.warning(w, reader)) for w in write.warnings]

    def _deciding(self, approval: Approval, reader: Reader) -> list[list[CardButton]]:
        write = approval.items[0].write
        label = (
            self._writes.presenter(write).button(write, reader)
            if len(approval.items) == 1
            else reader.label("b.all")
        )
        yes, no = (
            DecideCard(
                approval_id=approval.id, digest=approval.digest[:DIGEST_SHOWN], accept=accept
            )
            for accept in (True, False)
        )
        return [
            [CardButton(label=short(label), payload=yes, approvers_only=True)],
            [CardButton(label=reader.label("b.decline"), payload=no)],
        ]

    # closed

    def _closed(self, approval: Approval, reader: Reader) -> Card:
        title = self.headline(approval, reader)
        at = times.clock(approval.decided_at or approval.expires_at)
        if approval.state == "declined":
            head, by = reader.say("card.declined", title=title), approval.decided_by or "—"
            return Card(text=html("⛔ <b>{}</b> · {}, {}", head, by, at))
        again = [[CardButton(label=reader.label("b.again"), payload=Ask(request=approval.request))]]
        if approval.state == "expired":
            head = reader.say("card.expired", title=title)
            why = reader.say("card.expired.why", t=times.clock(approval.expires_at))
        else:
            head = reader.say("card.void", title=title)
            why = self._void(approval, reader, at)
        return Card(text=html("⌛ <b>{}</b>\n{}", head, why), buttons=again)

    def _void(self, approval: Approval, reader: Reader, at: str) -> Markup:
        reason = approval.reason
        if reason is not None and reason.kind == "left":
            return reader.say("card.void.left")
        if reason is None or reason.kind != "changed":
            return reader.say("card.void.tampered")
        field, pair = self._changed(approval, reason, reader)
        return reader.say("card.void.why", field=field, pair=pair, t=at)

    def _changed(
        self, approval: Approval, reason: VoidReason, reader: Reader
    ) -> tuple[Markup, Markup]:
        """The label of the most significant changed field, and its old and new value."""
        write = next(i.write for i in approval.items if i.write.subject.kind == reason.subject)
        presenter = self._writes.presenter(write)
        order = {name: n for n, name in enumerate(presenter.significant)}
        first = min(reason.fields, key=lambda field: order.get(field.field, len(order)))
        old = presenter.shown_value(first.field, first.old, reader)
        new = presenter.shown_value(first.field, first.new, reader)
        pair = Markup() if old is None or new is None else html(" {} → {}", old, new)
        return presenter.shown_field(first.field, reader), pair


def _approvers(approval: Approval, reader: Reader, approvers: Sequence[Actor]) -> Markup:
    mine = approval.may_approve(reader.actor)
    others = [a.name for a in approvers if a.employee_id != reader.actor.employee_id]
    names: list[str] = [reader.say("card.you")] if mine else []
    names += others[: 3 if not mine or approval.needed == 2 else 0]
    if not names:
        names = [reader.say(f"role.{role.value}") for role in sorted(approval.roles)]
    if approval.needed == 2:
        names.append(reader.say("card.two"))
    return joined(", ", names)
