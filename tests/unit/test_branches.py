"""Branches as people name them, whichever there are."""

from __future__ import annotations

from datetime import datetime

import pytest

from jarvis.kit.clock import TBILISI
from jarvis.kit.text import fold
from jarvis.language.branches import EVERYDAY, TOKEN, BranchNames
from jarvis.language.entities import name_of, understand

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
    assert understand(text, NOW, NAMES).branch == code


def test_a_branch_is_nobodys_name() -> None:
    assert name_of("бронь клиента Гори", NAMES) is None
    assert name_of("бронь клиента Гори", EVERYDAY) == "Гори"
    assert name_of("бронь Рудин Гори", NAMES) == "Рудин Гори", "as it was for the other branches"
