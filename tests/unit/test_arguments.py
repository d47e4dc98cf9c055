"""What a model may hand to us, and what the grammar makes of any words: bounded, clean, and never
an exception."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from agents.blocks import Answer
from agents.bookings.intents import continued, orders_of
from agents.router.output import Route, RouteProposal
from agents.workspace.intents import errand_of
from jarvis.kit.clock import TBILISI
from jarvis.kit.text import MESSAGE_CHARS, clean
from jarvis.language.dates import impossible_date
from jarvis.language.entities import understand
from jarvis.language.offline import Finish, Turn
from tests.unit.test_borders import HARD, NASTY, WILD
from tools.arguments import again
from tools.policy import toolsets

TOOLS = {
    name: tool.function_schema for toolset in toolsets() for name, tool in toolset.tools.items()
}
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    **{name: schema.json_schema for name, schema in TOOLS.items()},
    **{kind.__name__: TypeAdapter(kind).json_schema() for kind in (Answer, Route, RouteProposal)},
}
NOW = datetime(2026, 3, 12, 14, 30, tzinfo=TBILISI)


def leaves(
    schema: Mapping[str, Any], root: Mapping[str, Any], place: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every value of a JSON schema that holds no other."""
    if "$ref" in schema:
        yield from leaves(root["$defs"][schema["$ref"].rpartition("/")[2]], root, place)
        return
    branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    for branch in branches:
        yield from leaves(branch, root, place)
    for name, inner in schema.get("properties", {}).items():
        yield from leaves(inner, root, f"{place}.{name}")
    if "items" in schema:
        yield from leaves(schema["items"], root, f"{place}[]")
    if not branches and schema.get("type") != "object":
        yield place, schema


def unbounded(schema: Mapping[str, Any]) -> str | None:
    """What lacks a bound; dates are shown by what their validators refuse, since JSON schema has no
    bound for them."""
    kind = schema.get("type")
    if (
        "enum" in schema
        or "const" in schema
        or kind in ("boolean", "null")
        or schema.get("format") in ("date", "date-time")
    ):
        return None
    needs = {
        "string": ("maxLength",),
        "integer": ("minimum", "maximum"),
        "number": ("minimum", "maximum"),
        "array": ("maxItems",),
    }
    return next(
        (f"no {need}" for need in needs.get(str(kind), ("type",)) if need not in schema), None
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_argument_and_every_output_is_bounded(name: str) -> None:
    schema = SCHEMAS[name]
    free = {
        place: lack for place, leaf in leaves(schema, schema, name) if (lack := unbounded(leaf))
    }
    assert not free
    assert not [
        n
        for n, inner in schema.get("$defs", {}).items()
        if inner.get("additionalProperties") not in (None, False)
    ]


def _refused(name: str, field: str, value: object) -> bool:
    try:
        TOOLS[name].validator.validate_python({field: value})
    except ValidationError as error:
        return any(
            each["loc"][:1] == (field,) and each["type"] != "missing" for each in error.errors()
        )
    return False


DATES = [
    (name, field)
    for name, schema in TOOLS.items()
    for field, inner in schema.json_schema["properties"].items()
    if any(
        leaf.get("format") in ("date", "date-time")
        for _, leaf in leaves(inner, schema.json_schema, "")
    )
]


@pytest.mark.parametrize(("name", "field"), DATES)
def test_every_date_lies_in_a_sane_range(name: str, field: str) -> None:
    for odd in (
        "9999-12-31",
        "0001-01-01",
        "1999-12-31T23:59",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "2026-02-29",
        10**12,
        1e300,
    ):
        assert _refused(name, field, odd), odd
    assert not _refused(name, field, "2028-02-29")


@pytest.mark.parametrize("odd", [0, -1, 10**12, 2**31, "²", "9" * 5000, float("nan"), 1.5])
def test_odd_numbers_are_refused(odd: object) -> None:
    assert _refused("extend_booking", "days", odd)
    assert _refused("booking_card", "number", 10**12 if odd == 2**31 else odd)


def test_a_models_words_are_clean_before_a_tool_sees_them() -> None:
    given_ = TOOLS["post_to_topic"].validator.validate_python(
        {"car": " 4\0 1\n7", "text": "a\0\ud800\u202e\r\nb"}
    )
    assert given_["car"] == "4 1 7"
    assert given_["text"] == "a\ufffd\nb"
    said = Answer.model_validate({"blocks": [{"kind": "text", "text": "Есть\0 свободные\ud800"}]})
    assert said.model_dump()["blocks"][0]["text"] == "Есть свободные\ufffd"


@given(st.sampled_from(sorted(TOOLS)), st.data())
def test_any_arguments_are_taken_or_refused(name: str, data: st.DataObject) -> None:
    schema = TOOLS[name]
    args = {
        field: data.draw(NASTY | st.lists(NASTY, max_size=2))
        for field in schema.json_schema["properties"]
    }
    try:
        taken = schema.validator.validate_python(args)
    except ValidationError as error:
        json.dumps(error.errors(include_url=False, include_input=False), default=str)
        return
    for value in taken.values():
        assert not isinstance(value, str) or value == clean(value)


# What makes requests hard: dates that are none, numbers without end, odd signs, words of the
# grammar beside each other.
PIECES = st.sampled_from(
    [
        "продли",
        "отмени",
        "1200",
        "№1256",
        "до",
        "к",
        "с",
        "по",
        "на",
        "29.02",
        "31.04",
        "30",
        "февраля",
        "марта",
        "29",
        "99.99",
        "01.01.9999",
        "31.12.0000",
        "99:99",
        "24:00",
        "25",
        "дней",
        "неделю",
        "года",
        "через",
        "выходные",
        "понедельник",
        "следующий",
        "завтра",
        "послезавтра",
        "малибу",
        "235",
        "рав4",
        "где",
        "кто",
        "свободно",
        "долги",
        "запиши",
        "в",
        "бронь",
        ":",
        "резина",
        "и",
        "а",
        "extend",
        "until",
        "february",
        "30",
        "for",
        "99",
        "days",
        "am",
        "13pm",
        "noon",
        "გააგრძელე",
        "ხვალ",
        "დღ",
        "march",
        "0",
        "перегони",
        "батуми",
        "чек-лист",
        "фото",
        "назначь",
        "пересади",
        "сними",
        "с",
        "линии",
        "напиши",
        "в",
        "тему",
        "подпиши",
        "продаж",
        "²",
        "٣",
        "٣٤",
        "\x00",
        "\u202e",
        "—",
        "–",
        "-",
        ".",
        ",",
        "?",
        "!",
        "/",
        "@jarvis",
        "99999999999999999999",
        "4х4",
    ]
)
REQUESTS = st.lists(PIECES | WILD, max_size=9).map(" ".join) | WILD
MOMENTS = st.sampled_from(
    [
        NOW,
        datetime(2028, 2, 29, 23, 59, tzinfo=TBILISI),
        datetime(2028, 12, 31, 0, 0, tzinfo=TBILISI),
    ]
)


def _rules() -> dict[str, Callable[[Turn], Any]]:
    names = ("router", "fleet", "bookings", "clients", "guide", "workspace")
    return {name: importlib.import_module(f"agents.{name}.offline").rules for name in names}


RULES = _rules()


@given(st.lists(REQUESTS, min_size=1, max_size=3), MOMENTS)
def test_any_words_are_understood_or_asked_about(requests: list[str], now: datetime) -> None:
    *before, last = requests
    text = continued(clean(last), [clean(b) for b in before], now)
    said = understand(text, now)
    for read in (orders_of, errand_of, impossible_date):
        read(text, now)
    for role, rules in RULES.items():
        decided = rules(
            Turn(
                said=said,
                before=before,
                last_calls=(),
                last_output=None,
                results=(),
                tools=frozenset(TOOLS),
            )
        )
        if isinstance(decided, Finish):
            (Route if role == "router" else Answer).model_validate(decided.output)
        else:
            _calls_have_known_fields(decided)


def _calls_have_known_fields(calls: Sequence[Any]) -> None:
    for call in calls:
        assert set(call.args) <= set(TOOLS[call.tool].json_schema["properties"])


@pytest.mark.parametrize("role", sorted(RULES))
def test_a_letter_as_long_as_telegram_takes_fits_every_role(role: str) -> None:
    for words in (
        "где малибу 235? ",
        "поставь малибу 235 ",
        "продли Рудину аренду до пятницы ",
        "найди чек-лист малибу 235 ",
    ):
        text = (words * 300)[:MESSAGE_CHARS]
        decided = RULES[role](
            Turn(
                said=understand(text, NOW),
                before=(),
                last_calls=(),
                last_output=None,
                results=(),
                tools=frozenset(TOOLS),
            )
        )
        if isinstance(decided, Finish):
            (Route if role == "router" else Answer).model_validate(decided.output)
        else:
            for call in decided:
                TOOLS[call.tool].validator.validate_python(dict(call.args))


@given(HARD.filter(lambda x: isinstance(x, str)), st.integers(0, MESSAGE_CHARS + 9))
def test_a_request_with_a_choice_is_never_longer_than_a_message(choice: Any, length: int) -> None:
    repeated = again("а" * length, choice)
    assert len(repeated) <= MESSAGE_CHARS
    assert repeated.endswith(")")
