"""The tier without a wire shows what the whole thing shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.acting import EXTEND, card_of, ledger
from tests.scenes.material import picture
from tests.scenes.people import DATO, LASHA, NINO
from tests.scenes.topics import MALIBU, TBILISI, move, small_world


async def talk(app: RunningApp) -> None:
    """A question with buttons, and a change of RentProg behind a card."""
    question = await app.ask(NINO, "где малибу")
    if question["buttons"]:
        await app.press(NINO, question, 0)
    await app.press(LASHA, await card_of(app, LASHA, EXTEND), 0)


async def material(app: RunningApp) -> None:
    """An album is taken out of a topic, filed and published; a file is refused."""
    app.telegram.send(LASHA, TBILISI, "бампер", photos=[picture(n) for n in range(3)], topic=MALIBU)
    await app.quiet()
    await app.press(LASHA, app.seen(LASHA)[-1], "Приём №1200")
    await app.quiet()
    file = {"kind": "document", "data": picture()[:300], "name": "a.jpg", "mime": "image/jpeg"}
    app.telegram.send(LASHA, "dm", "", photos=[file])
    await app.quiet()


async def topics(app: RunningApp) -> None:
    """A car moves, its old topic goes, somebody takes a right away, a message is edited."""
    _, message = app.telegram.send(LASHA, TBILISI, "Колесо спустило", topic=MALIBU)
    app.telegram.edit(LASHA, TBILISI, message.id, "Колесо спустило, заднее")
    await app.quiet()
    await move(app, "batumi")
    await app.telegram.change("block_bot", {"person": DATO})
    await app.telegram.change("demote_bot", {"chat": TBILISI})
    await move(app, "tbilisi")


def everything(app: RunningApp) -> dict[str, Any]:
    """Each chat and topic as its people see it, what was taken away there, and what RentProg
    carried out.

    Topics are made side by side, so their numbers are left out.
    """
    state, names = app.telegram.state, {u.id: u.name for u in app.telegram.state.users.values()}
    chats: dict[str, Any] = {}
    for chat in state.chats.values():
        for topic in (None, *chat.topics.values()):
            place = (
                f"{chat.title or chat.id} / {topic and (topic.title, topic.closed, topic.deleted)}"
            )
            assert place not in chats
            chats[place] = [
                (
                    names.get(m.sender),
                    m.text,
                    m.service,
                    m.deleted,
                    m.pinned,
                    m.media and m.media.kind,
                    [[b.label for b in row] for row in m.buttons],
                )
                for m in chat.messages.values()
                if m.topic == (topic and topic.id)
            ]
    return chats | {"rentprog": ledger(app)}


@pytest.mark.parametrize("play", [talk, material, topics])
async def test_both_tiers_show_the_same(
    servers: Servers, tmp_path: Path, play: Callable[[RunningApp], Awaitable[None]]
) -> None:
    seen: list[dict[str, Any]] = []
    for opened in (running_app, running_feature):
        async with opened(servers, tmp_path / opened.__name__, world=small_world()) as app:
            await play(app)
            seen.append(everything(app))
    assert seen[0] == seen[1]
