"""Every fault point stands on the way of a request that changes something; none does anything
unasked."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from jarvis.kit import faults
from jarvis.kit.errors import InvalidRequest
from jarvis.testing.app import running_app
from jarvis.testing.core import move_clock
from jarvis.testing.servers import Servers
from tests.scenes.acting import EXTEND, card_of, ledger
from tests.scenes.people import LASHA


@pytest.mark.slow
async def test_each_point_is_passed_by_one_change(servers: Servers, tmp_path: Path) -> None:
    async with running_app(servers, tmp_path) as app, _counted() as seen:
        app.start("scheduler")
        card = await card_of(app, LASHA, EXTEND)
        assert "✅" in (await app.press(LASHA, card, 0))["text"]
        await card_of(app, LASHA, "продли 1202 до 15.03")
        await move_clock(app.core, timedelta(minutes=31))
        await app.ask(LASHA, "/inbox")
        assert set(faults.POINTS) == set(seen)
        assert ledger(app) == ["extend_booking"]


def test_a_point_does_what_was_asked_at_that_arrival_only() -> None:
    with faults.armed("tx.before_commit:2:cut"):
        faults.fault("tx.before_commit")
        faults.fault("tx.after_commit")
        with pytest.raises(ConnectionResetError):
            faults.fault("tx.before_commit")
        faults.fault("tx.before_commit")
    for wrong in ("nowhere:1:kill", "tx.before_commit:x:kill", "tx.before_commit:1:explode", "tx"):
        with pytest.raises(InvalidRequest), faults.armed(wrong):
            pass
    faults.fault("tx.before_commit")


@asynccontextmanager
async def _counted() -> AsyncGenerator[Counter[str]]:
    with faults.armed(None) as seen:
        yield seen
