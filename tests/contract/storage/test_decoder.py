"""Files that people send, hostile ones too: refused with a reason, and the next one is looked into
as if nothing had happened."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncGenerator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from jarvis.integrations.storage.decoder import Decoder, open_decoder
from jarvis.kit.errors import Rejected


@pytest.fixture
async def decoder() -> AsyncGenerator[Decoder]:
    async with open_decoder(timeout_s=20) as opened:
        yield opened


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, kind)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of 40,000 × 40,000 pixels in a few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(40_001)))
        + chunk(b"IEND", b"")
    )


HOSTILE = {
    "bomb": [(bomb(), "image", "a.png")],
    "truncated": [
        (picture()[:2000], "photo", None),
        (picture("PNG")[:900], "image", "a.png"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "photo", None),
    ],
    "polyglot": [
        (picture() + b"PK\x03\x04" + bytes(60), "photo", None),
        (picture("PNG") + b"<script>alert(1)</script>", "image", "a.png"),
        (picture("WEBP") + b"%PDF-1.7", "sticker", None),
        (picture("GIF") + b"<?php", "image", "a.gif"),
    ],
    "extension": [(picture("PNG"), "image", "holiday.jpg"), (picture(), "image", "scan.png")],
    "format": [
        (b"GIF of no kind", "image", "a.gif"),
        (b"", "photo", None),
        (b"BM" + bytes(200), "image", "a.bmp"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "image", "a.heic"),
        (b"<svg onload=x>", "image", "a.svg"),
    ],
    "kind": [
        (picture(), "voice", None),
        (b"OggS" + bytes(99), "photo", None),
        (b"\0\0\0\x18ftypmp42" + bytes(99), "photo", None),
    ],
}


@pytest.mark.parametrize(
    ("reason", "data", "kind", "name"),
    [(r, *case) for r, cases in HOSTILE.items() for case in cases],
)
async def test_hostile_files_are_refused_with_a_reason(
    decoder: Decoder, tmp_path: Path, reason: str, data: bytes, kind: str, name: str | None
) -> None:
    path = tmp_path / "in"
    path.write_bytes(data)
    with pytest.raises(Rejected) as refused:
        await decoder.inspect(path, kind, name, tmp_path)
    assert refused.value.reason == reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_pictures_are_described_and_made_clean(
    decoder: Decoder, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "in"
    # smooth: noise of this size takes longer to write than to look into
    picture = Image.linear_gradient("L").resize((3000, 1500))  # pyright: ignore[reportUnknownMemberType]  # Pillow leaves it open
    picture.convert("RGB").save(path, kind)
    seen = await decoder.inspect(path, "image", None, tmp_path)
    assert (seen.width, seen.height) == (3000, 1500)
    assert seen.clean is not None
    assert seen.thumb is not None
    with Image.open(seen.clean) as clean, Image.open(seen.thumb) as thumb:
        assert clean.size == (2560, 1280)
        assert thumb.size == (320, 160)
        assert not clean.getexif()


async def test_what_phones_append_to_a_picture_is_no_polyglot(
    decoder: Decoder, tmp_path: Path
) -> None:
    path = tmp_path / "in"
    for appended in (picture(size=(64, 64)), b"\0\0\0\x18ftypmp42" + bytes(2000), bytes(16)):
        path.write_bytes(picture() + appended)
        assert (await decoder.inspect(path, "image", "MVIMG.jpg", tmp_path)).mime == "image/jpeg"


async def test_tags_turn_the_picture_and_are_kept_aside(decoder: Decoder, tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20))
    tags = image.getexif()
    tags[0x0112], tags[0x0110] = 6, "Phone"  # lies on its side
    path = tmp_path / "in"
    image.save(path, "JPEG", exif=tags)
    seen = await decoder.inspect(path, "image", "a.jpg", tmp_path)
    assert (seen.width, seen.height) == (20, 40)
    assert seen.exif is not None
    assert seen.exif["Model"] == "Phone"


async def test_a_child_that_dies_or_hangs_costs_one_file(tmp_path: Path) -> None:
    good, fifo = tmp_path / "good", tmp_path / "endless"
    good.write_bytes(picture())
    import os

    os.mkfifo(fifo)  # reading it never ends
    async with open_decoder(timeout_s=0.4) as decoder:
        with pytest.raises(Rejected) as refused:
            await decoder.inspect(fifo, "photo", None, tmp_path)
        assert refused.value.reason == "heavy"
    async with open_decoder() as decoder:
        assert (await decoder.inspect(good, "photo", None, tmp_path)).mime == "image/jpeg"
        child = decoder._child  # pyright: ignore[reportPrivateUsage]  # the test kills it, as the kernel would
        assert child is not None
        child.kill()
        assert (await decoder.inspect(good, "photo", None, tmp_path)).mime == "image/jpeg"
