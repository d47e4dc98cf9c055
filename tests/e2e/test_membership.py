"""Members of the company's groups follow the staff list; who left has no word any more."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.service import StaffService
from jarvis.kit.errors import InvalidRequest
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.membership import members
from tests.scenes.people import LASHA
from tests.scenes.topics import BATUMI, TBILISI, small_world


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=small_world()) as opened:
        yield opened


async def test_another_branch_is_another_group(app: RunningApp) -> None:
    actor = await app.core.get(StaffService).actor_by_name(LASHA)
    await app.core.get(StaffAdministration).change(actor.employee_id, branch="batumi", by="test")
    await app.quiet(30)
    assert LASHA not in members(app, TBILISI)
    (told,) = [m for m in app.seen(LASHA) if BATUMI in m["text"]]
    (link,) = re.findall(r"https://t[.]me/[+]\S+", told["text"])
    await app.telegram.change("join", {"person": LASHA, "link": link})
    assert LASHA in members(app, BATUMI)
    with pytest.raises(InvalidRequest):
        await app.telegram.change("join", {"person": "Посторонний", "link": link})
    await app.core.get(StaffAdministration).change(actor.employee_id, branch="tbilisi", by="test")
    await app.quiet(30)
    assert LASHA not in members(app, BATUMI)
    assert [m for m in app.seen(LASHA) if TBILISI in m["text"]], (
        "who was taken out before may come back"
    )
