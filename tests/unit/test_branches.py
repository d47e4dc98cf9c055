"""Branches as people name them, whichever there are."""

from __future__ import annotations

from datetime import datetime

import pytest

from agents.bookings.intents import changes_of
from agents.grammar import grammar, read
from agents.router.offline import rules
from agents.workspace.intents import wanted_of
from jarvis.kit.clock import TBILISI
from jarvis.kit.text import fold
from jarvis.language.branches import EVERYDAY, TOKEN, BranchNames
from jarvis.language.entities import name_of
from jarvis.language.offline import Finish, Turn

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=TBILISI)
NAMES = BranchNames(
    {
        "tbilisi": ("Тбилиси", "Tbilisi", "თბილისი"),
        "tbilisi-airport": ("Тбилиси Аэропорт", "Tbilisi Airport", "თბილისის აეროპორტი"),
        "gori": ("Гори", "Gori", "გორი"),
        "mtskheta": ("Мцхета", "Mtskheta", "მცხეთა"),
        "port": ("Новый Порт", "New Port", "ახალი პორტი"),
    }
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("какие машины в Гори", "gori"),
        ("what is in gori?", "gori"),
        ("რა დგას გორში", "gori"),
        ("машины из Мцхеты", "mtskheta"),
        ("перегони в Мцхету", "mtskheta"),
        ("მანქანები მცხეთაში", "mtskheta"),
        ("что стоит в новом порту", "port"),
        ("пересменка в порту", None),
        ("Тбилисский парк", "tbilisi"),
        ("в Тбилиси аэропорт подай малибу", "tbilisi-airport"),
        ("машина едет в город", None),
        ("лампа масла горит", None),
        ("какое горе", None),
        ("какие машины в Батуми", None),
    ],
)
def test_a_branch_is_found_by_its_names_however_declined(text: str, code: str | None) -> None:
    assert NAMES.find([fold(word) for word in TOKEN.findall(text)]) == code
    assert read(text, NOW, NAMES).branch == code


def test_a_branch_is_nobodys_name() -> None:
    assert name_of("бронь клиента Гори", grammar(), NAMES) is None
    assert name_of("бронь клиента Гори", grammar(), EVERYDAY) == "Гори"
    both = name_of("бронь Рудин Гори", grammar(), NAMES)
    assert both == "Рудин Гори", "as it was for the other branches"


def test_whatever_reads_a_part_of_a_request_knows_the_branches() -> None:
    hired = "прими на работу Новый Порт Иван Петров механиком"
    assert [w and w.name for w in (wanted_of(hired, NOW, NAMES), wanted_of(hired, NOW))] == [
        "Иван Петров",
        "Новый Порт",
    ]
    assert [c.name for c in changes_of("продли бронь Гори до завтра", NOW, NAMES)] == [None]
    assert [c.name for c in changes_of("продли бронь Гори до завтра", NOW)] == ["Гори"]
    two = Turn(
        said=read("кто стоит в Гори и кто должен", NOW, NAMES),
        before=(),
        last_calls=(),
        last_output=None,
        results=(),
        tools=frozenset(),
    )
    routed = rules(two)
    assert isinstance(routed, Finish)
    assert [row["role"] for row in routed.output["delegations"]] == ["fleet", "bookings"]
