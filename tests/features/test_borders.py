"""Rubbish at every border of a running Jarvis: kept, refused alone, said; never lost, never in the
way of the rest."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from pydantic_ai import models

from jarvis.engine import refs
from jarvis.engine.db import Database
from jarvis.entrypoints.web import web_app
from jarvis.integrations.llm.sandbox import LlmSandbox
from jarvis.integrations.llm.sandbox.server import ScriptedAnswer
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.integrations.storage.port import LinkSigner, connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.text import MESSAGE_CHARS
from jarvis.testing.app import RunningApp
from jarvis.testing.core import SECRETS, load_all
from jarvis.testing.feature import running_feature
from jarvis.testing.local import LocalTransport
from jarvis.testing.servers import Servers
from tests.scenes.mirror import mirroring, running
from tests.scenes.people import NINO
from tests.unit.test_borders import BODIES, hooks


@pytest.fixture(scope="module")
async def talk(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path_factory.mktemp("borders")) as running_:
        yield running_


def drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
    """The examples of the profile, for a test that awaits."""
    found: list[Any] = []

    @given(strategy)
    def look(example: Any) -> None:
        found.append(example)

    look()
    return found


async def test_every_body_is_kept_byte_for_byte_whatever_a_reader_makes_of_it(
    servers: Servers,
) -> None:
    async with mirroring(servers) as (_, core):
        transport = LocalTransport(lambda: web_app(core))
        async with httpx.AsyncClient(
            base_url="http://jarvis", trust_env=False, transport=transport
        ) as http:
            for body in [*BODIES.values(), *drawn(st.binary(max_size=200) | hooks())]:
                answer = await http.post(f"/hooks/rentprog/{SECRETS['tbilisi']}", content=body)
                assert (answer.status_code, answer.content) == (200, b"")
                row = await core.db.fetchrow(
                    "SELECT body, ordering_key, kind FROM event WHERE body IS NOT NULL ORDER BY "
                    "seq DESC LIMIT 1"
                )
                assert row is not None
                assert row["body"] == body
                assert row["ordering_key"].isascii()
                assert row["kind"].isascii()
                assert len(row["ordering_key"]) < 60


async def test_a_body_over_the_limit_is_refused_and_counted(servers: Servers) -> None:
    async with mirroring(servers) as (_, core):
        transport = LocalTransport(lambda: web_app(core))
        async with httpx.AsyncClient(
            base_url="http://jarvis", trust_env=False, transport=transport
        ) as http:

            async def piecewise() -> AsyncGenerator[bytes]:
                for _ in range(10):
                    yield b"x" * 30_000

            path = f"/hooks/rentprog/{SECRETS['tbilisi']}"
            assert (await http.post(path, content=b"x" * 300_000)).status_code == 413
            assert (await http.post(path, content=piecewise())).status_code == 413, (
                "no length was told before"
            )
            assert (await http.post(path, content=b"x" * 262_144)).status_code == 200
        row = await core.db.fetchrow("SELECT source, reason, deliveries FROM refused_delivery")
        assert row is not None
        assert tuple(row) == ("rentprog:tbilisi", "too large", 2)
        assert await core.db.fetchval("SELECT count(*) FROM event") == 1


@pytest.mark.parametrize(
    ("data", "mime", "disposition"),
    [
        (b"<html><script>alert(1)</script>", "application/octet-stream", "attachment"),
        (b"<svg onload=alert(1)>", "application/octet-stream", "attachment"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 9, "image/png", "inline"),
        (b"\xff\xd8\xff\xe0", "image/jpeg", "inline"),
    ],
)
async def test_a_stored_file_is_served_as_what_its_bytes_are(
    servers: Servers, tmp_path: Path, data: bytes, mime: str, disposition: str
) -> None:
    """Its key says that it is a picture, whatever it is."""
    signer = LinkSigner("http://jarvis", "secret")
    async with (
        mirroring(servers) as (_, core),
        connect(StorageSettings(url=f"file://{tmp_path}"), None, signer=signer) as storage,
        httpx.AsyncClient(
            trust_env=False,
            transport=LocalTransport(lambda: web_app(core, storage=storage, signer=signer)),
        ) as http,
    ):
        await storage.put("a.jpg", data, content_type="image/jpeg")
        link = signer.link("a.jpg", 60)
        answer = await http.get(link)
        assert (answer.status_code, answer.content) == (200, data)
        assert answer.headers["content-type"] == mime
        assert answer.headers["content-disposition"] == disposition
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await http.get(link + "я")).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/media/a.jpg?sign=я&until=1",
        "/media/a.jpg?sign=%ff&until=9",
        "/media/%00?sign=a",
        "/media/%ff%fe?sign=a",
        "/media/../../etc/passwd",
        f"/media/a?until={'9' * 400}",
        f"/media/a?until={'9' * 5000}",
        "/media/a?until=²",
        "/media/a?until=x",
        "/media/a?sign=%00",
        "/hooks/rentprog/%ff",
        "/%00",
        "/hooks/rentprog/я",
    ],
)
async def test_no_path_and_no_query_is_an_error_of_ours(servers: Servers, path: str) -> None:
    async with mirroring(servers) as (_, core):
        app = web_app(core, storage=_Nothing(), signer=LinkSigner("http://jarvis", "secret"))  # pyright: ignore[reportArgumentType]  # never reached
        transport = LocalTransport(lambda: app)
        async with httpx.AsyncClient(
            base_url="http://jarvis", trust_env=False, transport=transport
        ) as http:
            for answer in (
                await http.get(path),
                await http.post(path, content=b"\xff", headers=[(b"x-odd", b"\xff\x01")]),
            ):
                assert 400 <= answer.status_code < 500


class _Nothing:
    """A storage that nobody may ask: no link of this test is ours."""


async def test_control_signs_are_dropped_from_a_name_and_kept_visibly_beside(
    servers: Servers,
) -> None:
    async with mirroring(servers) as (sandbox, core):
        key = next(iter(sandbox.data.clients))
        sandbox.data.clients[key] |= {"name": "Ан\0на\u202e", "email": "a\ud800@b"}
        assert (await load_all(core))["state"] == "ok", "signs can be dropped without a lie"
        found = await refs.subject(core.db, "rentprog", "client", str(key))
        row = await core.db.fetchrow("SELECT * FROM client WHERE id = $1", found)
        assert row is not None
        assert (row["first_name"], row["email"]) == ("Анна", "a\ufffd@b")
        assert row["raw"]["name"] == "Ан␀на\u202e"
        await load_all(core)
        assert not await core.db.fetchval(
            "SELECT count(*) FROM event WHERE kind = 'client.updated'"
        ), "what is kept is compared"


async def test_one_bad_record_is_rejected_with_its_reason_and_the_rest_go_on(
    servers: Servers,
) -> None:
    async with mirroring(servers) as (sandbox, core):
        clients, bookings, cars = (
            list(sandbox.data.clients),
            list(sandbox.data.bookings),
            list(sandbox.data.cars),
        )
        sandbox.data.clients[clients[0]]["name"] = {"first": "Анна"}
        sandbox.data.clients[clients[1]]["id"] = None
        sandbox.data.clients[clients[2]] = "rubbish"  # pyright: ignore[reportArgumentType]  # what a list may hold all the same
        sandbox.data.cars[cars[0]]["mileage"] = 2**31
        sandbox.data.cars[cars[1]]["year"] = 10**30
        sandbox.data.bookings[bookings[0]]["total"] = 1e300
        sandbox.data.bookings[bookings[1]]["end_date"] = "01-01-9999 10:00"
        sandbox.data.bookings[bookings[2]]["start_date"] = "01-01-0000 10:00"
        report = await load_all(core)
        assert report["state"] == "partial"
        assert sum(p["rejected"] for p in report["parts"].values()) == 8
        assert all(p["read"] == p["saved"] + p["rejected"] for p in report["parts"].values())
        rows = await core.db.fetch("SELECT external_key, reason, raw FROM sync_rejection")
        assert {r["external_key"] for r in rows} == {
            str(k) for k in (clients[0], None, *cars[:2], *bookings[:3])
        }
        assert all(r["raw"] for r in rows)
        reasons = {r["external_key"]: r["reason"] for r in rows}
        assert "Client.name" in reasons[str(clients[0])]
        assert "9999" in reasons[str(bookings[1])]


async def test_a_webhook_whose_record_cannot_be_stored_is_final_and_blocks_nothing(
    servers: Servers,
) -> None:
    async with running(servers, sockets=False) as house:
        key = next(iter(house.sandbox.data.cars))
        car = (await house.car(key))["mileage_km"]
        body = json.dumps(
            {"event": "car_update", "payload": {"id": key, "mileage": [car, 2**31]}}
        ).encode()
        assert await house.post("tbilisi", body) == 200
        await house.sandbox.change("set_mileage", {"car": str(key), "mileage": car + 5})
        await house.quiet()
        row = await house.core.db.fetchrow(
            "SELECT s.state, s.attempts, s.cause FROM event e JOIN event_status s USING (id) WHERE "
            "e.body = $1",
            body,
        )
        assert row is not None
        assert (row["state"], row["attempts"]) == ("dead", 1)
        assert "Car.mileage" in row["cause"]
        assert [f"rentprog.changed: {said}" for said in house.alerts] == [row["cause"]]
        assert (await house.car(key))["mileage_km"] == car + 5


ODD = {
    "car_card": {"name": "4\0 1\ud8007"},
    "extend_booking": {"number": 1200, "days": 10**12},
    "list_bookings": {"what": "pickups", "start": "9999-12-31T00:00"},
    "check_availability": {"start": "0001-01-01", "end": "2026-03-14"},
    "note_booking": {"number": 10**30, "text": "x" * 5000},
    "no\0 tool": {"a\ud800": "\0"},
}


def odd_model(body: Mapping[str, Any]) -> ScriptedAnswer:
    """Routes to the bookings; that role's model calls every tool with what no tool can take, then
    says something odd."""
    names = {t["function"]["name"] for t in body["tools"]}
    if "who_changed" not in names:
        route = {
            "delegations": [
                {"role": "bookings", "request": "продли\0 1200\ud800 на год", "reason": "\u202ex"}
            ]
        }
        return ScriptedAnswer(calls=[(next(iter(names)), route)])
    if body["messages"][-1]["role"] != "tool":
        return ScriptedAnswer(
            text="минуту\0\ud800",
            calls=[(name, args) for name, args in ODD.items() if name in names or "\0" in name],
        )
    block = {"kind": "text", "text": "Такого\0 срока не бывает\ud800, назовите\u202e другой."}
    return ScriptedAnswer(
        calls=[(next(n for n in names if n.startswith("final")), {"blocks": [block]})]
    )


async def test_no_text_and_no_argument_of_a_model_costs_a_person_the_answer(
    servers: Servers, tmp_path: Path
) -> None:
    async with LlmSandbox(odd_model).running() as provider:
        with models.override_allow_model_requests(True):
            llm = LlmSettings(
                chain=("openai:gpt-4o",),
                openai_api_key=SecretStr("k"),
                openai_base_url=provider.openai_url,
                deadline_s=5,
            )
            async with running_feature(servers, tmp_path, llm=llm) as app:
                answer = await app.ask(NINO, "продли 1200 на год")
                assert "Такого срока не бывает\ufffd, назовите другой." in answer["text"]
                row = await app.core.db.fetchrow(
                    "SELECT state, attempts FROM event_status WHERE kind = 'message.employee'"
                )
                assert row is not None
                assert tuple(row) == ("done", 1)
                assert "\0" not in str(
                    await app.core.db.fetch("SELECT messages FROM agent_message")
                )
                again = await app.ask(NINO, "продли 1200 на год")
                assert "Такого срока не бывает" in again["text"], "what was stored is read again"


async def test_odd_words_and_files_of_people_get_their_event_and_a_word(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        assert "Malibu 235" in (await app.ask(NINO, "где\0 малибу \u202e235?"))["text"]
        assert (
            await app.core.db.fetchval(
                "SELECT payload->>'text' FROM event WHERE kind = 'message.employee'"
            )
            == "где малибу 235?"
        )
        for name in ("plain.pdf", "a\0b\n\u202ec.pdf"):
            app.telegram.send(
                NINO,
                "dm",
                "",
                photos=[
                    {
                        "kind": "document",
                        "data": b"%PDF-1.4",
                        "name": name,
                        "mime": "application/pdf",
                    }
                ],
            )
            await app.quiet()
        names = await app.core.db.fetch(
            "SELECT payload->'media'->>'name' AS name FROM event WHERE payload->'media' <> 'null' "
            "ORDER BY seq"
        )
        assert [r["name"] for r in names] == ["plain.pdf", "ab c.pdf"]
        answer = await app.ask(NINO, "что свободно на выходные в Батуми")
        seen = app.telegram.state.chat_of(app.telegram.state.person(NINO), "dm").messages[
            int(answer["id"])
        ]
        seen.buttons = [
            [replace(button, data=b"a\0\xff") for button in row] for row in seen.buttons
        ]
        await app.telegram.press(NINO, "dm", int(answer["id"]), 0)
        await app.quiet()
        assert (
            await app.core.db.fetchval(
                "SELECT payload->>'token' FROM event WHERE kind = 'callback.button'"
            )
            == "a\ufffd"
        )
        assert (
            await app.core.db.fetchval(
                "SELECT count(*) FROM event_status WHERE state <> 'done' OR attempts > 1"
            )
            == 0
        )


@pytest.mark.parametrize("length", [2001, 4000, MESSAGE_CHARS])
async def test_a_long_letter_is_answered(talk: RunningApp, length: int) -> None:
    text = ("где малибу 235? " * 300)[:length]
    answer = (await talk.ask(NINO, text))["text"]
    assert "Malibu 235" in answer
    assert "модель не ответила" not in answer


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("продли 1200 до 29.02", "Даты 29.02 нет"),
        ("продли 1200 до 31 апреля", "Даты 31.04 нет"),
        ("продли 1200 до 01.01.9999", "Даты 01.01.9999 нет"),
        ("extend booking 1200 until february 30", "There is no 30.02"),
        ("бронь 0000", "Такого числа быть не может"),
        ("запиши в бронь 1200: " + "долго " * 200, "до 500 знаков"),
    ],
)
async def test_what_cannot_be_is_said(talk: RunningApp, said: str, word: str) -> None:
    answer = (await talk.ask(NINO, said))["text"]
    assert word in answer
    assert "модель не ответила" not in answer


async def test_a_value_that_fits_no_column_is_no_lost_connection(db: Database) -> None:
    import asyncpg

    from jarvis.engine.db import DATABASE_AWAY

    for sql, value in (
        ("SELECT $1::int", 2**31),
        ("SELECT $1::text", "\ud800"),
        ("SELECT $1::text", "\0"),
        ("SELECT $1::int", "x"),
    ):
        for ask in (db.fetch, db.fetchrow, db.fetchval, db.execute):
            with pytest.raises(asyncpg.DataError) as refused:
                await ask(sql, value)
            assert not isinstance(refused.value, DATABASE_AWAY)
        async with db.transaction() as tx:
            with pytest.raises(asyncpg.DataError):
                await tx.fetchval("SELECT $1::bigint", 2**70)
    assert await db.fetchval("SELECT $1::jsonb", {"a\0": ["\ud800", float("nan"), 10**5000]}) == {
        "a␀": ["\ufffd", "nan", "<a number of more than 1,000 digits>"]
    }
