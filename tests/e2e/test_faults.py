"""Every fault point stands on the way of a request that changes something; none does anything unasked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jarvis.kit import faults
from jarvis.kit.errors import InvalidRequest
from tests.conftest import Servers
from tests.e2e.test_acting import EXTEND, LASHA, card_of, ledger, move_clock
from tests.telegram_house import open_talk


@pytest.mark.slow
async def test_each_point_is_passed_by_one_change(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_watch", None)  # put back afterwards: the watch belongs to the whole process
    async with open_talk(servers, tmp_path) as talk:
        seen = faults.record()
        talk.start("scheduler")
        card = await card_of(talk, LASHA, EXTEND)
        assert "✅" in (await talk.press(LASHA, card, 0))["text"]
        await card_of(talk, LASHA, "продли 1202 до 15.03")
        await move_clock(talk, timedelta(minutes=31))
        await talk.ask(LASHA, "/inbox")
        assert set(faults.POINTS) == set(seen)
        assert ledger(talk) == ["extend_booking"]


def test_a_point_does_what_was_asked_at_that_arrival_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_watch", None)  # put back afterwards: the watch belongs to the whole process
    monkeypatch.setenv("JARVIS_FAULT", "tx.before_commit:2:cut")
    faults.arm_again()
    faults.fault("tx.before_commit")
    faults.fault("tx.after_commit")
    with pytest.raises(ConnectionResetError):
        faults.fault("tx.before_commit")
    faults.fault("tx.before_commit")
    for wrong in ("nowhere:1:kill", "tx.before_commit:x:kill", "tx.before_commit:1:explode", "tx"):
        monkeypatch.setenv("JARVIS_FAULT", wrong)
        with pytest.raises(InvalidRequest):
            faults.arm_again()
    monkeypatch.delenv("JARVIS_FAULT")
    faults.arm_again()
    faults.fault("tx.before_commit")
