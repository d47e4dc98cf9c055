"""Nobody waits in silence: a word when it takes long, an end when it failed, whatever became of the
workers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel

from jarvis.domains.conversations.watch import Watch
from jarvis.engine import idle
from jarvis.entrypoints.worker import event_worker
from jarvis.testing.app import RunningApp
from jarvis.testing.core import until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import GOCHA, LASHA, NINO, NINO_ID, PAVEL

SOON = {"word_after_s": 0.3, "lease_s": 1.0}


def _broken(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    raise ZeroDivisionError("a bug of ours")


@pytest.mark.parametrize("who", [NINO, GOCHA])
async def test_a_request_that_dies_ends_in_a_word_and_the_next_one_is_answered(
    servers: Servers, tmp_path: Path, who: str
) -> None:
    async with running_feature(servers, tmp_path, models={"router": FunctionModel(_broken)}) as app:
        answer = await app.ask(who, "где малибу 235?")
        assert "Не получилось" in answer["text"]
        assert "ZeroDivision" not in answer["text"], "the cause is for administrators"
        assert [
            m["text"].split("\n")[0] for m in app.seen(PAVEL) if "не обработано" in m["text"]
        ], "who are told"
        assert "Чем помогу" in (await app.ask(who, "/help"))["text"]
        assert await _states(app) == ["dead"]


async def test_who_writes_while_no_worker_runs_gets_a_word_and_then_the_answer(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path, core=SOON) as app:
        await app.stop("worker")
        broken = await app.core.journal.accept(
            source="telegram", kind="callback.button", dedup_key="broken", payload={"no": "chat"}
        )
        app.telegram.send(NINO, "dm", "где малибу 235?")

        async def said(who: str) -> bool:
            return _words(app, who) == 1

        await until(lambda: said(NINO))
        app.telegram.send(LASHA, "dm", "/help")
        await until(lambda: said(LASHA))  # although the broken one was met before
        app.telegram.send(NINO, "dm", "а где элантра 414?")
        app.telegram.send(NINO, "dm", "где приус 417?")
        await _passed_on(app, 3)
        await asyncio.sleep(2 * SOON["word_after_s"])
        await app.core.get(Watch).look()

        async def carried() -> bool:
            return not (await idle.in_flight(app.core.db)).get("effects")

        await until(carried)
        assert _words(app, NINO) == 1, "one word for all that waits, wherever it waits"
        await app.core.db.execute("DELETE FROM delivery WHERE event_id = $1", broken.event_id)
        app.start("worker")
        await app.quiet()
        texts = [m["text"] for m in app.seen(NINO)]
        for car in ("Malibu 235", "Elantra 414", "Prius 417"):
            assert sum(car in text for text in texts) == 1, car
        assert not _words(app, NINO), "the word became the first answer"
        assert any("Чем помогу" in m["text"] for m in app.seen(LASHA))


async def test_a_press_is_not_kept_waiting_by_a_request_that_runs(
    servers: Servers, tmp_path: Path
) -> None:
    """Presses and commands have an order of their own."""
    opened = asyncio.Event()

    async def slow(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        await opened.wait()
        raise ZeroDivisionError

    async with running_feature(servers, tmp_path, models={"router": FunctionModel(slow)}) as app:
        app.telegram.send(NINO, "dm", "где малибу 235?")

        async def running() -> bool:
            return (
                await app.core.db.fetchval("SELECT count(*) FROM agent_run WHERE state = 'running'")
                == 1
            )

        await until(running)
        app.telegram.send(NINO, "dm", "/settings")

        async def shown() -> bool:
            return any("Язык" in m["text"] for m in app.seen(NINO))

        await until(shown)
        page = next(m for m in app.seen(NINO) if "Язык" in m["text"])
        app.telegram.send(NINO, "dm", "/inbox")
        await app.telegram.press(NINO, "dm", int(page["id"]), "English")

        async def turned() -> bool:
            return any("Language: English" in m["text"] for m in app.seen(NINO))

        await until(turned)
        assert await running(), "the request still runs"
        opened.set()
        await app.quiet()


def _words(app: RunningApp, who: str) -> int:
    return sum("Дольше обычного" in m["text"] for m in app.seen(who))


async def _passed_on(app: RunningApp, messages: int) -> None:
    """The inbox passes what Nino wrote on as requests, which nobody takes."""
    sql = "SELECT id FROM event WHERE kind = 'message.employee' AND sender = $1 ORDER BY seq"

    async def heard() -> bool:
        return len(await app.core.db.fetch(sql, f"telegram:{NINO_ID}")) == messages

    await until(heard)
    inbox = event_worker(app.core, "inbox")
    for row in await app.core.db.fetch(sql, f"telegram:{NINO_ID}"):
        assert await inbox.handle_event(row["id"])


async def _states(app: RunningApp) -> list[str]:
    rows = await app.core.db.fetch(
        "SELECT state FROM event_status WHERE kind = 'request.asked' ORDER BY seq"
    )
    return [r["state"] for r in rows]
