"""The client without a wire refuses, waits and answers as Telethon does over MTProto."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from telethon import TelegramClient
from telethon.errors import RPCError
from telethon.tl import functions, types

from jarvis.engine.db import Database
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.sandbox import TelegramSandbox, WorldForum
from jarvis.integrations.telegram.sandbox.direct import direct
from jarvis.testing.core import NOW, until
from tests.scenes.gateway import gateway
from tests.scenes.people import LASHA, NINO_ID

FORUM, STRANGER_ID = -1000000006001, 7001999


@pytest.fixture
async def sandbox() -> AsyncGenerator[TelegramSandbox]:
    running = TelegramSandbox()
    forum = WorldForum(title="Branch_Tbilisi (forum)", branch="tbilisi", members=[LASHA])
    running.load(load_world().model_copy(update={"forums": [forum]}), NOW)
    running.state.add_person(STRANGER_ID, "Новый", "ru")
    async with running.running():
        yield running


async def send(client: TelegramClient, to: int, text: str, **extra: Any) -> Any:
    peer = await client.get_input_entity(to)
    return await client(
        functions.messages.SendMessageRequest(peer=peer, message=text, random_id=1, **extra)
    )


Asked = Callable[[TelegramClient], Awaitable[Any]]


def text(to: int, words: str, **extra: Any) -> Asked:
    async def asked(client: TelegramClient) -> Any:
        return await send(client, to, words, **extra)

    return asked


async def edit(client: TelegramClient) -> Any:
    peer = await client.get_input_entity(NINO_ID)
    return await client(functions.messages.EditMessageRequest(peer=peer, id=999, message="x"))


async def create(client: TelegramClient) -> Any:
    return await client(
        functions.channels.CreateChannelRequest(title="x", about="", megagroup=True)
    )


async def outcome(
    new: NewClient, sandbox: TelegramSandbox, db: Database, asked: Asked
) -> tuple[Any, ...]:
    async with gateway(sandbox, db, client=new) as bot:

        async def ready() -> bool:
            return bot.ready.is_set()

        await until(ready)
        try:
            answer = await asked(bot.client())
        except RPCError as error:
            return (
                type(error),
                error.code,
                error.message,
                str(error),
                getattr(error, "seconds", None),
                bot.client().is_connected(),
            )
        except ValueError as error:
            return type(error), str(error)
        return (type(answer),)


FINE = text(NINO_ID, "x")
REFUSED: dict[str, Asked] = {
    "no start": text(STRANGER_ID, "x"),
    "too long": text(NINO_ID, "x" * 5000),
    "empty": text(NINO_ID, ""),
    "no message": edit,
    "not for bots": create,
    "no topic": text(FORUM, "x", reply_to=types.InputReplyToMessage(reply_to_msg_id=777)),
    "nobody": text(12345, "x"),
    "blocked": FINE,
    "flood": FINE,
}


@pytest.mark.parametrize("name", [*REFUSED, "fine"])
async def test_a_refused_request_fails_as_over_the_wire(
    sandbox: TelegramSandbox, db: Database, name: str
) -> None:
    asked = REFUSED.get(name, FINE)
    if name == "blocked":
        await sandbox.change("block_bot", {"person": "Нино Беридзе"})
    if name == "flood":
        sandbox.faults.start("rate_limit", {"seconds": 7})
    over_the_wire = await outcome(telethon, sandbox, db, asked)
    sandbox.state.random_ids.clear()
    assert await outcome(direct(sandbox), sandbox, db, asked) == over_the_wire
    assert (name == "fine") is (not issubclass(over_the_wire[0], Exception))


async def test_a_file_comes_back_as_it_was_sent(
    sandbox: TelegramSandbox, db: Database, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 3000  # several parts
    async with gateway(sandbox, db, client=direct(sandbox)) as bot:

        async def ready() -> bool:
            return bot.ready.is_set()

        await until(ready)
        _, message = sandbox.send(
            "Нино Беридзе", "dm", "", photos=[{"kind": "document", "data": data, "name": "a.bin"}]
        )
        (row,) = await bot.messages(None, [message.id])
        await bot.client().download_media(row, str(tmp_path / "a.bin"))
        assert (tmp_path / "a.bin").read_bytes() == data
        uploaded = await bot.client().upload_file(str(tmp_path / "a.bin"), file_name="a.bin")
        assert isinstance(uploaded, types.InputFile)
        assert uploaded.name == "a.bin"


async def test_without_a_connection_nothing_is_sent(sandbox: TelegramSandbox, db: Database) -> None:
    async with gateway(sandbox, db, client=direct(sandbox)) as bot:

        async def ready() -> bool:
            return bot.ready.is_set()

        await until(ready)
        client = bot.client()
    assert not client.is_connected()
    with pytest.raises(ConnectionError):
        await send(client, NINO_ID, "x")
    assert not sandbox.receivers
