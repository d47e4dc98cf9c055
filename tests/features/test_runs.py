"""`/sandbox/runs`: what each request asked for and did."""

from __future__ import annotations

from pathlib import Path

from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import GIORGI, NINO
from tests.scenes.stage import stage_over

FIELDS = set(
    [
        "id",
        "person",
        "request",
        "route",
        "tools",
        "model",
        "prompts",
        "state",
        "tokens",
        "cost",
        "ms",
    ]
)


async def test_each_request_is_listed_once_with_what_it_asked_for_and_did(
    servers: Servers, tmp_path: Path
) -> None:
    async with (
        running_feature(servers, tmp_path) as app,
        stage_over(app.core.db, tmp_path) as (_, http),
    ):
        await app.ask(NINO, "где малибу 235?")
        (first,) = (await http.get("/sandbox/runs")).json()
        assert set(first) == FIELDS
        assert (first["person"], first["request"]) == (NINO, "где малибу 235?")
        assert (first["route"], first["state"], first["model"]) == ("fleet", "answered", "offline")
        assert (first["tokens"], first["cost"]) == (0, 0.0)
        assert {p["role"] for p in first["prompts"]} == {"router", "fleet"}
        assert all(len(p["hash"]) > 7 and p["version"] for p in first["prompts"])
        assert [t["name"] for t in first["tools"]]
        assert all(set(t) == {"name", "arguments", "outcome"} for t in first["tools"])
        assert "235" in str(first["tools"][0]["arguments"])
        assert "Malibu 235" in first["tools"][-1]["outcome"]

        await app.ask(GIORGI, "кто должен?")
        after = await http.get("/sandbox/runs", params={"after": first["id"]})
        (second,) = after.json()
        assert second["id"] > first["id"]
        assert second["person"] == GIORGI
        rest = await http.get("/sandbox/runs", params={"after": second["id"]})
        assert rest.json() == []
