"""A branch that is added while Jarvis runs, at the next message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from jarvis.domains.staff.administration import StaffAdministration
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.sandbox_manifest import Title
from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import LASHA, NINO, PAVEL, TAMAR

GORI = {"ru": "Гори", "en": "Gori", "ka": "გორი"}


async def _added_elsewhere(app: RunningApp) -> None:
    """As another process adds it: nothing that this one keeps is told."""
    await StaffAdministration(app.core.db, app.core.clock).add_branch(
        "gori", GORI, rents=True, by="test"
    )


async def _called(app: RunningApp) -> tuple[str, Any]:
    row = await app.core.db.fetchrow(
        """SELECT s.name, s.arguments FROM agent_step s JOIN agent_run r ON r.id = s.agent_run_id
            WHERE s.kind = 'tool' ORDER BY r.started_at DESC, s.ordinal DESC LIMIT 1"""
    )
    assert row is not None
    return row["name"], row["arguments"]


async def test_a_new_branch_is_understood_at_the_next_message(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        await app.ask(TAMAR, "какие машины в Батуми")
        assert await _called(app) == ("list_cars", {"branch": "batumi", "state": None})
        await _added_elsewhere(app)
        answer = await app.ask(TAMAR, "какие машины в Гори")
        assert await _called(app) == ("list_cars", {"branch": "gori", "state": None})
        assert "Гори" in answer["text"]
        debts = await app.ask(PAVEL, "долги")
        assert "Тбилиси" in debts["text"], "who sees the whole company still sees its debts"
        assert "Гори" not in debts["text"], "it has no company in RentProg"
        alone = await app.ask(PAVEL, "долги в Гори")
        assert "не задана компания в RentProg" in alone["text"]
        refused = await app.ask(LASHA, "перегони PR417KX в Гори")
        assert "не задана компания в RentProg" in refused["text"]
        app.core.get(RentProgSettings).company_ids["gori"] = 99
        app.rentprog.data.branch_names[99] = Title("Гори", "Gori", "გორი")
        card = await app.ask(LASHA, "перегони PR417KX в Гори")
        assert "Филиал: было Тбилиси → станет Гори" in card["text"]
        hired = await app.ask(NINO, "прими на работу Иван Петров механиком в Гори")
        assert "Иван Петров" in hired["text"]
        assert "Гори" in hired["text"]
        assert (await _called(app))[1]["branch"] == "gori"


async def test_a_branch_added_by_a_sentence_is_one_of_ours(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        await app.ask(TAMAR, "добавь новый филиал Гори")
        await app.press(PAVEL, app.seen(PAVEL)[-1], 0)
        await app.ask(TAMAR, "какие машины в Гори")
        assert await _called(app) == ("list_cars", {"branch": "gori", "state": None})


async def test_a_model_is_offered_the_branches_of_now_and_held_to_them(
    servers: Servers, tmp_path: Path
) -> None:
    offered: list[Any] = []
    refused: list[str] = []

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        tool = next(tool for tool in info.function_tools if tool.name == "list_cars")
        offered.append(tool.parameters_json_schema["properties"]["branch"])
        last = messages[-1].parts[-1]
        if not isinstance(last, ToolReturnPart):
            return ModelResponse(parts=[ToolCallPart("list_cars", {"branch": "gori"})])
        if last.outcome == "retried":
            refused.append(last.model_response_str())
            return ModelResponse(parts=[ToolCallPart("list_cars", {"branch": "all"})])
        blocks = [{"kind": "facts", "ids": ["f1"]}]
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, {"blocks": blocks})])

    async with running_feature(servers, tmp_path, models={"fleet": FunctionModel(model)}) as app:
        await app.ask(TAMAR, "какие машины в Батуми")
        assert await _called(app) == ("list_cars", {"branch": "all", "state": None})
        assert len(refused) == 1
        known = "batumi, kutaisi, tbilisi, service-center, all"
        assert f"branch: there is no 'gori'; there are: {known}" in refused[0]
        assert offered[0]["anyOf"][0] == {
            "type": "string",
            "enum": ["batumi", "kutaisi", "tbilisi", "service-center"],
        }
        assert "`batumi` (Батуми)" in offered[0]["description"]
        await _added_elsewhere(app)
        await app.ask(TAMAR, "какие машины в Батуми")
        assert await _called(app) == ("list_cars", {"branch": "gori", "state": None})
        assert "`gori` (Гори)" in offered[-1]["description"]
        assert len(refused) == 1
        assert "branch-code" not in json.dumps(offered)
