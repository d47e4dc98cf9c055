"""The parser of Ruby's inspect: what was seen, what Ruby can write, and anything at all."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jarvis.integrations.rentprog import ruby

_scalars = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=40)
_floats = st.floats(allow_nan=False, allow_infinity=False, width=32).map(
    lambda x: round(float(x), 3)
)
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars | _floats,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_values)
def test_what_ruby_would_print_reads_back(value: Any) -> None:
    assert ruby.parse(ruby.dump(value)) == value


_tokens = st.sampled_from(
    [
        "{",
        "}",
        "[",
        "]",
        "=>",
        "=",
        ">",
        ":",
        ",",
        " ",
        "\n",
        '"',
        '"a"',
        '"b"',
        '"a"=>',
        "\\",
        '\\"',
        "\\n",
        "\\e",
        "#{",
        "#<C a: 1>",
        "nil",
        "null",
        "nilly",
        "true",
        "NaN",
        "Infinity",
        "-Infinity",
        "0",
        "1",
        "-0",
        "01",
        "1_0",
        "1.5",
        "-2e3",
        "+1",
        "1.",
        "\0",
        "é",
        "\u2028",
        "2025-11-18",
        ":sym",
        "a: ",
        "{" * 12,
        "[" * 21,
        "]" * 21,
        "1" * 20,
        "1" * 41,
        f"1.{'0' * 40}",
    ]
)


@given(
    st.lists(_tokens, max_size=12).map("".join)
    | _values.map(ruby.dump)
    | st.lists(_tokens, max_size=6).map(lambda t: f"[{','.join(t)}]")
)
def test_the_short_way_reads_the_same_or_nothing(text: str) -> None:
    short = ruby.as_json(text)
    if short is not None:
        assert repr(short) == repr(ruby.parse_whole(text))


def test_the_short_way_is_the_usual_one() -> None:
    for text in (
        '{"id"=>80001, "state"=>["Новая", "Активная"], "note"=>"a \\"b\\"\\n nil => c", "to"=>nil}',
        "{}",
        '{"a"=>{"b"=>[1.5, true]}}',
    ):
        assert ruby.as_json(text) == ruby.parse_whole(text)
    for text in (
        '{"a":1}',
        "{:a=>1}",
        '{"a"=>NaN}',
        '{"a"=>null}',
        '{"a"=>"\\e"}',
        "[" * 21 + "]" * 21,
        '"' + "a" * 100_000,
    ):
        assert ruby.as_json(text) is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(ruby.RubyError):  # anything else that is raised fails the test
        ruby.parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            '{"mileage"=>[50000, 50840], "company_id"=>[102, 104], "responsible"=>[nil, "Gio"]}',
            {"mileage": [50000, 50840], "company_id": [102, 104], "responsible": [None, "Gio"]},
        ),
        (
            '{"updated_from_api"=>false, "a"=>{"b"=>{"c"=>[1, {"d"=>nil}]}}}',
            {"updated_from_api": False, "a": {"b": {"c": [1, {"d": None}]}}},
        ),
        ('{:id=>1, :name=>:symbol, :"odd key"=>2}', {"id": 1, "name": "symbol", "odd key": 2}),
        ('{id: 1, name: "Anna", "quoted": 3}', {"id": 1, "name": "Anna", "quoted": 3}),
        (
            '{"t"=>"a => b, {c: 1}", "u"=>"\\"q\\" \\\\ \\n \\e \\#{x} \\u00e9 \\u{1F600}"}',
            {"t": "a => b, {c: 1}", "u": '"q" \\ \n \x1b #{x} é 😀'},
        ),
        (
            '{"price"=>0.45e2, "big"=>0.1e-3, "neg"=>-12.5, "n"=>1_000}',
            {"price": 45.0, "big": 0.0001, "neg": -12.5, "n": 1000},
        ),
        (
            '{"at"=>Tue, 18 Nov 2025 13:00:00.000000000 +04 +04:00, "z"=>1}',
            {"at": "Tue, 18 Nov 2025 13:00:00.000000000 +04 +04:00", "z": 1},
        ),
        (
            '{"at"=>2025-11-18 13:00:00 UTC, "d"=>2025-11-18, "w"=>Tue, 18 Nov 2025}',
            {"at": "2025-11-18 13:00:00 UTC", "d": "2025-11-18", "w": "Tue, 18 Nov 2025"},
        ),
        ('{"o"=>#<Car id: 1, name: "x>y">, "k"=>2}', {"o": '#<Car id: 1, name: "x>y">', "k": 2}),
        ('{"имя"=>"Ольга", "მანქანა"=>"მალიბუ"}', {"имя": "Ольга", "მანქანა": "მალიბუ"}),
        ("{}", {}),
        ("[]", []),
    ],
)
def test_forms_that_ruby_writes(text: str, value: Any) -> None:
    assert ruby.parse(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a"=>}',
        '{"a" 1}',
        '{"a"=>1',
        '"open',
        '{"a"=>1} tail',
        "{a: }",
        "[1,]",
        '{"a"=>"\\u12"}',
        "foo",
    ],
)
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ruby.RubyError):
        ruby.parse(text)


def test_limits_hold() -> None:
    with pytest.raises(ruby.RubyError, match="256"):
        ruby.parse('"' + "x" * ruby.MAX_BYTES + '"')
    with pytest.raises(ruby.RubyError, match="deep"):
        ruby.parse("[" * 30 + "]" * 30)
