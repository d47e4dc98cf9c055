"""Storage over a real S3 endpoint and a folder: objects, links, hostile keys."""

# Moto ships no types for its server.
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from jarvis.integrations.storage.port import (
    LINK_MAX_S,
    PART,
    FsStorage,
    LinkSigner,
    connect,
    sha256_of,
)
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.errors import InvalidRequest, NotFound
from tests.contract.storage.sigv4 import refusal

SIGNER = LinkSigner("http://127.0.0.1:1/", "secret")


@pytest.fixture(scope="module")
def endpoint() -> Generator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["file", "s3", "gs"])
async def storage(
    request: pytest.FixtureRequest, endpoint: str, tmp_path: Path
) -> AsyncGenerator[FsStorage]:
    if request.param == "file":
        async with connect(
            StorageSettings(url=f"file://{tmp_path}/media"), None, signer=SIGNER
        ) as opened:
            yield opened
        return
    settings = StorageSettings(
        url=f"{request.param}://photos/jarvis",
        endpoint=endpoint,
        key=SecretStr("k"),
        secret=SecretStr("s"),
    )
    import s3fs

    s3fs.S3FileSystem(key="k", secret="s", endpoint_url=endpoint).call_s3(
        "create_bucket", Bucket="photos"
    )
    async with connect(settings, None) as opened:
        yield opened


async def test_what_is_put_can_be_read(storage: FsStorage) -> None:
    await storage.put("inbox/20260312/a.jpg", b"\xff\xd8picture", content_type="image/jpeg")
    assert await storage.get("inbox/20260312/a.jpg") == b"\xff\xd8picture"
    assert await storage.exists("inbox/20260312/a.jpg")
    assert not await storage.exists("inbox/none.jpg")
    with pytest.raises(NotFound):
        await storage.get("inbox/none.jpg")


async def test_what_is_put_again_is_never_seen_half(storage: FsStorage) -> None:
    texts = {letter * 300_000 for letter in (b"a", b"b")}

    async def write() -> None:
        for text in [*texts] * 5:
            await storage.put("audit/latest.json", text, content_type="application/json")

    await write()
    writing = asyncio.create_task(write())
    while not writing.done():
        assert await storage.get("audit/latest.json") in texts
    await writing


@pytest.mark.parametrize(
    "key", ["../secret", "a/../../b", "/etc/passwd", "", "a//b", "имя.jpg", "a b", "x" * 300]
)
async def test_hostile_keys_are_refused(storage: FsStorage, key: str) -> None:
    with pytest.raises(InvalidRequest):
        await storage.get(key)


async def test_a_large_file_goes_up_and_down_in_parts(storage: FsStorage, tmp_path: Path) -> None:
    path, back = tmp_path / "clip.bin", tmp_path / "back.bin"
    path.write_bytes(bytes(range(256)) * 4096 * 7)  # seven parts
    digest = await storage.put_file("inbox/clip.mp4", path, content_type="video/mp4")
    assert digest == sha256_of(path)
    parts = [len(part) async for part in storage.stream("inbox/clip.mp4")]
    assert sum(parts) == path.stat().st_size
    assert max(parts) <= PART
    await storage.get_file("inbox/clip.mp4", back)
    assert sha256_of(back) == digest
    assert await storage.copy("inbox/clip.mp4", "cars/1/operations/2/20260312/01.mp4") == digest
    assert await storage.copy("inbox/clip.mp4", "cars/1/operations/2/20260312/01.mp4") == digest, (
        "the same copy again is fine"
    )
    with pytest.raises(NotFound):
        await storage.copy("inbox/none.mp4", "cars/1/a.mp4")
    with pytest.raises(NotFound):
        await storage.get_file("inbox/none.mp4", back)


async def test_s3_links_are_signed_for_one_object_and_end(endpoint: str) -> None:
    settings = StorageSettings(
        url="s3://photos/jarvis", endpoint=endpoint, key=SecretStr("k"), secret=SecretStr("secret")
    )
    async with connect(settings, None) as storage:
        longest, short = (
            storage.link("cars/a.jpg", seconds=10**9),
            storage.link("cars/a.jpg", seconds=60),
        )
    now = datetime.now(UTC)
    assert refusal(short, "secret", now) is None
    assert refusal(short, "secret", now + timedelta(seconds=62)) == "expired"
    assert refusal(longest, "secret", now + timedelta(seconds=LINK_MAX_S - 2)) is None
    assert refusal(longest, "secret", now + timedelta(seconds=LINK_MAX_S + 2)) == "expired"
    assert refusal(short.replace("a.jpg", "b.jpg"), "secret", now) == "signature"
    assert (
        refusal(short.replace("X-Amz-Expires=60", "X-Amz-Expires=600"), "secret", now)
        == "signature"
    )
    assert refusal(short, "another", now) == "signature"
    assert refusal(short, "secret", now, method="PUT") == "signature"


def test_local_links_end_and_fit_one_object() -> None:
    link = urlsplit(SIGNER.link("a.jpg", 60))
    query = {name: values[0] for name, values in parse_qs(link.query).items()}
    until, sign = int(query["until"]), query["sign"]
    assert SIGNER.valid("a.jpg", until, sign)
    assert not SIGNER.valid("b.jpg", until, sign)
    assert not SIGNER.valid("a.jpg", until + 1, sign)
    past = LinkSigner("http://x", "secret")
    expired = urlsplit(past.link("a.jpg", -5)).query
    values = {name: rows[0] for name, rows in parse_qs(expired).items()}
    assert int(values["until"]) < time.time()
    assert not past.valid("a.jpg", int(values["until"]), values["sign"])
