"""A killed sandbox begins again with what it had answered and told, at the same address."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.telegram.sandbox import TelegramSandbox
from jarvis.kit.keep import Keep
from tests.scenes.material import picture
from tests.scenes.people import LASHA
from tests.scenes.topics import MALIBU, TBILISI


@pytest.fixture
async def killed(tmp_path: Path) -> AsyncGenerator[TelegramSandbox]:
    """A sandbox that people wrote to, and that ended without a last word."""
    sandbox = TelegramSandbox(ledger_path=tmp_path / "ledger")
    sandbox.load(load_world(), datetime.now(UTC))
    sandbox.remember(Keep(tmp_path / "kept"), resume=False)
    async with sandbox.running():
        sandbox.send(LASHA, "dm", "первое")
        sandbox.send(LASHA, TBILISI, "фото", photos=[picture(1)], topic=MALIBU)
        yield sandbox


async def test_chats_files_updates_and_keys_are_there_again(
    killed: TelegramSandbox, tmp_path: Path
) -> None:
    killed.ledger.add("send", text="before the kill")
    killed.save()
    killed.ledger.add("send", text="never answered")
    again = TelegramSandbox(ledger_path=tmp_path / "ledger")
    port = again.remember(Keep(tmp_path / "kept"), resume=True)
    assert (port, again.token, again.key.fingerprint) == (
        killed.port,
        killed.token,
        killed.key.fingerprint,
    )
    assert again.messages_of(LASHA, "dm") == killed.messages_of(LASHA, "dm")
    assert again.messages_of(LASHA, TBILISI, topic=MALIBU) == killed.messages_of(
        LASHA, TBILISI, topic=MALIBU
    )
    assert again.unjournaled() == killed.unjournaled()
    assert [e["text"] for e in again.ledger.entries()] == ["before the kill"], (
        "what nobody was told of did not happen"
    )
    for number, chat in killed.state.chats.items():
        assert [pts for pts, _ in again.state.chats[number].box.updates] == [
            pts for pts, _ in chat.box.updates
        ]
    assert [pts for pts, _ in again.state.box.updates] == [
        pts for pts, _ in killed.state.box.updates
    ]
    files = [
        m.media
        for m in again.state.chats[
            killed.state.chat_of(killed.state.person(LASHA), TBILISI).marked_id
        ].messages.values()
    ]
    assert [f.data for f in files if f is not None] == [picture(1)]
    _, message = again.send(LASHA, "dm", "второе")
    assert message.id == max(m["id"] for m in killed.messages_of(LASHA, "dm")) + 1


async def test_a_new_world_forgets_the_old_one(killed: TelegramSandbox, tmp_path: Path) -> None:
    killed.load(load_world(), datetime.now(UTC))
    killed.save()
    again = TelegramSandbox(ledger_path=tmp_path / "ledger")
    again.remember(Keep(tmp_path / "kept"), resume=True)
    assert again.messages_of(LASHA, "dm") == []
