"""A scripted model claims refusals, waiting cards and failures; what nothing bears out is not
shown, and is on record as what it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.acting import EXTEND, card_of, ledger
from tests.scenes.people import GIORGI, LASHA, NINO, TAMAR

DEBTS = "кто должен?"
MOVE = "перегони PR417KX в Батуми"
COULD_NOT = "⚠️ Не получилось"


@dataclass
class Liar:
    """A model that calls `first` and then says what it is told to."""

    says: dict[str, Any] = field(default_factory=dict[str, Any])
    first: list[ToolCallPart] = field(default_factory=list[ToolCallPart])

    def __call__(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        if self.first:
            calls, self.first = self.first, []
            return ModelResponse(parts=calls)
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, self.says)])

    def block(self, **block: Any) -> None:
        self.says = {"blocks": [block]}

    def text(self, words: str) -> None:
        self.block(kind="text", text=words)


@pytest.fixture
async def app(servers: Servers, tmp_path: Path, liar: Liar) -> AsyncGenerator[RunningApp]:
    models = {"bookings": FunctionModel(liar)}
    async with running_feature(servers, tmp_path, models=models) as running:
        yield running


@pytest.fixture
def liar() -> Liar:
    return Liar()


async def said(app: RunningApp, person: str, request: str) -> str:
    return str((await app.ask(person, request))["text"])


async def dropped(app: RunningApp) -> list[str]:
    """What was dropped of the last run."""
    rows = await app.core.db.fetch(
        """SELECT name FROM agent_step WHERE kind = 'dropped' AND agent_run_id =
             (SELECT id FROM agent_run ORDER BY started_at DESC LIMIT 1) ORDER BY ordinal"""
    )
    return [row["name"] for row in rows]


async def denied(app: RunningApp) -> list[tuple[str, str]]:
    rows = await app.core.db.fetch(
        """SELECT a.action, e.name FROM audit_entry a JOIN employee e ON e.id = a.actor_employee_id
            WHERE a.outcome = 'denied' ORDER BY a.at, a.id"""
    )
    return [(row["action"], row["name"]) for row in rows]


async def test_a_models_word_alone_refuses_nobody(app: RunningApp, liar: Liar) -> None:
    for tool in ("sell_the_company", "list_debts", "who_changed"):
        liar.block(kind="refusal", tool=tool)
        answer = await said(app, TAMAR, DEBTS)
        assert "Причина: модель отказала без основания" in answer
        assert "не для вашей роли" not in answer
        assert await dropped(app) == ["claim.refused"]
    for words in (
        "У вас нет прав на долги.",
        "Это в Батуми, другой филиал вам не виден.",
        "You are not allowed to see debts.",
    ):
        liar.text(words)
        answer = await said(app, TAMAR, DEBTS)
        assert "Причина: модель отказала без основания" in answer
        assert words not in answer
        assert "claim.refused" in await dropped(app)
    liar.block(kind="question", text="Вам это запрещено. Спросить директора?", options=["да"])
    asked = await app.ask(TAMAR, DEBTS)
    assert "запрещено" not in asked["text"]
    assert asked["buttons"] == []
    assert await denied(app) == [], "nothing was refused to anybody"


async def test_what_is_for_others_is_refused_by_code_whatever_the_model_calls_it(
    app: RunningApp, liar: Liar
) -> None:
    for number, tell in enumerate(
        (
            lambda: liar.block(kind="refusal", tool="list_debts"),
            lambda: liar.text("Долги? У вас нет прав."),
        ),
        1,
    ):
        tell()
        answer = await said(app, GIORGI, DEBTS)
        assert "не для вашей роли" in answer
        assert "У вас нет прав" not in answer
        assert await denied(app) == [("tool.list_debts", GIORGI)] * number


async def test_a_refused_call_is_told_as_it_was_refused(app: RunningApp, liar: Liar) -> None:
    liar.block(kind="refusal", tool="list_debts")
    liar.first = [ToolCallPart("list_debts", {"branch": "batumi"})]
    answer = await said(app, NINO, "кто должен в Батуми?")
    assert "Батуми" in answer
    assert COULD_NOT not in answer
    assert await dropped(app) == []
    assert await denied(app) == [("tool.list_debts", NINO)]
    liar.block(kind="refusal", tool="who_changed")
    liar.first = [ToolCallPart("list_debts", {"branch": "batumi"})]
    refused = answer.splitlines()[-1]
    assert refused in await said(app, NINO, "кто должен в Батуми?")
    assert await dropped(app) == ["claim.refused"], "another tool than the one that was refused"
    assert await denied(app) == [("tool.list_debts", NINO)] * 2


async def test_a_card_that_nobody_made_is_awaited_by_nobody(app: RunningApp, liar: Liar) -> None:
    words = "Продление ждёт подтверждения директора."
    liar.text(words)
    answer = await said(app, NINO, EXTEND)
    assert words not in answer
    assert "карточки по этой просьбе нет" in answer
    assert await dropped(app) == ["claim.waits"]
    assert ledger(app) == []
    assert "Подтвердите" in (await card_of(app, NINO, MOVE))["text"]
    assert words in await said(app, NINO, EXTEND), "one waits for her now"
    assert await dropped(app) == []


async def test_a_failure_that_did_not_happen_is_not_told(app: RunningApp, liar: Liar) -> None:
    words = "RentProg сейчас не отвечает."
    liar.text(words)
    answer = await said(app, LASHA, "бронь 1200")
    assert words not in answer
    assert "сослалась на сбой, которого не было" in answer
    assert await dropped(app) == ["claim.silent"]
    app.rentprog.faults.start("down", {})
    liar.first = [ToolCallPart("extend_booking", {"number": 1200, "until_day": "2026-03-15"})]
    answer = await said(app, LASHA, EXTEND)
    assert words in answer, "it was asked, and was down"
    assert await dropped(app) == []


async def test_after_a_card_a_role_says_only_what_is_borne_out(app: RunningApp, liar: Liar) -> None:
    honest = "Ключи лежат в сейфе."
    for text, words in (
        ("вернут вечером", "RentProg не отвечает."),
        ("вернут утром", "Теперь возврат ждёт подтверждения директора."),
    ):
        liar.first = [ToolCallPart("note_booking", {"number": 1200, "text": text})]
        liar.says = {"blocks": [{"kind": "text", "text": each} for each in (words, honest)]}
        card = await card_of(app, LASHA, "запиши в бронь 1200")
        await app.press(LASHA, card, 0)
        after = [m["text"] for m in app.seen(LASHA) if int(m["id"]) > int(card["id"])]
        assert honest in after, after
        assert not [each for each in after if words in each]


async def test_an_empty_answer_blames_no_source_that_was_not_asked(
    app: RunningApp, liar: Liar
) -> None:
    liar.block(kind="facts", ids=["f7"])
    assert "ответа не нашлось" in await said(app, LASHA, "бронь 1200")
    for words in ("Готово, бронь 1200 продлена до 15.03 ✅", "Гoтoвo, всё сдeлaнo"):
        liar.text(words)
        answer = await said(app, LASHA, EXTEND)
        assert "модель сообщила о том, чего в записях нет" in answer
        assert words not in answer
        assert await dropped(app) == ["claim.done"]
    assert ledger(app) == []


async def test_the_routers_question_claims_nothing(servers: Servers, tmp_path: Path) -> None:
    router = Liar()
    models = {"router": FunctionModel(router)}
    async with running_feature(servers, tmp_path, models=models) as app:
        router.says = {"question": "Бронь продлена ✅ Что ещё?", "options": ["где малибу 235"]}
        assert "Этого не понял" in await said(app, LASHA, EXTEND)
        router.says = {"question": "Какая бронь?", "options": ["бронь 1200"]}
        answer = await app.ask(LASHA, EXTEND)
        assert "Какая бронь?" in answer["text"]
        assert answer["buttons"] == [["бронь 1200"]]
