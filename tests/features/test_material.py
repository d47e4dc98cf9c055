"""Media that people post in branch forums: stored, removed, put to an operation by its author,
published by Jarvis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.kit import faults
from jarvis.testing.app import RunningApp
from jarvis.testing.core import until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.material import of_people, picture
from tests.scenes.people import DATO, LASHA
from tests.scenes.topics import (
    BATUMI,
    MALIBU,
    POINTS,
    SHORT_LEASE,
    TBILISI,
    posts,
    small_world,
    topics,
)


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=small_world()) as opened:
        yield opened


@pytest.mark.parametrize(
    "kind", ["photo", "video", "video_note", "voice", "audio", "gif", "sticker", "image"]
)
async def test_every_kind_of_media_is_stored_and_removed(app: RunningApp, kind: str) -> None:
    data = {
        "photo": picture(),
        "image": picture(kind="PNG"),
        "sticker": picture(kind="WEBP"),
        "voice": b"OggS" + bytes(500),
        "audio": b"ID3" + bytes(500),
        "video": (mp4 := b"\0\0\0\x18ftypmp42" + bytes(500)),
        "video_note": mp4,
        "gif": mp4,
    }[kind]
    file = {"kind": "document" if kind == "image" else kind, "data": data}
    if kind == "image":
        file |= {"name": "scan.png", "mime": "image/png"}
    app.telegram.send(LASHA, TBILISI, "", photos=[file], topic=MALIBU)
    await app.quiet(30)
    assert not of_people(app, LASHA, TBILISI, MALIBU)
    assert "(1 шт.)" in app.seen(LASHA)[-1]["text"]
    key = await app.core.db.fetchval("SELECT storage_key FROM media")
    assert await app.storage.get(key) == data
    done = await app.press(LASHA, app.seen(LASHA)[-1], "Другое")
    await app.quiet(30)
    assert (
        "показано в теме машины"
        in (done if "показано" in done["text"] else app.seen(LASHA)[-1])["text"]
    )
    assert [m["kind"] for m in posts(app, LASHA, TBILISI, MALIBU) if m["media"]]


async def test_a_text_that_becomes_media_and_posts_of_the_bot(app: RunningApp) -> None:
    _, message = app.telegram.send(LASHA, TBILISI, "сейчас приложу", topic=MALIBU)
    await app.quiet()
    assert len(of_people(app, LASHA, TBILISI, MALIBU)) == 1, "a text stays"
    ours = len(posts(app, LASHA, TBILISI, MALIBU))
    app.telegram.edit(LASHA, TBILISI, message.id, "вот", photo=picture())
    await app.quiet(30)
    assert not of_people(app, LASHA, TBILISI, MALIBU)
    assert await app.core.db.fetchval("SELECT caption FROM media_item") == "вот"
    assert len(posts(app, LASHA, TBILISI, MALIBU)) == ours - 1, "posts of Jarvis stay"
    app.telegram.send(
        LASHA,
        TBILISI,
        "договор",
        photos=[{"kind": "document", "data": b"%PDF-1.7", "name": "a.pdf"}],
        topic=MALIBU,
    )
    await app.quiet()
    assert len(of_people(app, LASHA, TBILISI, MALIBU)) == 1, "a document is no media"


async def test_metadata_stays_with_us_and_is_not_published(app: RunningApp) -> None:
    file = {
        "kind": "document",
        "data": picture(exif=True),
        "name": "IMG_1.JPG",
        "mime": "image/jpeg",
    }
    app.telegram.send(LASHA, TBILISI, "", photos=[file], topic=MALIBU)
    await app.quiet(30)
    await app.press(LASHA, app.seen(LASHA)[-1], "Повреждение")
    await app.quiet(30)
    row = await app.core.db.fetchrow("SELECT exif, thumb_key, storage_key FROM media")
    assert row is not None
    assert row["exif"]["Make"] == "Camera of a colleague"
    (shown,) = [m for m in posts(app, LASHA, TBILISI, MALIBU) if m["media"]]
    published = app.telegram.state.media[shown["media"][0]].data
    assert b"Camera" not in published
    assert b"Camera" in await app.storage.get(row["storage_key"])
    assert (await app.storage.get(row["thumb_key"]))[:3] == b"\xff\xd8\xff"


async def test_a_file_that_is_refused_stays_and_its_author_hears_why(app: RunningApp) -> None:
    for data, why in (
        (picture()[:300], "оборван"),
        (picture() + b"PK\x03\x04 archive", "спрятано"),
    ):
        file = {"kind": "document", "data": data, "name": "a.jpg", "mime": "image/jpeg"}
        app.telegram.send(LASHA, TBILISI, "", photos=[file], topic=MALIBU)
        await app.quiet(30)
        assert why in app.seen(LASHA)[-1]["text"]
    assert len(of_people(app, LASHA, TBILISI, MALIBU)) == 2, "what is not stored is not removed"
    assert not await app.core.db.fetchval("SELECT count(*) FROM media")


async def test_without_the_right_files_are_stored_and_go_when_it_is_back(app: RunningApp) -> None:
    from tests.scenes.reconcile import cycle

    await cycle(app)
    await app.telegram.change("demote_bot", {"chat": BATUMI})
    title = next(iter(topics(app, DATO, BATUMI)))
    app.telegram.send(DATO, BATUMI, "", photos=[picture()], topic=title)
    await app.quiet(30)
    texts = [m["text"] for m in app.seen(DATO)]
    assert [t for t in texts if "не хватает прав" in t and BATUMI in t]
    assert [t for t in texts if "убрать не могу" in t]
    app.telegram.send(DATO, BATUMI, "", photos=[picture(1)], topic=title)
    await app.quiet(30)
    tried = await app.core.db.fetchval("SELECT count(*) FROM effect WHERE kind = 'telegram.delete'")
    assert tried == 1, "no second attempt while the right is missing"
    assert len(of_people(app, DATO, BATUMI, title)) == 2
    await app.telegram.change("promote_bot", {"chat": BATUMI})
    await cycle(app)
    assert not of_people(app, DATO, BATUMI, title)


async def test_photos_in_private_are_stored_and_asked_about_in_one_message(app: RunningApp) -> None:
    answer = await app.ask(LASHA, "", photos=[picture(), picture(1)])
    assert "Медиа сохранено (2 шт.)" in app.seen(LASHA)[-1]["text"]
    assert answer["id"] == app.seen(LASHA)[-1]["id"], "one message, edited"


async def test_two_presses_at_once_file_once(app: RunningApp) -> None:
    app.telegram.send(LASHA, TBILISI, "", photos=[picture()], topic=MALIBU)
    await app.quiet(30)
    asked = app.seen(LASHA)[-1]
    presses = [
        app.telegram.press(LASHA, "dm", asked["id"], label) for label in ("Другое", "Повреждение")
    ]
    await asyncio.gather(*presses)  # at once: both still find the buttons
    await app.quiet(30)
    assert (
        await app.core.db.fetchval("SELECT count(*) FROM effect WHERE kind = 'storage.file'") == 1
    )
    assert len([m for m in posts(app, LASHA, TBILISI, MALIBU) if m["media"]]) == 1


async def test_a_file_that_is_still_on_its_way_becomes_a_set_of_its_own(app: RunningApp) -> None:
    app.telegram.send(LASHA, TBILISI, "", photos=[picture(), picture(1)], topic=MALIBU)
    await app.quiet(30)
    late = await app.core.db.fetchval(
        "UPDATE media_item SET state = 'taken', media_id = NULL WHERE message = (SELECT "
        "max(message) FROM media_item) RETURNING id"
    )
    await app.press(LASHA, app.seen(LASHA)[-1], "Другое")
    await app.quiet(30)
    rows = await app.core.db.fetch(
        "SELECT s.state, s.car_id FROM media_set s JOIN media_item i ON i.set_id = s.id WHERE i.id "
        "= $1",
        late,
    )
    assert [(r["state"], r["car_id"] is not None) for r in rows] == [("open", True)]
    assert "1 шт." in app.seen(LASHA)[-1]["text"]
    assert len([m for m in posts(app, LASHA, TBILISI, MALIBU) if m["media"]]) == 1


async def test_a_changed_caption_is_no_other_file(app: RunningApp) -> None:
    _, message = app.telegram.send(LASHA, "dm", "бампер", photos=[picture()])
    await app.quiet(30)
    app.telegram.edit(LASHA, "dm", message.id, "бампер слева")
    await app.quiet(30)
    rows = await app.core.db.fetch("SELECT caption FROM media_item")
    assert [r["caption"] for r in rows] == ["бампер слева"]
    app.telegram.edit(LASHA, "dm", message.id, "бампер справа", photo=picture(7))
    await app.quiet(30)
    assert await app.core.db.fetchval("SELECT count(*) FROM media_item") == 2, (
        "another file under the same message"
    )


@pytest.fixture(scope="module")
async def shared(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    """One app for the failures at each point: what a failure leaves is what the next one meets."""
    async with running_feature(
        servers, tmp_path_factory.mktemp("shared"), world=small_world(), core=SHORT_LEASE
    ) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_a_failure_at_any_point_loses_no_file_and_asks_once(
    shared: RunningApp, point: str
) -> None:
    before = len(shared.seen(LASHA))

    async def asked() -> bool:
        return len(shared.seen(LASHA)) == before + 1 and bool(shared.seen(LASHA)[-1]["buttons"])

    async def published() -> bool:
        return "показано в теме машины" in shared.seen(LASHA)[-1]["text"]

    with faults.armed(f"{point}:2:cut") as passed:
        shared.telegram.send(LASHA, TBILISI, "", photos=[picture(before)], topic=MALIBU)
        await until(asked, seconds=100)
        await shared.telegram.press(LASHA, "dm", shared.seen(LASHA)[-1]["id"], 3)
        await until(published, seconds=100)
        assert passed[point] >= 2, "the failure came"
    assert not of_people(shared, LASHA, TBILISI, MALIBU)
    assert len([m for m in posts(shared, LASHA, TBILISI, MALIBU) if m["media"]]) == before + 1
