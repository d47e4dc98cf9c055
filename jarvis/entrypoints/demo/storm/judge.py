"""Checks after a storm: the vendors' ledgers, the chats of people, and the remaining rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jarvis.app.role import delegates
from jarvis.engine.audit_proof import Proof
from jarvis.entrypoints.demo.storm.people import ASKER, ORDERERS, Move, Orders, question, tag
from jarvis.entrypoints.demo.storm.queries import Records
from jarvis.entrypoints.demo.storm.surface import Surface
from jarvis.entrypoints.demo.storm.world import ARCHIVE, AWAY, HOME
from jarvis.messaging.catalogue import label

# messages that name a request but are not its card: a list, a refusal as text
NO_CARD = ("📥", label("step.failed", "ru", part="{", cause="").partition("{")[0])
STATUSES = {
    label("status", "ru"),
    label("status.slow", "ru"),
    *(role.status["ru"] for role in delegates().values()),
}
SEES_ALL = ORDERERS[0]


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The result of a storm: each list names violations; `refused` names requests refused with a
    message and no change."""

    seed: int
    blows: dict[str, int] = field(default_factory=dict[str, int])
    lost: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    left: dict[str, Any] = field(default_factory=dict[str, Any])
    orphans: list[str] = field(default_factory=list[str])
    drained_s: float = 0.0
    audit: Proof = field(default_factory=Proof)

    @property
    def good(self) -> bool:
        """Whether nothing was lost or duplicated, all work finished, no process is left over and
        the audit is intact."""
        return not (self.lost or self.doubled or self.left or self.orphans) and self.audit.whole


class Judge:
    """Records what it finds in the outcome."""

    def __init__(self, surface: Surface, records: Records, outcome: Outcome) -> None:
        self._surface = surface
        self._records = records
        self._outcome = outcome

    def orders(self, numbers: Sequence[str]) -> None:
        """Each request: one write in RentProg, one card with a receipt; or a message that it was
        not done, and no write."""
        ledger = self._surface.ledger("rentprog")
        written = [
            json.dumps(entry, ensure_ascii=False)
            for entry in ledger
            if entry["kind"] == "update_booking"
        ]
        for n, number in enumerate(numbers):
            name, person = tag(number), ORDERERS[n % len(ORDERERS)]
            writes = sum(name in line for line in written)
            cards = [
                c
                for c in Orders(self._surface, person).cards(number)
                if not c["text"].startswith(NO_CARD)
            ]
            receipts = sum("✅" in card["text"] for card in cards)
            answer = None if cards else self._answer(person, name)
            if answer is not None and writes == 0:
                self._outcome.refused.append(f"{name}: {answer}")
            elif writes == 0 or receipts == 0:
                way = self._records.way(name)
                self._outcome.lost.append(
                    f"{name}: {writes} writes, {receipts} receipts; {way}; shown: "
                    f"{[c['text'] for c in cards]}"
                )
            if writes > 1 or len(cards) > 1:
                self._outcome.doubled.append(f"{name}: {writes} writes, {len(cards)} cards")

    def _answer(self, person: str, name: str) -> str | None:
        """The text of the message that answers this request without a card; None when there is
        none."""
        numbers = self._records.sent_for(name)
        said = [
            m["text"]
            for m in self._surface.messages(person)
            if m["from"] == "Jarvis" and m["id"] in numbers
        ]
        said = [text for text in said if text not in STATUSES]
        return said[-1] if said else None

    def questions(self, numbers: Sequence[str]) -> None:
        """Each question: one message that answers it."""
        seen = [m["text"] for m in self._surface.messages(ASKER) if m["from"] == "Jarvis"]
        for number in numbers:
            answers = sum(f"Бронь №{number} " in text for text in seen)
            if answers == 0:
                self._outcome.lost.append(
                    f"{question(number)}: no answer; {self._records.way(question(number))}"
                )
            if answers > 1:
                self._outcome.doubled.append(f"{question(number)}: {answers} answers")
        left = [text for text in seen if text in STATUSES]
        if left:
            self._outcome.lost.append(f"{len(left)} questions are still shown as being worked on")

    def webhooks(self, digests: Sequence[str], mileage: Mapping[str, int]) -> None:
        """Each webhook that was answered 200 is one event, and Jarvis holds each car's last
        change."""
        taken = self._records.taken(digests)
        for digest in digests:
            count = taken.get(digest, 0)
            if count == 0:
                self._outcome.lost.append(f"webhook {digest}: answered 200, no event")
            if count > 1:
                self._outcome.doubled.append(f"webhook {digest}: {count} events")
        held = self._records.mileage()
        for car, value in mileage.items():
            if held.get(car) != value:
                self._outcome.lost.append(
                    f"car {car}: RentProg says {value} km, Jarvis {held.get(car)}"
                )

    def unfinished(self, moves: Sequence[Move]) -> bool:
        """Whether a topic that its car left still exists: it is deleted a day later."""
        shown = (
            {
                forum: {t["title"] for t in self._surface.topics(SEES_ALL, forum)}
                for forum in (HOME, AWAY)
            }
            if moves
            else {}
        )
        return any(move.title in shown[AWAY if move.back else HOME] for move in moves)

    def moves(self, moves: Sequence[Move]) -> None:
        """Each car, a day later: one open topic in its branch without duplicates; the old topic was
        archived, then deleted."""
        if not moves:
            return
        ledger = self._surface.ledger("telegram")
        made = Counter((e["chat"], e["title"]) for e in ledger if e["kind"] == "create_topic")
        shown = {forum: self._surface.topics(SEES_ALL, forum) for forum in (HOME, AWAY, ARCHIVE)}
        for move in moves:
            at, other = (HOME, AWAY) if move.back else (AWAY, HOME)
            here = [t for t in shown[at] if t["title"] == move.title and not t["closed"]]
            there = [t for t in shown[other] if t["title"] == move.title]
            if not here:
                self._outcome.lost.append(f"{move.title}: no open topic in {at}")
            if there:
                kept = self._records.topics(move.title)
                self._outcome.left[f"{move.title} in {other}"] = (
                    f"the topic that was left is still there; {kept}"
                )
            if len(here) > 1:
                self._outcome.doubled.append(f"{move.title}: {len(here)} open topics in {at}")
            self._outcome.doubled += [
                f"{move.title}: its topic in {forum} was made {made[forum, move.title]} times"
                for forum in (HOME, AWAY, ARCHIVE)
                if made[forum, move.title] > 1
            ]
            for topic in here:
                self._topic(move, at, topic["id"])
            self._copies(move, [t["id"] for t in shown[ARCHIVE] if t["title"] == move.title])

    def _topic(self, move: Move, forum: str, number: int) -> None:
        posts = [
            m
            for m in self._surface.messages(SEES_ALL, forum, number)
            if m["from"] == "Jarvis" and m["service"] is None
        ]
        pinned = sum(m["pinned"] for m in posts)
        if pinned == 0:
            self._outcome.lost.append(f"{move.title}: no pinned card in {forum}")
        twice = [
            text for text, count in Counter(m["text"] for m in posts).items() if count > 1 and text
        ]
        if pinned > 1 or twice:
            self._outcome.doubled.append(
                f"{move.title} in {forum}: {pinned} pinned cards; twice: {twice}"
            )

    def _copies(self, move: Move, topics: Sequence[int]) -> None:
        """The messages of a deleted topic are in the archive once; those of a topic that its car
        came back to, at most once."""
        copies = sum(
            move.said in m["text"]
            for n in topics
            for m in self._surface.messages(SEES_ALL, ARCHIVE, n)
        )
        if copies == 0 and not move.back:
            way = [*self._records.way(move.said), *self._records.topics(move.title)]
            self._outcome.lost.append(f"{move.title}: «{move.said}» is not in the archive; {way}")
        if copies > 1:
            self._outcome.doubled.append(
                f"{move.title}: «{move.said}» stands {copies} times in the archive"
            )

    def audit(self) -> None:
        self._outcome.audit = self._records.audit()
