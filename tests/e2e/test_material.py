"""Media that people post in branch forums: stored, removed, put to an operation by its author, published by Jarvis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jarvis.integrations.telegram.sandbox import rpc
from jarvis.kit import faults
from tests.conftest import Servers
from tests.e2e.test_forums import BATUMI, DATO, LASHA, MALIBU, TBILISI, posts, small_world, topics
from tests.house import until
from tests.telegram_house import Talk, open_talk

POINTS = (
    "tx.before_commit", "tx.after_commit", "event.claimed", "event.handled", "effect.claimed", "effect.attempted", "effect.answered",
    "telegram.before_send", "telegram.sent",
)  # fmt: skip


@pytest.fixture
async def talk(servers: Servers, tmp_path: Path) -> AsyncGenerator[Talk]:
    async with open_talk(servers, tmp_path, world=small_world()) as opened:
        yield opened


def picture(number: int = 0, *, kind: str = "JPEG", exif: bool = False) -> bytes:
    image = Image.new("RGB", (64, 48), (number * 20 % 256, 90, 120))
    tags = image.getexif()
    if exif:
        tags[0x010F] = "Camera of a colleague"
    out = BytesIO()
    image.save(out, kind, **({"exif": tags} if exif else {}))
    return out.getvalue()


def of_people(talk: Talk, person: str, forum: str, topic: str) -> list[dict[str, Any]]:
    return [m for m in posts(talk, person, forum, topic) if m["from"] != "Jarvis"]


async def test_an_album_is_stored_removed_filed_and_published(talk: Talk) -> None:
    talk.telegram.send(LASHA, TBILISI, "бампер справа", photos=[picture(n) for n in range(10)], topic=MALIBU)
    await talk.quiet(30)
    assert not of_people(talk, LASHA, TBILISI, MALIBU), "every file of the album is gone"
    (asked,) = talk.seen(LASHA)
    assert "медиа сохранено и убрано (10 шт.)" in asked["text"]
    assert asked["buttons"] == [
        ["📝 Чек-лист: Приём №1200"], ["📝 Чек-лист: Выдача №1201"], ["Приём №1200", "Выдача №1201"], ["Повреждение", "Другое"],
    ]  # fmt: skip
    done = await talk.press(LASHA, asked, "Приём №1200")
    await talk.quiet(30)
    (done,) = talk.seen(LASHA)
    assert done["text"] == "✅ Приём №1200 · Malibu 235 · 10 шт.: сохранено и показано в теме машины"
    assert not done["buttons"]
    shown = [m for m in posts(talk, LASHA, TBILISI, MALIBU) if m["media"]]
    assert len(shown) == 10
    assert len({m["album"] for m in shown}) == 1
    assert "Приём №1200" in shown[0]["text"]
    assert "Лаша Гогуадзе" in shown[0]["text"]
    assert "бампер справа" in shown[0]["text"]
    rows = await talk.core.db.fetch(
        "SELECT i.filed_key, m.sha256 FROM media_item i JOIN media m ON m.id = i.media_id ORDER BY i.message"
    )
    assert len(rows) == 10
    assert all(
        r["filed_key"].startswith("cars/") and "/operations/" in r["filed_key"] and "/20260312/" in r["filed_key"] for r in rows
    )
    assert await talk.storage.get(rows[0]["filed_key"]) == picture(0)
    assert await talk.core.db.fetchval("SELECT count(*) FROM post WHERE gone_at IS NULL") == 10


@pytest.mark.parametrize("kind", ["photo", "video", "video_note", "voice", "audio", "gif", "sticker", "image"])
async def test_every_kind_of_media_is_stored_and_removed(talk: Talk, kind: str) -> None:
    data = {
        "photo": picture(), "image": picture(kind="PNG"), "sticker": picture(kind="WEBP"), "voice": b"OggS" + bytes(500),
        "audio": b"ID3" + bytes(500), "video": (mp4 := b"\0\0\0\x18ftypmp42" + bytes(500)), "video_note": mp4, "gif": mp4,
    }[kind]  # fmt: skip
    file = {"kind": "document" if kind == "image" else kind, "data": data}
    if kind == "image":
        file |= {"name": "scan.png", "mime": "image/png"}
    talk.telegram.send(LASHA, TBILISI, "", photos=[file], topic=MALIBU)
    await talk.quiet(30)
    assert not of_people(talk, LASHA, TBILISI, MALIBU)
    assert "(1 шт.)" in talk.seen(LASHA)[-1]["text"]
    key = await talk.core.db.fetchval("SELECT storage_key FROM media")
    assert await talk.storage.get(key) == data
    done = await talk.press(LASHA, talk.seen(LASHA)[-1], "Другое")
    await talk.quiet(30)
    assert "показано в теме машины" in (done if "показано" in done["text"] else talk.seen(LASHA)[-1])["text"]
    assert [m["kind"] for m in posts(talk, LASHA, TBILISI, MALIBU) if m["media"]]


async def test_a_text_that_becomes_media_and_posts_of_the_bot(talk: Talk) -> None:
    _, message = talk.telegram.send(LASHA, TBILISI, "сейчас приложу", topic=MALIBU)
    await talk.quiet()
    assert len(of_people(talk, LASHA, TBILISI, MALIBU)) == 1, "a text stays"
    ours = len(posts(talk, LASHA, TBILISI, MALIBU))
    talk.telegram.edit(LASHA, TBILISI, message.id, "вот", photo=picture())
    await talk.quiet(30)
    assert not of_people(talk, LASHA, TBILISI, MALIBU)
    assert await talk.core.db.fetchval("SELECT caption FROM media_item") == "вот"
    assert len(posts(talk, LASHA, TBILISI, MALIBU)) == ours - 1, "posts of Jarvis stay"
    talk.telegram.send(LASHA, TBILISI, "договор", photos=[{"kind": "document", "data": b"%PDF-1.7", "name": "a.pdf"}], topic=MALIBU)
    await talk.quiet()
    assert len(of_people(talk, LASHA, TBILISI, MALIBU)) == 1, "a document is no media"


async def test_metadata_stays_with_us_and_is_not_published(talk: Talk) -> None:
    file = {"kind": "document", "data": picture(exif=True), "name": "IMG_1.JPG", "mime": "image/jpeg"}
    talk.telegram.send(LASHA, TBILISI, "", photos=[file], topic=MALIBU)
    await talk.quiet(30)
    await talk.press(LASHA, talk.seen(LASHA)[-1], "Повреждение")
    await talk.quiet(30)
    row = await talk.core.db.fetchrow("SELECT exif, thumb_key, storage_key FROM media")
    assert row is not None
    assert row["exif"]["Make"] == "Camera of a colleague"
    (shown,) = [m for m in posts(talk, LASHA, TBILISI, MALIBU) if m["media"]]
    published = talk.telegram.state.media[shown["media"][0]].data
    assert b"Camera" not in published
    assert b"Camera" in await talk.storage.get(row["storage_key"])
    assert (await talk.storage.get(row["thumb_key"]))[:3] == b"\xff\xd8\xff"


async def test_a_file_that_is_refused_stays_and_its_author_hears_why(talk: Talk) -> None:
    for data, why in ((picture()[:300], "оборван"), (picture() + b"PK\x03\x04 archive", "спрятано")):
        file = {"kind": "document", "data": data, "name": "a.jpg", "mime": "image/jpeg"}
        talk.telegram.send(LASHA, TBILISI, "", photos=[file], topic=MALIBU)
        await talk.quiet(30)
        assert why in talk.seen(LASHA)[-1]["text"]
    assert len(of_people(talk, LASHA, TBILISI, MALIBU)) == 2, "what is not stored is not removed"
    assert not await talk.core.db.fetchval("SELECT count(*) FROM media")


async def test_without_the_right_files_are_stored_and_go_when_it_is_back(talk: Talk) -> None:
    from tests.e2e.test_reconcile import cycle

    await cycle(talk)
    await talk.telegram.change("demote_bot", {"chat": BATUMI})
    title = next(iter(topics(talk, DATO, BATUMI)))
    talk.telegram.send(DATO, BATUMI, "", photos=[picture()], topic=title)
    await talk.quiet(30)
    texts = [m["text"] for m in talk.seen(DATO)]
    assert [t for t in texts if "не хватает прав" in t and BATUMI in t]
    assert [t for t in texts if "убрать не могу" in t]
    talk.telegram.send(DATO, BATUMI, "", photos=[picture(1)], topic=title)
    await talk.quiet(30)
    tried = await talk.core.db.fetchval("SELECT count(*) FROM effect WHERE kind = 'telegram.delete'")
    assert tried == 1, "no second attempt while the right is missing"
    assert len(of_people(talk, DATO, BATUMI, title)) == 2
    await talk.telegram.change("promote_bot", {"chat": BATUMI})
    await cycle(talk)
    assert not of_people(talk, DATO, BATUMI, title)


async def test_photos_in_private_are_stored_and_asked_about_in_one_message(talk: Talk) -> None:
    answer = await talk.ask(LASHA, "", photos=[picture(), picture(1)])
    assert "Медиа сохранено (2 шт.)" in talk.seen(LASHA)[-1]["text"]
    assert answer["id"] == talk.seen(LASHA)[-1]["id"], "one message, edited"


async def test_two_presses_at_once_file_once(talk: Talk) -> None:
    talk.telegram.send(LASHA, TBILISI, "", photos=[picture()], topic=MALIBU)
    await talk.quiet(30)
    asked = talk.seen(LASHA)[-1]
    presses = [talk.telegram.press(LASHA, "dm", asked["id"], label) for label in ("Другое", "Повреждение")]
    await asyncio.gather(*presses)  # at once: both still find the buttons
    await talk.quiet(30)
    assert await talk.core.db.fetchval("SELECT count(*) FROM effect WHERE kind = 'storage.file'") == 1
    assert len([m for m in posts(talk, LASHA, TBILISI, MALIBU) if m["media"]]) == 1


async def test_a_file_that_is_still_on_its_way_becomes_a_set_of_its_own(talk: Talk) -> None:
    talk.telegram.send(LASHA, TBILISI, "", photos=[picture(), picture(1)], topic=MALIBU)
    await talk.quiet(30)
    late = await talk.core.db.fetchval(
        "UPDATE media_item SET state = 'taken', media_id = NULL WHERE message = (SELECT max(message) FROM media_item) RETURNING id"
    )
    await talk.press(LASHA, talk.seen(LASHA)[-1], "Другое")
    await talk.quiet(30)
    rows = await talk.core.db.fetch(
        "SELECT s.state, s.car_id FROM media_set s JOIN media_item i ON i.set_id = s.id WHERE i.id = $1", late
    )
    assert [(r["state"], r["car_id"] is not None) for r in rows] == [("open", True)]
    assert "1 шт." in talk.seen(LASHA)[-1]["text"]
    assert len([m for m in posts(talk, LASHA, TBILISI, MALIBU) if m["media"]]) == 1


async def test_a_changed_caption_is_no_other_file(talk: Talk) -> None:
    _, message = talk.telegram.send(LASHA, "dm", "бампер", photos=[picture()])
    await talk.quiet(30)
    talk.telegram.edit(LASHA, "dm", message.id, "бампер слева")
    await talk.quiet(30)
    rows = await talk.core.db.fetch("SELECT caption FROM media_item")
    assert [r["caption"] for r in rows] == ["бампер слева"]
    talk.telegram.edit(LASHA, "dm", message.id, "бампер справа", photo=picture(7))
    await talk.quiet(30)
    assert await talk.core.db.fetchval("SELECT count(*) FROM media_item") == 2, "another file under the same message"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_failure_at_any_point_loses_no_file_and_asks_once(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "_watch", None)  # put back afterwards: the watch belongs to the whole process
    monkeypatch.setattr(rpc, "GROUP_PER_MINUTE", 2000)  # the limits have a test of their own
    async with open_talk(servers, tmp_path, world=small_world(), telegram={"group_per_minute": 2000}) as talk:
        for n, point in enumerate(POINTS):

            async def asked(n: int = n) -> bool:
                return len(talk.seen(LASHA)) == n + 1 and bool(talk.seen(LASHA)[-1]["buttons"])

            async def published(n: int = n) -> bool:
                return "показано в теме машины" in talk.seen(LASHA)[-1]["text"]

            monkeypatch.setenv("JARVIS_FAULT", f"{point}:{n % 5 + 1}:cut")  # the failure that this round is about
            faults.arm_again()
            talk.telegram.send(LASHA, TBILISI, "", photos=[picture(n)], topic=MALIBU)
            await until(asked, seconds=100)
            await talk.telegram.press(LASHA, "dm", talk.seen(LASHA)[-1]["id"], 3)
            await until(published, seconds=100)
            monkeypatch.delenv("JARVIS_FAULT")  # this round is over
            faults.arm_again()
            assert not of_people(talk, LASHA, TBILISI, MALIBU), point
            assert len([m for m in posts(talk, LASHA, TBILISI, MALIBU) if m["media"]]) == n + 1, point
