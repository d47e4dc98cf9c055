"""Every word that the code names stands in the catalogue, in three languages; a key that is
computed names its closed list here."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from jarvis.domains.bookings.availability import Collision
from jarvis.domains.bookings.models import Owed
from jarvis.messaging.catalogue import broken, keys, known, label, say
from jarvis.messaging.markup import escape
from tools.policy import toolsets

JARVIS = Path(__file__).parents[2] / "jarvis"
LANGUAGES = ("ru", "en", "ka")
ROOMS = [JARVIS / room for room in ("orchestrator", "domains", "messaging")]


def _keys() -> Iterator[tuple[str, ast.expr]]:
    for path in (file for room in ROOMS for file in room.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and call.args:
                name = (
                    call.func.attr
                    if isinstance(call.func, ast.Attribute)
                    else getattr(call.func, "id", "")
                )
                if name in ("say", "label"):
                    yield f"{path.name}:{call.lineno}", call.args[0]


def test_keys_are_literal_or_begin_so_or_have_a_closed_list() -> None:
    keys = list(_keys())
    assert len(keys) > 200, "the walk sees the code"
    closed = {
        "item.kind": get_args(get_type_hints(Collision)["kind"]),
        "current.purpose": ("repair", "staff_trip"),
    }
    for where, key in keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            assert known(key.value), f"{where}: {key.value}"
        elif isinstance(key, ast.Attribute):
            text = ast.unparse(key)
            assert text in closed, (
                f"{where}: {text} may be a word that the catalogue has not: prefix it"
            )
            assert all(known(word) for word in closed[text])


def _variables(language: str) -> dict[str, set[str]]:
    """By message of a language's files: the variables that it names."""
    found: dict[str, set[str]] = {}
    for page in JARVIS.rglob(f"words/{language}.ftl"):
        name = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if begun := re.match(r"([a-zA-Z][\w-]*) =", line):
                name = begun[1]
            found.setdefault(name, set()).update(re.findall(r"\$(\w+)", line))
    return found


def test_every_sentence_is_one_in_three_languages_and_names_the_same_values() -> None:
    assert len(keys()) > 600, "the files are found"
    assert [broken(language) for language in LANGUAGES] == [[], [], []]
    assert keys("en") == keys("ru") == keys("ka")
    ru, en, ka = (_variables(language) for language in LANGUAGES)
    assert {n for n in ru if not ru[n] == en[n] == ka[n]} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said_and_keeps_what_is_put_in(
    language: str, caplog: pytest.LogCaptureFixture
) -> None:
    values = (1256, "73 800 км", "<b>«{ $x }»</b>", "я" * 6000)
    for name, variables in _variables(language).items():
        for value in values:
            given = dict.fromkeys(variables, value)
            text = say(name.replace("-", "."), language, **given)
            if variables:
                assert escape(value) in text, name
                assert str(value) in label(name.replace("-", "."), language, **given), name
            assert not {*"\u2068\u2069\ufdd0\ufdd1"} & set(text), name
            assert "???" not in text
    assert caplog.record_tuples == []


def test_a_number_chooses_the_plural_form_and_keeps_its_digits() -> None:
    assert say("next", "ru", num=1256, start="12.03") == "Следующая: №1256, выдача 12.03"
    assert [say("debts.days", "en", n=n) for n in (1, 2, 21)] == ["1 day", "2 days", "21 days"]


def test_a_value_that_nobody_gave_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(AssertionError, match="num"):
        say("next", "ru", start="12.03")


@pytest.mark.parametrize("language", ["ru", "en", "ka"])
def test_what_is_owed_has_words(language: str) -> None:
    kinds = get_args(get_type_hints(Owed)["kind"])
    assert kinds == ("debt", "due")
    for kind in kinds:
        assert "520 ₾" in say(f"owed.{kind}", language, x="520 ₾")


def test_every_tool_and_argument_has_a_name_among_the_words_of_nouns() -> None:
    """The desk shows them below an answer; it has words of its own for what any role may be asked
    only."""
    desk = {"request", "name"}
    for toolset in toolsets():
        for name, tool in toolset.tools.items():
            assert f"tool.{name}" in keys(), name
            arguments = tool.tool_def.parameters_json_schema["properties"].keys() - desk
            assert {a for a in arguments if f"param.{a}" not in keys()} == set(), name
