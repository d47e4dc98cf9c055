"""What the demo's pages and control surface refuse, and how they serve what people sent."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from jarvis.entrypoints.demo.app import DemoState
from jarvis.testing.servers import Servers
from tests.scenes.people import NINO
from tests.scenes.stage import stage_over

OURS = {"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"}
PAGE = b"<html><script>alert(1)</script></html>"
SEND = "/sandbox/telegram/send"


@pytest.fixture(scope="module")
async def shared(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[tuple[DemoState, httpx.AsyncClient]]:
    from jarvis.engine.db import open_database

    name = await servers.database()
    async with (
        open_database(servers.app_dsn(name), max_size=4) as db,
        stage_over(db, tmp_path_factory.mktemp("stage")) as opened,
    ):
        yield opened
    await servers.drop(name)


@pytest.fixture
def stage(shared: tuple[DemoState, httpx.AsyncClient]) -> DemoState:
    return shared[0]


@pytest.fixture
def http(shared: tuple[DemoState, httpx.AsyncClient]) -> httpx.AsyncClient:
    return shared[1]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "[::1]:9", "LOCALHOST"]
)
async def test_a_loopback_name_is_answered(http: httpx.AsyncClient, host: str) -> None:
    answer = await http.get("/sandbox/status", headers={"host": host})
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "evil@127.0.0.1",
        "127.0.0.1:8000:9",
        "0.0.0.0",
        "::1",
        "127.0.0.1 evil",
    ],
)
@pytest.mark.parametrize("path", ["/", "/sandbox/status", "/static/desk.js", "/no/such/page"])
async def test_any_other_name_is_refused(http: httpx.AsyncClient, host: str, path: str) -> None:
    answer = await http.get(path, headers={"host": host})
    assert (answer.status_code, list(answer.json())) == (403, ["error"])


async def test_a_request_with_two_names_is_refused(http: httpx.AsyncClient) -> None:
    twice = [("host", "127.0.0.1"), ("host", "evil.example")]
    assert (await http.get("/sandbox/status", headers=twice)).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8000"},
        {"origin": "http://127.0.0.1:9"},
        {"origin": "http://localhost:8000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        OURS | {"sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", SEND),
        ("POST", "/sandbox/clock"),
        ("POST", "/sandbox/rentprog/fault"),
        ("DELETE", "/sandbox/rentprog/fault"),
        ("POST", "/as/7001003/send"),
        ("POST", "/as/7001003/fault"),
        ("POST", "/as/7001003/clock"),
    ],
)
async def test_a_page_of_another_origin_changes_nothing(
    http: httpx.AsyncClient, stage: DemoState, method: str, path: str, said: dict[str, str]
) -> None:
    before = stage.version
    answer = await http.request(
        method, path, headers={"host": OURS["host"]} | said, json={"kind": "down", "advance_s": 9}
    )
    assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert stage.version == before
    assert not stage.vendors["rentprog"].faults.active


@pytest.mark.parametrize(
    "said",
    [{}, OURS, OURS | {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}],
)
async def test_our_own_page_and_a_script_may_write(
    http: httpx.AsyncClient, said: dict[str, str]
) -> None:
    answer = await http.post(SEND, headers=said, json={"as": NINO, "text": "привет"})
    assert answer.json()["chat"] == "dm"
    form = await http.post("/as/7001003/send", headers=said, files={"text": (None, "и ещё")})
    assert form.status_code == 303


async def test_a_file_is_never_read_by_its_path(
    http: httpx.AsyncClient, stage: DemoState, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"\xff\xd8\xff" + b"s" * 60)
    for photo in (
        str(secret),
        "/etc/passwd",
        "/tmp/photo01",
        "../README.md",
        "~/x.jpg",
        f"file://{secret}",
        {"base64": str(secret)},
        {"data": "/etc/passwd"},
        {"name": str(secret)},
        {"path": str(secret)},
    ):
        answer = await http.post(SEND, json={"as": NINO, "photos": [photo]})
        assert answer.status_code == 422, photo
        assert "never read by its path" in answer.json()["error"]
    assert not stage.telegram.state.media


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("photo", "mime", "disposition"),
    [
        (_coded(b"\xff\xd8\xff\xe0" + b"x" * 20), "image/jpeg", "inline"),
        ("data:text/html;base64," + _coded(b"\x89PNG\r\n\x1a\n"), "image/png", "inline"),
        ({"name": "a.png", "base64": _coded(b"GIF89a")}, "image/gif", "inline"),
        (_coded(PAGE), "application/octet-stream", "attachment"),
        (
            {"base64": _coded(PAGE), "mime": "text/html", "name": "a.html", "kind": "document"},
            "application/octet-stream",
            "attachment",
        ),
        (
            {"base64": _coded(b"<svg onload=alert(1)>"), "mime": "image/svg+xml"},
            "application/octet-stream",
            "attachment",
        ),
        (
            {"base64": _coded("заметка".encode("utf-16")), "kind": "document"},
            "application/octet-stream",
            "attachment",
        ),
        (
            {"base64": _coded(b"OggS\0"), "mime": "text/html", "kind": "voice"},
            "audio/ogg",
            "inline",
        ),
    ],
)
async def test_a_file_is_served_as_what_its_bytes_are(
    http: httpx.AsyncClient, stage: DemoState, photo: object, mime: str, disposition: str
) -> None:
    assert (await http.post(SEND, json={"as": NINO, "photos": [photo]})).status_code == 200
    answer = await http.get(f"/photo/{max(stage.telegram.state.media)}")
    assert answer.headers["content-type"] == mime
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_an_uploaded_page_is_no_page(http: httpx.AsyncClient, stage: DemoState) -> None:
    form = {"photo": ("a.html", PAGE, "text/html"), "text": (None, "смотри")}
    assert (await http.post("/as/7001003/send", files=form)).status_code == 303
    answer = await http.get(f"/photo/{max(stage.telegram.state.media)}")
    assert answer.content == PAGE
    assert answer.headers["content-type"] == "application/octet-stream"


async def test_what_no_browser_shows_as_a_picture_is_a_document(
    http: httpx.AsyncClient, stage: DemoState
) -> None:
    for name, mime, data, kind in (
        ("a.svg", "image/svg+xml", b"<svg/>", "document"),
        ("a.heic", "image/heic", b"\0\0\0\x18ftypheic", "document"),
        ("a.txt", "text/plain", b"\xff\xd8\xff\xe0", "photo"),
    ):
        await http.post("/as/7001003/send", files={"photo": (name, data, mime)})
        assert stage.telegram.state.media[max(stage.telegram.state.media)].kind == kind


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example", "/ /x"]
)
async def test_a_choice_of_looks_leads_to_no_other_site(http: httpx.AsyncClient, to: str) -> None:
    answer = await http.get("/look/lang/en", params={"to": to})
    assert answer.headers["location"] == "/"


async def test_a_choice_of_looks_leads_back(http: httpx.AsyncClient) -> None:
    to = "/as/7001003?chat=%D0%A1%D0%BC&pane=ledger"
    assert (await http.get("/look/lang/en", params={"to": to})).headers["location"] == to


UNREADABLE: list[tuple[str, object]] = [
    (SEND, []),
    (SEND, {"as": NINO, "photos": "abc"}),
    (SEND, {"as": NINO, "photos": [5]}),
    (SEND, {"as": NINO, "photos": [{"base64": 5}]}),
    (SEND, {"as": NINO, "photos": [{"base64": "aGk=", "kind": []}]}),
    (SEND, {"as": NINO, "photos": [{"base64": "aGk=", "name": 5}]}),
    (SEND, {"as": NINO, "text": {"a": 1}}),
    (SEND, {"as": NINO, "text": "x", "reply_to": {}}),
    (SEND, {"as": NINO, "text": "x", "topic": []}),
    ("/sandbox/telegram/press", {"as": NINO, "message_id": 1, "button": {}}),
    ("/sandbox/clock", {"advance_s": "soon"}),
    ("/sandbox/clock", {"advance_s": 1e300}),
    ("/sandbox/clock", {"advance_s": None}),
    ("/sandbox/clock", {"now": "9999-12-31T23:59:59"}),
    ("/sandbox/rentprog/fault", {"kind": "slow", "seconds": "soon"}),
    ("/sandbox/rentprog/fault", {"kind": "slow", "seconds": "nan"}),
    ("/sandbox/rentprog/fault", {"kind": "slow", "seconds": []}),
    ("/sandbox/rentprog/set_car_state", {"car": 90001}),
    ("/sandbox/rentprog/extend_booking", {"booking": 1200, "days": 10**30}),
    ("/sandbox/rentprog/change_booking", {"booking": 80001, "field": "start_date", "value": "<b>"}),
    ("/sandbox/moon/fault", {"kind": "slow"}),
]


@pytest.mark.parametrize(("path", "body"), UNREADABLE)
async def test_what_cannot_be_read_is_said_and_changes_nothing(
    http: httpx.AsyncClient, stage: DemoState, path: str, body: object
) -> None:
    answer = await http.post(path, json=body)
    assert answer.status_code in (400, 422)
    assert list(answer.json()) == ["error"]
    assert not stage.vendors["rentprog"].faults.active


async def test_a_body_without_an_end_is_refused(http: httpx.AsyncClient) -> None:
    for body in (b"{", b"\xff\xfe", b"[" * 5000):
        answer = await http.post(SEND, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "%00", "//etc/passwd"]
)
async def test_only_files_of_the_page_are_served(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.get(f"/static/{name}")
    assert (answer.status_code, list(answer.json())) == (404, ["error"])


async def test_a_refused_hour_is_said_on_the_desk(http: httpx.AsyncClient) -> None:
    for hours in ("soon", "-1", "9" * 12, "1e3"):
        answer = await http.post(
            "/as/7001003/clock", files={"hours": (None, hours)}, headers={"x-desk": "1"}
        )
        assert (answer.status_code, answer.json()["toast"]) == (200, "hours are a number")


async def test_a_bad_id_of_a_run_is_said(http: httpx.AsyncClient) -> None:
    for after in ("x", "-1", "1.5", "9" * 30, "²", "' OR 1=1"):
        answer = await http.get("/sandbox/runs", params={"after": after})
        assert (answer.status_code, list(answer.json())) == (422, ["error"])
    assert (await http.get("/sandbox/runs")).json() == []
