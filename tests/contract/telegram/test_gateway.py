"""The gateway over real MTProto: the four failure walks, one holder at a time, floods, refusals of
Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from jarvis.engine import idle
from jarvis.engine.db import Database
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.media import TelegramMedia
from jarvis.integrations.telegram.messages import TelegramMessages
from jarvis.integrations.telegram.sandbox import TelegramSandbox
from jarvis.kit.errors import NotFound, Rejected, SettingsMissing, Unavailable
from jarvis.testing.core import NOW, until
from tests.scenes.gateway import gateway, quiet, settings

NINO = 7001003
GROUP = -1000000005001


@pytest.fixture
async def sandbox() -> AsyncGenerator[TelegramSandbox]:
    running = TelegramSandbox()
    running.load(load_world(), NOW)
    async with running.running():
        yield running


@pytest.mark.parametrize(
    ("fault", "args"), [("slow", {"seconds": 4}), ("garble", {}), ("rate_limit", {"seconds": 7})]
)
async def test_a_failing_server_is_unavailable_and_recovers(
    sandbox: TelegramSandbox, db: Database, fault: str, args: dict[str, Any]
) -> None:
    async with gateway(sandbox, db) as bot:
        await asyncio.wait_for(bot.ready.wait(), 10)
        await TelegramMessages(bot).send(uuid4(), NINO, "before")
        sandbox.faults.start(fault, args)
        with pytest.raises(Unavailable) as caught:
            await TelegramMessages(bot).send(uuid4(), NINO, "during")
        if fault == "rate_limit":
            assert caught.value.retry_after_s == 7
        sandbox.faults.stop()
        sandbox.cut_all()
        await asyncio.sleep(0.2)

        async def sent() -> bool:
            try:
                await TelegramMessages(bot).send(uuid4(), NINO, "after")
            except Unavailable:
                await asyncio.sleep(0.2)
                return False
            return True

        await until(sent, seconds=20)
    assert sandbox.messages_of("Нино Беридзе", "dm")[-1]["text"] == "after"


async def test_a_server_that_is_down_means_not_ready_until_it_is_back(
    sandbox: TelegramSandbox, db: Database
) -> None:
    sandbox.faults.start("down", {})
    async with gateway(sandbox, db) as bot:
        await asyncio.sleep(0.5)
        assert not bot.ready.is_set()
        with pytest.raises(Unavailable):
            await TelegramMessages(bot).send(uuid4(), NINO, "x")
        sandbox.faults.stop()
        await asyncio.wait_for(bot.ready.wait(), 20)


async def test_a_bad_token_is_not_ready_and_never_asks(
    sandbox: TelegramSandbox, db: Database
) -> None:
    async with gateway(sandbox, db, bot_token=SecretStr("777001:wrong")) as bot:

        async def told() -> bool:
            return "bot token" in (bot.problem or "")

        await until(told)
        assert not bot.ready.is_set()

        async def on_record() -> bool:
            return (
                await db.fetchval("SELECT reason FROM source_state WHERE name = 'Telegram'")
                is not None
            )

        await until(on_record)
    async with gateway(sandbox, db) as bot:
        await asyncio.wait_for(bot.ready.wait(), 20)
        assert (
            await db.fetchval("SELECT failing_since FROM source_state WHERE name = 'Telegram'")
            is None
        )


async def test_two_edits_of_one_second_are_two_events(
    sandbox: TelegramSandbox, db: Database
) -> None:
    async with gateway(sandbox, db) as bot:
        await one_seen(bot, sandbox, db)
        _, message = sandbox.send("Нино Беридзе", "dm", "where")
        sandbox.edit("Нино Беридзе", "dm", message.id, "where is it")
        sandbox.edit("Нино Беридзе", "dm", message.id, "where is it now")

        async def all_there() -> bool:
            return (
                await db.fetchval("SELECT count(*) FROM event WHERE kind = 'message.employee'") == 4
            )

        await until(all_there)
        # the search for gaps may see the first one edited
        rows = await db.fetch("SELECT payload FROM event ORDER BY seq OFFSET 2")
        assert [r["payload"]["text"] for r in rows] == ["where is it", "where is it now"]


async def one_seen(bot: TelegramGateway, sandbox: TelegramSandbox, db: Database) -> None:
    """A first message is in the journal, and the chat is known to have been read so far."""
    await asyncio.wait_for(bot.ready.wait(), 10)
    sandbox.send("Нино Беридзе", "dm", "first")

    async def seen() -> bool:
        return (
            await db.fetchval(
                "SELECT count(*) FROM event, chat WHERE last_seen_message IS NOT NULL"
            )
            == 1
        )

    await until(seen)


async def test_what_one_person_s_press_waits_for_keeps_nobody_else_waiting(
    sandbox: TelegramSandbox, db: Database
) -> None:
    never = asyncio.Event()

    async def hangs(user_id: int, token: str) -> str | None:
        await never.wait()
        return None

    async with gateway(sandbox, db, on_press=hangs) as bot:
        await one_seen(bot, sandbox, db)
        sent = await TelegramMessages(bot).send(
            uuid4(), NINO, "choose", buttons=[[{"label": "Go", "token": "t"}]]
        )
        press = asyncio.create_task(sandbox.press("Нино Беридзе", "dm", sent, "Go"))
        sandbox.send("Лаша Гогуадзе", "dm", "and me?")

        async def heard() -> bool:
            return bool(
                await db.fetchval("SELECT true FROM event WHERE payload->>'text' = 'and me?'")
            )

        await until(heard)
        assert not await db.fetchval("SELECT count(*) FROM event WHERE kind = 'callback.button'")
        never.set()
        press.cancel()
        await asyncio.gather(press, return_exceptions=True)


async def test_a_gap_behind_a_newer_message_is_found(
    sandbox: TelegramSandbox, db: Database
) -> None:
    """As a process leaves it that dies with an update in its hands, before another one sees the
    next message."""
    async with gateway(sandbox, db) as bot:
        await one_seen(bot, sandbox, db)
        sandbox.faults.start("drop", {})
        sandbox.send("Нино Беридзе", "dm", "lost")
        sandbox.faults.stop()
        await db.execute("UPDATE chat SET last_seen_message = last_seen_message + 5")
        await bot.gaps.fill()  # or the gateway's own first one, whichever comes first
        assert [
            r["payload"]["text"] for r in await db.fetch("SELECT payload FROM event ORDER BY seq")
        ] == ["first", "lost"]


async def test_a_lost_message_is_found_behind_many_of_our_own(
    sandbox: TelegramSandbox, db: Database
) -> None:
    async with gateway(sandbox, db) as bot:
        await one_seen(bot, sandbox, db)
        for number in range(60):
            await TelegramMessages(bot).send(uuid4(), NINO, f"ours {number}")
        sandbox.faults.start("drop", {})
        sandbox.send("Нино Беридзе", "dm", "lost")
        sandbox.faults.stop()
        await bot.gaps.fill()
        assert [
            r["payload"]["text"] for r in await db.fetch("SELECT payload FROM event ORDER BY seq")
        ] == ["first", "lost"]
        assert await bot.gaps.fill() == 0


async def test_the_menu_speaks_three_languages_and_the_name_is_known(
    sandbox: TelegramSandbox, db: Database
) -> None:
    async with gateway(sandbox, db) as bot:
        await asyncio.wait_for(bot.ready.wait(), 10)
    assert set(sandbox.state.commands) == {"", "en", "ka"}
    assert await db.fetchval("SELECT username FROM telegram_session") == bot.username


async def test_a_key_is_read_from_a_file_in_either_form(
    sandbox: TelegramSandbox, db: Database, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    key = load_pem_public_key(sandbox.key.public_pem.encode())
    path = tmp_path / "server.pem"
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    async with gateway(sandbox, db, public_key=str(path)) as bot:
        await asyncio.wait_for(bot.ready.wait(), 10)
    for bad in (
        str(tmp_path / "none.pem"),
        "-----BEGIN PUBLIC KEY-----\nrubbish\n-----END PUBLIC KEY-----",
    ):
        with pytest.raises(SettingsMissing, match="PUBLIC_KEY"):
            settings(sandbox, public_key=bad).public_key_pem()
    with pytest.raises(ValueError, match="PRODUCTION"):
        settings(sandbox, production=True)
    with pytest.raises(ValueError, match="loopback"):
        settings(sandbox, host="8.8.8.8")


async def test_a_session_of_another_data_centre_refuses_to_start(
    sandbox: TelegramSandbox, db: Database
) -> None:
    async with gateway(sandbox, db) as bot:
        await asyncio.wait_for(bot.ready.wait(), 10)
    other = TelegramGateway(db, settings(sandbox, dc=4), on_press=quiet, holder="other")
    with pytest.raises(SettingsMissing, match="data centre 2, not 4"):
        await asyncio.wait_for(other.run(), 10)


async def test_one_process_holds_the_session_and_the_other_takes_over(
    sandbox: TelegramSandbox, db: Database
) -> None:
    async with gateway(sandbox, db, "second") as standby_off:
        await asyncio.wait_for(standby_off.ready.wait(), 10)
        async with gateway(sandbox, db, "standby") as standby:
            await asyncio.sleep(0.5)
            assert not standby.ready.is_set()
            assert "standing by" in (standby.problem or "")
    async with gateway(sandbox, db, "third") as third:
        await asyncio.wait_for(third.ready.wait(), 10)
        logins = len(sandbox.logins)
        await TelegramMessages(third).send(uuid4(), NINO, "x")
    assert logins == 1, "the stored key is used again"


async def test_telegrams_own_refusals_have_words(sandbox: TelegramSandbox, db: Database) -> None:
    async with gateway(sandbox, db) as bot:
        await asyncio.wait_for(bot.ready.wait(), 10)
        first = await TelegramMessages(bot).send(
            uuid4(), NINO, "<b>one</b> &amp; two", buttons=[[{"label": "A", "token": "t"}]]
        )
        await TelegramMessages(bot).edit(
            NINO, first, "<b>one</b> &amp; two", buttons=[[{"label": "A", "token": "t"}]]
        )
        assert sandbox.messages_of("Нино Беридзе", "dm")[0]["text"] == "one & two"
        await sandbox.change("block_bot", {"person": "Нино Беридзе"})
        with pytest.raises(Rejected):
            await TelegramMessages(bot).send(uuid4(), NINO, "x")
        with pytest.raises(NotFound):
            await TelegramMessages(bot).edit(NINO, 999, "x")
        with pytest.raises(Rejected):
            await TelegramMessages(bot).send(uuid4(), 7001102, "a stranger never pressed Start")


async def test_a_repeated_send_is_the_first_one(sandbox: TelegramSandbox, db: Database) -> None:
    async with gateway(sandbox, db) as bot:
        await asyncio.wait_for(bot.ready.wait(), 10)
        effect = uuid4()
        first = await TelegramMessages(bot).send(effect, NINO, "once")
        assert await TelegramMessages(bot).send(effect, NINO, "once", attempt=2, after=0) == first
    assert len(sandbox.ledger.entries()) == 1


async def test_our_deletion_in_a_group_does_not_swallow_the_next_private_message(
    sandbox: TelegramSandbox, db: Database
) -> None:
    """The group's sequence of updates is not the account's, wherever the two happen to stand."""
    async with gateway(sandbox, db, reconcile_s=3600.0) as bot:
        await asyncio.wait_for(bot.ready.wait(), 10)
        sandbox.send("Нино Беридзе", "dm", "раз")
        group = sandbox.state.chats[GROUP]
        made = await TelegramMessages(bot).send(uuid4(), GROUP, "сообщение бота")

        async def heard(count: int) -> bool:
            return (
                await db.fetchval("SELECT count(*) FROM event WHERE kind = 'message.employee'")
                == count
            )

        await until(lambda: heard(1))
        # the next number of the group is the next of the account
        sandbox.state.box_of(group).pts = sandbox.state.box.pts
        await TelegramMedia(bot).delete(GROUP, [made])
        sandbox.send("Нино Беридзе", "dm", "два")
        await until(lambda: heard(2), seconds=10)


async def test_a_press_is_on_its_way_until_it_stands_in_the_journal(
    sandbox: TelegramSandbox, db: Database
) -> None:
    held = asyncio.Event()

    async def slowly(user: int, token: str) -> str | None:
        await held.wait()
        return None

    opened = TelegramGateway(db, settings(sandbox), on_press=slowly, holder="one")
    task = asyncio.create_task(opened.run())
    await asyncio.wait_for(opened.ready.wait(), 10)
    message = await TelegramMessages(opened).send(
        uuid4(), NINO, "Да?", buttons=[[{"label": "Да", "token": "t"}]]
    )
    assert await sandbox.press("Нино Беридзе", "dm", message, 0, wait_s=0.05) is None
    assert (await idle.in_flight(db, inputs={"telegram": sandbox.unjournaled()}))["inputs"] == 1, (
        "nobody has written it down yet"
    )
    held.set()

    async def heard() -> bool:
        return "inputs" not in await idle.in_flight(db, inputs={"telegram": sandbox.unjournaled()})

    await until(heard)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
