"""What comes from outside is read, or refused in words: no border raises anything else, whatever
bytes or words come."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jarvis.engine.db import to_jsonb
from jarvis.entrypoints.cli.app import main
from jarvis.integrations.rentprog.models import (
    Booking,
    Car,
    Client,
    Receivable,
    key_of,
    parse_moment,
    parse_record,
    unwrap,
)
from jarvis.integrations.rentprog.webhook import MAX_BODY, UnreadableHook, peek, read
from jarvis.integrations.storage.port import LinkSigner
from jarvis.kit.errors import ContractBroken, InvalidRequest, Unavailable
from jarvis.kit.http_client import send
from jarvis.kit.money import to_minor
from jarvis.kit.text import LINE_CHARS, clean, line, storable
from jarvis.kit.wire import read_json

# half surrogate pairs and U+0000 included
WILD = st.text(st.characters(exclude_categories=[]), max_size=60)
HARD = st.sampled_from(
    [
        "\0",
        "\ud800",
        "²",
        "٣",
        "9" * 4400,
        "1e999999",
        "NaN",
        "01-01-9999 10:00",
        "0000-00-00",
        "0001-01-01T00:00",
        "a\u202eb",
        2**31,
        2**63,
        10**400,
        -1,
        True,
        None,
        float("nan"),
        float("inf"),
        1e300,
    ]
)
NASTY = HARD | WILD | st.integers() | st.floats()
JSON: st.SearchStrategy[Any] = st.recursive(
    NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WILD, inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*Booking.model_fields, *Client.model_fields, *Car.model_fields} - {"id"})
RECORDS = st.dictionaries(
    st.sampled_from(FIELDS), NASTY | st.lists(NASTY, min_size=2, max_size=2), max_size=6
)
NAMES = st.sampled_from(
    ["booking_update", "client.create", "cardestroy", "client_update", "moon_rise"]
)


@st.composite
def hooks(draw: st.DrawFn) -> bytes:
    """A delivery that is almost one: any record with any id, as an object or as text, cut off now
    and then."""
    payload: object = {"id": draw(HARD | st.integers(1, 99)), **draw(RECORDS)}
    if draw(st.booleans()):
        with contextlib.suppress(ValueError):
            payload = json.dumps(payload)
    try:
        text = json.dumps(
            {"event": draw(NAMES), "payload": payload}, ensure_ascii=draw(st.booleans())
        )
    except ValueError:  # a number of more than 4,300 digits
        text = '{"event": "booking_update", "payload": {"id": ' + "7" * 4400 + "}}"
    body = text.encode(errors="surrogatepass")
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 9)) == 0 else body


DEEP = 100_000
BODIES = {
    "no text": b"\xff\xfe\x00",
    "U+0000": b'{"event":"client_update","payload":{"id":5,"name":"a\\u0000b"}}',
    "half a pair": b'{"event":"client_update","payload":{"id":5,"name":"\\ud800"}}',
    "half a pair in Ruby": b'{"event":"client_update","payload":"{\\"id\\"=>5, '
    b'\\"name\\"=>\\"\\ud800\\"}"}',
    "an id beyond 64 bits": b'{"event":"client_update","payload":{"id":99999999999999999999}}',
    "an id of no ASCII digit": '{"event":"client_update","payload":{"id":"²"}}'.encode(),
    "an endless number": b'{"event":"client_update","payload":{"id":' + b"1" * 4400 + b"}}",
    "an endless number beside": b'{"event":"client_update","payload":{"id":5,"age":'
    + b"1" * 4400
    + b"}}",
    "an endless number in Ruby": b'{"event":"client_update","payload":"{\\"id\\"=>'
    + b"1" * 4400
    + b'}"}',
    "nesting": b"[" * DEEP,
    "nested name": b'{"event":' + b"[" * 900 + b"]" * 900 + b"}",
    "nested payload": b'{"event":"client_update","payload":{"id":5,"x":'
    + b"[" * 900
    + b"]" * 900
    + b"}}",
    "nested Ruby": b'{"event":"client_update","payload":"' + b"[" * 900 + b'"}',
    "NaN": b'{"event":"client_update","payload":{"id":NaN,"name":Infinity}}',
    "a sum that is none": b'{"event":"booking_update","payload":{"id":5,"total":[NaN,-Infinity]}}',
    "a list": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("body", list(BODIES.values()), ids=list(BODIES))
def test_a_body_that_was_fatal_is_read_or_unreadable(body: bytes) -> None:
    change = peek(body)
    if change is None:
        with pytest.raises(UnreadableHook) as refused:
            read(body)
        str(refused.value).encode()
        assert "\0" not in str(refused.value)
    else:
        assert change.entity_id == 5


@given(st.binary(max_size=300) | hooks())
def test_any_webhook_is_read_or_refused_with_a_clean_key(body: bytes) -> None:
    change = peek(body)
    if change is not None:
        assert 0 < change.entity_id < 2**63
        json.loads(to_jsonb(change.values))


@given(RECORDS, NASTY)
def test_any_record_is_typed_or_refused_by_its_field(fields: dict[str, Any], key: Any) -> None:
    for kind in (Booking, Client, Car):
        with contextlib.suppress(ContractBroken):
            assert 0 <= int(key_of({"id": key})) < 2**63
            record = parse_record(kind, {"id": key, **fields})
            for value in record.model_dump(include=set(kind.model_fields)).values():
                fits(value)
    with contextlib.suppress(ContractBroken):
        fits(
            parse_record(
                Receivable,
                {"id": 1, "booking_id": key, "kind": "debt", "amount": fields.get("total")},
            ).amount
        )


def fits(value: object) -> None:
    """Whether a typed value fits the widest column that we have for it."""
    if isinstance(value, str):
        assert value == clean(value)
        value.encode()
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
    elif isinstance(value, Decimal):
        assert abs(to_minor(value)) < 2**63


@given(NASTY)
def test_any_amount_is_one_or_is_refused(value: Any) -> None:
    with contextlib.suppress(InvalidRequest):
        assert abs(to_minor(value)) < 2**63


@pytest.mark.parametrize(
    "text",
    [
        "01-01-9999 10:00",
        "31-12-1999 10:00",
        "0001-01-01T00:00+04:00",
        "01-01-0000 10:00",
        "12-03-2026 99:00",
    ],
)
def test_a_date_of_no_year_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ContractBroken):
        parse_moment(text)


@given(WILD)
def test_any_text_is_a_date_or_refused(text: str) -> None:
    with contextlib.suppress(ContractBroken):
        parse_moment(text)


@given(WILD)
def test_text_from_outside_is_clean_and_clean_text_stays(text: str) -> None:
    for cleaned in (clean(text), line(text)):
        cleaned.encode()
        assert clean(cleaned) == cleaned
        assert not set(cleaned) & {"\0", "\x1b", "\r", "\u2028", "\u202e", "\u2066"}
    assert "\n" not in line(text)
    assert len(line(text * 100)) <= LINE_CHARS
    assert clean("Анна-Мария 🚗 ქუთაისი\n\tŻółć") == "Анна-Мария 🚗 ქუთაისი\n\tŻółć"


@given(JSON)
def test_any_json_can_be_kept_and_what_is_kept_stays(value: Any) -> None:
    kept = json.loads(to_jsonb(value))
    assert json.loads(to_jsonb(kept)) == kept
    assert "\\u0000" not in to_jsonb(value).replace("\\\\", "")


def test_what_jsonb_cannot_hold_is_replaced_visibly() -> None:
    assert storable({"a\0": ["b\ud800", 10**5000, {"c": float("nan")}]}) == {
        "a␀": ["b\ufffd", "<a number of more than 1,000 digits>", {"c": "nan"}]
    }
    nest: Any = []
    for _ in range(2000):
        nest = [nest]
    assert "<nested too deep>" in to_jsonb(nest)
    assert to_jsonb({"a": "я"}) == '{"a": "я"}'


@given(st.binary(max_size=80) | WILD.map(lambda t: t.encode(errors="surrogatepass")))
def test_any_bytes_are_json_or_a_value_error(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        read_json(content)


def test_no_word_of_a_vendor_breaks_the_row_that_keeps_it() -> None:
    error = Unavailable("RentProg", "a\0b\ud800\n" + "x" * 9000)
    assert error.reason.startswith("ab\ufffd x")
    assert len(str(error)) < 600


@given(WILD, st.integers(), WILD)
def test_any_signature_is_good_or_not(key: str, until: int, sign: str) -> None:
    assert LinkSigner("http://x", "secret").valid(key, until, sign) is False


def test_the_limit_of_a_body_is_the_limit_of_the_parsers() -> None:
    from jarvis.integrations.rentprog.ruby import MAX_BYTES

    assert MAX_BODY == MAX_BYTES


def test_an_item_that_is_no_object_is_refused_alone_where_a_list_is_walked() -> None:
    rows = unwrap({"data": [{"id": 1}, "rubbish", None, {"id": 2}]}, "clients", strict=False)
    assert rows == [{"id": 1}, {"item": "rubbish"}, {"item": None}, {"id": 2}]
    for row in rows[1:3]:
        with pytest.raises(ContractBroken):
            key_of(row)
    with pytest.raises(ContractBroken):
        unwrap([{"id": 1}, "rubbish"], "receivables")


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (b"30", 30.0),
        (b"\xb2", 60.0),
        (b"9" * 5000, 60.0),
        (b"99999999", 3600.0),
        (b"", 60.0),
        (b"Wed, 21 Oct 2026 07:28:00 GMT", 60.0),
    ],
)
async def test_any_wait_that_a_vendor_names_is_read_or_left(header: bytes, wait_s: float) -> None:
    def busy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers=[(b"retry-after", header)])

    async with httpx.AsyncClient(
        base_url="http://vendor", transport=httpx.MockTransport(busy)
    ) as http:
        with pytest.raises(Unavailable) as refused:
            await send(http, "RentProg", "GET", "/cars")
    assert refused.value.retry_after_s == wait_s


def test_arguments_of_the_command_line_that_are_no_text_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # what the system hands to a process: the real entry point reads it nowhere else
    monkeypatch.setattr("sys.argv", ["jarvis", "ask", "где\udcff", "--as", "Нино"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "argument 2 is no text" in capsys.readouterr().err
