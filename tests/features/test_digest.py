"""The digest's own rules: whom it is for, once an hour, what it says of what could not be asked;
bookings are a neighbour's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from jarvis.domains.bookings.models import Booking, Owed
from jarvis.domains.bookings.receivables import Receivables
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.news.checks import PERSONAL_DIGEST as KIND
from jarvis.domains.news.digest import LIST_MAX, Digests
from jarvis.domains.staff.preferences import StaffPreferences
from jarvis.domains.staff.readers import Readers
from jarvis.domains.staff.service import StaffService
from jarvis.engine.freshness import Freshness, Limited
from jarvis.kit.money import Money
from jarvis.testing.feature import FeatureAlone, feature_alone
from jarvis.testing.servers import Servers
from tests.scenes.people import LASHA, NINO

EIGHT = datetime(2026, 3, 13, 4, 0, tzinfo=UTC)  # eight in Tbilisi
NINO_ID, LASHA_ID = 7001003, 7001004


class Bookings(BookingService):
    """What a neighbour would answer."""

    def __init__(self) -> None:
        self.late = 0
        self.scopes: list[frozenset[str]] = []

    async def pickups(
        self, since: datetime, until: datetime, branch: str | None, scope: frozenset[str]
    ) -> list[Booking]:
        self.scopes.append(scope)
        assert until - since == timedelta(days=1)
        return []

    async def returns(
        self, since: datetime, until: datetime, branch: str | None, scope: frozenset[str]
    ) -> list[Booking]:
        return [_booking(1)]

    async def overdue(self, branch: str | None, scope: frozenset[str]) -> list[Booking]:
        return [_booking(n) for n in range(self.late)]

    async def freshness(
        self, as_of: datetime | None = None, limited: Limited | None = None
    ) -> Freshness:
        return Freshness(source="RentProg", as_of=EIGHT)


class Debts(Receivables):
    """What a neighbour would answer of debts."""

    def __init__(self) -> None:
        self.silent = False

    async def refresh(self, branches: Sequence[str], *, anew: bool = False) -> dict[str, Freshness]:
        since = EIGHT if self.silent else None
        return {
            code: Freshness(source="RentProg", as_of=EIGHT, failing_since=since)
            for code in branches
        }

    async def of_branch(self, branch: str, *, kind: str) -> list[Owed]:
        return []


def _booking(number: int) -> Booking:
    return Booking(
        id=uuid4(),
        number=1200 + number,
        branch="tbilisi",
        car_id=None,
        car_label=f"Car <{number}>",
        plate_key=None,
        client_id=None,
        client_first=None,
        client_last=None,
        client_phone=None,
        start=None,
        end=None,
        place_start=None,
        place_end=None,
        state_raw=None,
        status="in_rent",
        purpose="rental",
        price=None,
        total=Money(0),
        deposit=None,
        responsible=None,
        description=None,
        source_at=EIGHT,
    )


@pytest.fixture
def bookings() -> Bookings:
    return Bookings()


@pytest.fixture
def debts() -> Debts:
    return Debts()


@pytest.fixture
async def digest(
    servers: Servers, bookings: Bookings, debts: Debts
) -> AsyncGenerator[FeatureAlone]:
    async with feature_alone(
        servers,
        lambda core: Digests(
            core.get(Readers),
            core.get(StaffService),
            core.get(FleetService),
            core.get(BookingService),
            core.get(Receivables),
        ),
        neighbours={BookingService: bookings, Receivables: debts},
    ) as feature:
        for name in (NINO, LASHA):
            actor = await feature.core.get(StaffService).actor_by_name(name)
            await feature.core.get(StaffPreferences).set_digest_hour(
                actor.employee_id, 8 if name == NINO else 9
            )
        yield feature


async def _sent(digest: FeatureAlone) -> list[tuple[int, str]]:
    return [(args["chat_id"], args["text"]) for args in await digest.asked("telegram.send")]


async def test_who_chose_the_hour_gets_one_of_their_own_branch(
    digest: FeatureAlone, bookings: Bookings
) -> None:
    await digest.happen(KIND, due_at=EIGHT.isoformat())
    await digest.happen(KIND, due_at=EIGHT.isoformat())
    ((chat, text),) = await _sent(digest)
    assert chat == NINO_ID, "the slot that came twice is one message"
    assert set(bookings.scopes) == {frozenset({"tbilisi"})}
    assert "Выдачи 0 · возвраты 1" in text
    assert "Долгов нет" in text
    await digest.happen(KIND, due_at=(EIGHT + timedelta(hours=1)).isoformat())
    assert [chat for chat, _ in await _sent(digest)] == [NINO_ID, LASHA_ID]
    assert digest.alerts == []


async def test_who_muted_it_gets_none(digest: FeatureAlone) -> None:
    nino = await digest.core.get(StaffService).actor_by_name(NINO)
    await digest.core.get(StaffPreferences).set_muted(nino.employee_id, True)
    await digest.happen(KIND, due_at=EIGHT.isoformat())
    assert await _sent(digest) == []


async def test_a_source_that_is_silent_is_said_and_not_taken_for_no_debts(
    digest: FeatureAlone, debts: Debts
) -> None:
    debts.silent = True
    await digest.happen(KIND, due_at=EIGHT.isoformat())
    ((_, text),) = await _sent(digest)
    assert "Не проверено: долги" in text
    assert "Долгов нет" not in text


@pytest.mark.parametrize(("late", "more"), [(LIST_MAX, ""), (LIST_MAX + 2, " +2")])
async def test_a_long_list_is_cut_with_its_count(
    digest: FeatureAlone, bookings: Bookings, late: int, more: str
) -> None:
    bookings.late = late
    await digest.happen(KIND, due_at=EIGHT.isoformat())
    ((_, text),) = await _sent(digest)
    line = next(row for row in text.splitlines() if "Просрочены" in row)
    assert line.count("№") == LIST_MAX
    assert line.endswith(f"Car &lt;{LIST_MAX - 1}&gt;{more}")
