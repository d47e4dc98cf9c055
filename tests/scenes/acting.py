"""Cards: asked for, looked at again, and what RentProg has carried out."""

from __future__ import annotations

from typing import Any

from jarvis.domains.approvals.payloads import DecideCard
from jarvis.testing.app import RunningApp
from jarvis.testing.core import until
from tests.scenes.people import LASHA

EXTEND = "продли 1200 до 15.03"


def ledger(app: RunningApp) -> list[str]:
    return [str(entry["kind"]) for entry in app.rentprog.ledger.entries()]


def end_of(app: RunningApp, booking: int = 80001) -> str:
    return str(app.rentprog.data.bookings[booking]["end_date"])


async def card_of(app: RunningApp, person: str, text: str) -> dict[str, Any]:
    """Ask; the card stands last, after the first answer's word about the offline mode."""
    await app.ask(person, text)
    return app.seen(person)[-1]


def shown(app: RunningApp, person: str, message: dict[str, Any]) -> dict[str, Any]:
    return next(m for m in app.seen(person) if m["id"] == message["id"])


async def decisions_of_before(app: RunningApp) -> None:
    """The deciding buttons of every card stand as they were stored before they were payloads."""
    await app.core.db.execute(
        """UPDATE interaction SET kind = 'approve', choice =
             CASE WHEN choice::json->>'accept' = 'true' THEN 'yes' ELSE 'no' END || ':' ||
             (choice::json->>'approval_id') || ':' || (choice::json->>'digest')
            WHERE kind = $1""",
        DecideCard.kind,
    )


async def asked_about(app: RunningApp, card: dict[str, Any]) -> None:
    """Until the card asks how a write of unknown outcome ended."""

    async def asked() -> bool:
        return "Неясно, прошло ли" in shown(app, LASHA, card)["text"]

    await until(asked, seconds=20)
