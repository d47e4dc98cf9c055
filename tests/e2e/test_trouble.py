"""What people see when something is down, and that nothing is lost or doubled by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic_ai import models

from jarvis.engine import clockrow
from jarvis.integrations.llm.sandbox import LlmSandbox
from jarvis.integrations.llm.sandbox.server import ScriptedAnswer
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.testing.app import running_app
from jarvis.testing.core import until
from jarvis.testing.servers import Servers
from tests.scenes.people import NINO
from tests.scenes.talk import answered


async def test_rentprog_down_shows_the_last_known_with_its_age(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_app(servers, tmp_path) as app:
        await app.ask(NINO, "где малибу 235?")
        await clockrow.set_offset(app.core.db, app.core.clock.offset_s + 7200)
        await clockrow.load_offset(app.core.db, app.core.clock)
        app.rentprog.faults.start("down", {})
        answer = await app.ask(NINO, "где малибу 235?", seconds=30)
        assert "Malibu 235" in answer["text"]
        assert "RentProg не отвечает с 16:30, новее данных нет" in answer["text"]
        assert "RentProg, 2 ч назад (14:30)" in answer["text"]
        debts = await app.ask(NINO, "долги по тбилиси", seconds=30)
        assert "Долги не проверены" in debts["text"]
        assert "Долгов нет" not in debts["text"], "no data is not OK"
        history = await app.ask(NINO, "кто менял бронь 1200", seconds=30)
        assert "Не проверено" in history["text"]
        app.rentprog.faults.stop()
        assert "только что" in (await app.ask(NINO, "где малибу 235?"))["text"]


async def test_a_conversation_goes_on_after_a_restart(servers: Servers, tmp_path: Path) -> None:
    async with running_app(servers, tmp_path) as app:
        await app.ask(NINO, "свободен ли джимни 077 завтра")
        await app.stop("worker", "bot")
        app.telegram.send(NINO, "dm", "ту же, но на вторник")
        await asyncio.sleep(0.3)
        app.start("worker")
        app.start("bot")
        for _ in range(200):
            await asyncio.sleep(0.05)
            if "вт 17.03" in app.seen(NINO)[-1]["text"]:
                break
        answer = app.seen(NINO)[-1]["text"]
        assert "Jimny 077" in answer, (
            "what was written while nobody listened is answered, with its memory"
        )
        assert "вт 17.03" in answer


async def test_redis_gone_is_only_slower(servers: Servers, tmp_path: Path) -> None:
    async with running_app(servers, tmp_path) as app:
        try:
            servers.redis.stop()
            assert "Malibu 235" in (await app.ask(NINO, "где малибу 235?"))["text"]
        finally:
            servers.redis.start()
        assert "Prius 417" in (await app.ask(NINO, "где приус 417?"))["text"]


def hanging(body: Mapping[str, Any]) -> ScriptedAnswer:
    return ScriptedAnswer(text="never")


async def test_a_model_that_hangs_gives_way_to_the_offline_one_behind_a_status(
    servers: Servers, tmp_path: Path
) -> None:
    async with LlmSandbox(hanging).running() as provider:
        provider.faults.start("hang", {"seconds": 20})
        llm = LlmSettings(
            chain=("openai:x",),
            openai_api_key=SecretStr("k"),
            openai_base_url=provider.openai_url,
            deadline_s=1.0,
        )
        with models.override_allow_model_requests(True):
            async with running_app(servers, tmp_path, llm=llm) as app:
                app.telegram.send(NINO, "dm", "где малибу 235?")
                for _ in range(60):
                    await asyncio.sleep(0.05)
                    if app.seen(NINO):
                        break
                status = app.seen(NINO)[-1]
                assert status["text"].endswith("…"), "a status within the first two seconds"
                await app.quiet(30)
                answer = app.seen(NINO)[-1]
        assert answer["id"] == status["id"], "the answer is edited into the status"
        assert "Офлайн-режим" in answer["text"]
        assert "Malibu 235" in answer["text"]


@pytest.mark.parametrize("fault", ["refuse", "rate_limit"])
async def test_a_model_that_is_down_gives_way_to_the_offline_one(
    servers: Servers, tmp_path: Path, fault: str
) -> None:
    async with LlmSandbox(hanging).running() as provider:
        provider.faults.start(fault, {})
        llm = LlmSettings(
            chain=("openai:x",),
            openai_api_key=SecretStr("k"),
            openai_base_url=provider.openai_url,
            deadline_s=5,
        )
        with models.override_allow_model_requests(True):
            async with running_app(servers, tmp_path, llm=llm) as app:
                answer = await app.ask(NINO, "где малибу 235?")
        assert "Офлайн-режим" in answer["text"]
        assert "Malibu 235" in answer["text"]
        assert len(provider.requests) >= 1, "the model was asked first"


async def test_a_model_that_claims_or_invents_is_cut_down_to_facts(
    servers: Servers, tmp_path: Path
) -> None:
    def lying(body: Mapping[str, Any]) -> ScriptedAnswer:
        names = [t["function"]["name"] for t in body["tools"]]
        results = [m for m in body["messages"] if m["role"] == "tool"]
        output = next(n for n in names if n.startswith("final_result"))
        if "car_card" not in names:
            return ScriptedAnswer(
                calls=[
                    (
                        output,
                        {
                            "delegations": [
                                {"role": "fleet", "request": "где малибу 235", "reason": "r"}
                            ]
                        },
                    )
                ]
            )
        if not results:
            return ScriptedAnswer(calls=[("car_card", {"name": "малибу 235"})])
        blocks = [
            {"kind": "text", "text": "Готово! Я продлил бронь."},
            {"kind": "facts", "ids": ["f1", "f9"]},
            {"kind": "text", "text": "<b>Осторожно</b>, дождь."},
        ]
        return ScriptedAnswer(calls=[(output, {"blocks": blocks})])

    async with LlmSandbox(lying).running() as provider:
        llm = LlmSettings(
            chain=("openai:x",), openai_api_key=SecretStr("k"), openai_base_url=provider.openai_url
        )
        with models.override_allow_model_requests(True):
            async with running_app(servers, tmp_path, llm=llm) as app:
                answer = (await app.ask(NINO, "где малибу 235?"))["text"]
                dropped = await app.core.db.fetchval(
                    "SELECT count(*) FROM agent_step WHERE kind = 'dropped'"
                )
    assert "продлил" not in answer
    assert "Malibu 235" in answer
    assert "<b>Осторожно</b>, дождь." in answer, "a model's tags are shown as text"
    assert "Офлайн" not in answer
    assert dropped == 1


async def test_telegram_faults_lose_and_double_nothing(servers: Servers, tmp_path: Path) -> None:
    async with running_app(servers, tmp_path, telegram={"reconcile_s": 0.5}) as app:
        app.telegram.faults.start("duplicate", {})
        app.telegram.send(NINO, "dm", "где малибу 235?")
        await until(lambda: answered(app, "Malibu 235"))
        app.telegram.faults.stop()
        await app.quiet()
        assert len(app.seen(NINO)) == 1
        app.telegram.faults.start("drop", {"times": 1})
        app.telegram.send(NINO, "dm", "где приус 417?")
        # a message that no update told of is found by its id
        await until(lambda: answered(app, "Prius 417"))
        await app.quiet()
        assert len(app.seen(NINO)) == 2


async def test_a_flood_wait_is_waited_out_and_nothing_is_sent_twice(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_app(servers, tmp_path) as app:
        app.telegram.faults.start("rate_limit", {"seconds": 2, "times": 1})
        app.telegram.send(NINO, "dm", "где малибу 235?")
        await until(lambda: answered(app, "Malibu 235"))
        assert [("Malibu 235" in m["text"]) for m in app.seen(NINO)] == [True], (
            "one message, the answer in it"
        )
        await app.quiet()
        # an answer that changes a status which is not sent yet looks again and again
        attempts = await app.core.db.fetch(
            "SELECT attempts FROM effect WHERE state = 'done' AND kind = 'telegram.send'"
        )
        assert [row["attempts"] for row in attempts] == [2]


async def test_a_send_whose_answer_was_lost_is_not_sent_twice(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_app(servers, tmp_path) as app:
        app.telegram.faults.start("truncate", {"times": 1})
        app.telegram.send(NINO, "dm", "где малибу 235?")
        await asyncio.sleep(0.5)
        await app.quiet(40)
        sends = [e for e in app.telegram.ledger.entries() if e["kind"] == "send"]
        assert len(sends) == 1
        receipt = await app.core.db.fetchval(
            "SELECT receipt FROM effect WHERE kind = 'telegram.send'"
        )
        assert receipt["message_id"] == app.seen(NINO)[0]["id"], (
            "the id was recovered by reading back"
        )
