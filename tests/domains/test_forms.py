"""Templates of forms: data that says what is wrong with it; numbers as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from jarvis.domains.forms.parsing import number_in, option_in, person_in
from jarvis.domains.forms.templates import Template, newest, template, templates
from jarvis.kit.actor import LANGUAGES
from jarvis.kit.errors import NotFound
from jarvis.messaging.view import LABEL_MAX

TICK = {"key": "a", "kind": "check", "title": ["а", "a", "ა"]}


def made(*items: dict[str, Any]) -> Template:
    return Template.model_validate(
        {
            "key": "x",
            "version": 1,
            "kind": "form",
            "title": ["Х", "X", "X"],
            "subject": "none",
            "items": list(items),
        }
    )


def test_what_the_company_named_is_there_in_three_languages() -> None:
    assert {t.key for t in newest("checklist")} == {"issue", "return", "daily"}
    assert {t.key for t in newest("form")} == {"absence", "task", "payment", "problem"}
    assert len(template("issue").item("body").views) == 8
    assert template("issue").item("documents").private
    for found in templates().values():
        for item in found.items:
            options = [o.title for o in item.options]
            for words in (found.title, item.title, *item.views, *options):
                assert set(words) == set(LANGUAGES)
                assert all(w.strip() for w in words.values())
            assert all(len(w) <= LABEL_MAX for o in options for w in o.values()), (
                f"{found.key}.{item.key}: labels fit a button"
            )


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([TICK, TICK], "stands twice"),
        ([TICK | {"kind": "choice"}], "has options or a source"),
        ([TICK | {"views": [["а", "a", "ა"]]}], "only photos"),
        ([TICK | {"title": ["а", "a"]}], "zip"),
        ([TICK | {"when": {"item": "b", "among": ["c"]}}], "is no choice before it"),
        ([TICK | {"not_before": "b"}], "does not stand before it"),
        ([TICK | {"colour": "red"}], "Extra inputs"),
    ],
)
def test_a_wrong_template_says_what_is_wrong(items: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        made(*items)


def test_a_template_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(NotFound, match="absence, daily, issue"):
        template("wash")
    with pytest.raises(NotFound):
        template("issue", 99)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("48 300 км", "48300"),
        ("48,215", "48215"),
        ("120,50", "120.50"),
        ("1.5", "1.5"),
        ("100%", "100"),
        ("1 240 ₾", "1240"),
        ("пробег не знаю", None),
        ("12 и 5", None),
        ("", None),
        ("1.2.3", None),
        ("-5", "-5"),
        ("−5 км", "-5"),
        ("сколько стоит 5 дней", None),
    ],
)
def test_numbers_as_people_write_them(said: str, number: str | None) -> None:
    assert number_in(said) == (Decimal(number) if number else None)


def test_an_option_is_known_without_its_unit() -> None:
    fuel = next(item for item in template("issue").items if item.key == "fuel")
    assert option_in(fuel, "75 %") == option_in(fuel, "75") == option_in(fuel, "75%")
    assert option_in(fuel, "75") is not None
    assert option_in(fuel, "7") is None


PEOPLE = {"1": "Лаша Гогуадзе", "2": "Лаша Беридзе", "3": "Эка Абуладзе"}


@pytest.mark.parametrize(
    ("said", "who"),
    [
        ("Эка Абуладзе", "3"),
        ("эка", "3"),
        ("АБУЛАДЗЕ", "3"),
        ("лаша  гогуадзе", "1"),
        ("Лаша", None),
        ("Эк", None),
        ("", None),
    ],
)
def test_a_colleague_is_known_by_a_name_that_only_one_has(said: str, who: str | None) -> None:
    assert person_in(PEOPLE, said) == who
