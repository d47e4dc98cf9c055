"""Changes of our own records under the names of their owners: what was asked for under the old
names goes on after the migration, and the way back is the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jarvis.engine.approval_rows import BOUND, bound_digest
from jarvis.entrypoints.migrate import Target, run
from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.acting import card_of, decisions_of_before, shown
from tests.scenes.people import PAVEL

BEFORE = Target(to=17)
DIGEST = re.compile(r"\b[0-9a-f]{16}\b")  # in either form of a button


async def _kinds(app: RunningApp) -> list[str]:
    rows = await app.core.db.fetch("SELECT DISTINCT write->>'kind' AS kind FROM approval_item")
    return sorted(row["kind"] for row in rows)


async def _matching(app: RunningApp) -> list[bool]:
    """Whether each card matches its digest, and its buttons carry the digest's beginning."""
    found: list[bool] = []
    for card in await app.core.db.fetch("SELECT * FROM approval ORDER BY asked_at"):
        items = await app.core.db.fetch(
            "SELECT * FROM approval_item WHERE approval_id = $1 ORDER BY ordinal", card["id"]
        )
        bound = bound_digest(
            [{name: item[name] for name in BOUND} for item in items],
            card["conversation_id"],
            sorted(card["approver_roles"]),
            sorted(card["branches"]),
            card["needed"],
            card["expires_at"],
        )
        choices = await app.core.db.fetch(
            "SELECT choice FROM interaction WHERE group_key = $1", f"approval:{card['id']}"
        )
        assert len(choices) == 2
        carried = {hit for row in choices for hit in DIGEST.findall(row["choice"])}
        found.append(card["digest"] == bound and carried == {bound[:16]})
    return found


async def test_cards_effects_and_switches_of_before_go_on_under_the_new_names(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_feature(servers, tmp_path) as app:
        db = app.core.db
        dsn = servers.owner_dsn(await db.fetchval("SELECT current_database()"))
        monkeypatch.setenv("JARVIS_DATABASE_DIRECT_URL", dsn)
        honest = await card_of(app, PAVEL, "сделай Эку Абуладзе механиком")
        forged = await card_of(app, PAVEL, "прими на работу: Гига Маисурадзе, сотрудник, Батуми")
        await db.execute(
            "UPDATE approval_item SET write = jsonb_set(write, '{args,role}', '\"admin\"') "
            "WHERE tool = 'hire_employee'"
        )
        assert await _matching(app) == [True, False]
        await app.stop("worker")
        await run(BEFORE, say=lambda _: None)
        assert await _kinds(app) == ["house.grant_role", "house.hire"]
        await decisions_of_before(app)
        assert await _matching(app) == [True, False], "as they stood before the names changed"
        await db.execute(
            """INSERT INTO effect (kind, system, target, idempotency_key, lane, args, trace_id,
                  state, effect_class)
               SELECT 'house.' || k, 'house', 't', k || s, 1, '{}', 't', s, 'A'
                 FROM unnest(ARRAY['hire', 'subscribe']) k,
                      unnest(ARRAY['done', 'dead', 'unknown']) s"""
        )
        await db.execute(
            """INSERT INTO switch (scope, name, mode) VALUES ('effect', 'house.*', 'off'),
                 ('effect', 'house.*@batumi', 'shadow'), ('effect', 'house.hire@tbilisi', 'off'),
                 ('effect', 'house.subscribe', 'shadow'), ('effect', 'rentprog.*', 'shadow')"""
        )

        async def stands() -> dict[str, set[tuple[str, ...]]]:
            effects = await db.fetch("SELECT kind, system, state FROM effect WHERE target = 't'")
            switches = await db.fetch("SELECT name, mode FROM switch WHERE scope = 'effect'")
            return {
                "effects": {(r["kind"], r["system"], r["state"]) for r in effects},
                "switches": {(r["name"], r["mode"]) for r in switches},
            }

        before = await stands()
        await run(say=lambda _: None)
        assert await stands() == {
            "effects": {
                ("house.hire", "house", "done"),
                ("house.subscribe", "house", "done"),
                *(("staff.hire", "jarvis", state) for state in ("dead", "unknown")),
                *(("news.subscribe", "jarvis", state) for state in ("dead", "unknown")),
            },
            "switches": {
                ("staff.*", "off"),
                ("news.*", "off"),
                ("staff.*@batumi", "shadow"),
                ("news.*@batumi", "shadow"),
                ("staff.hire@tbilisi", "off"),
                ("news.subscribe", "shadow"),
                ("rentprog.*", "shadow"),
            },
        }
        await run(BEFORE, say=lambda _: None)
        assert await stands() == before
        await run(say=lambda _: None)
        assert await _kinds(app) == ["staff.grant_role", "staff.hire"]
        assert await _matching(app) == [True, False], "a forged card gets no digest of its own"
        await db.execute("DELETE FROM switch")

        app.start("worker")
        done = await app.press(PAVEL, honest, 0)
        assert "✅ Роль или филиал · 👤 Эка Абуладзе" in done["text"]
        await app.press(PAVEL, forged, 0)
        assert "не сходится с записанным" in shown(app, PAVEL, forged)["text"]
        carried = await db.fetch(
            "SELECT kind, state FROM effect WHERE system = 'jarvis' AND target <> 't'"
        )
        assert [(r["kind"], r["state"]) for r in carried] == [("staff.grant_role", "done")]
