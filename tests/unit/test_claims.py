"""What a model's own words claim, and the honest words that claim nothing."""

from __future__ import annotations

import pytest

from tools.claim_words import Claim, claims_of

VENDORS = ("rentprog", "umnico")


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("done", "Готово, бронь 1200 продлена ✅"),
        ("done", "Гoтoвo"),  # with Latin letters that look alike
        ("done", "I have extended the booking."),
        ("done", "ჯავშანი გახანგრძლივდა"),
        ("waits", "Перенос ждёт подтверждения руководителя."),
        ("waits", "Ожидаем согласования от Нино."),
        ("waits", "Отправил карточку на согласование."),
        ("waits", "The change is waiting for an approval."),
        ("waits", "I passed it on for approval"),
        ("waits", "Approval is pending."),
        ("waits", "ცვლილება დადასტურებას ელოდება."),
        ("refused", "Это не для вашей роли."),
        ("refused", "У вас нет прав на долги."),
        ("refused", "Вам это запрещено, спросите директора"),
        ("refused", "Доступ к долгам ограничен."),
        ("refused", "Нет прав смотреть эту машину."),
        ("refused", "Вы не клиент, у вас нет доступа."),
        ("refused", "Машина в Батуми, другой филиал вам не виден."),
        ("refused", "You are not allowed to see debts."),
        ("refused", "You don't have access to this."),
        ("refused", "That booking is outside your branch."),
        ("refused", "თქვენ არ გაქვთ ამის უფლება."),
        ("refused", "ამაზე წვდომა შეზღუდულია"),
        ("silent", "RentProg сейчас не отвечает, попробуйте позже."),
        ("silent", "Рентпрог недоступен"),
        ("silent", "Инструмент вернул ошибку."),
        ("silent", "Не отвечает система, данных нет"),
        ("silent", "RentProg is down right now."),
        ("silent", "I could not reach the server."),
        ("silent", "The tool failed."),
        ("silent", "რენტპროგი არ პასუხობს"),
        ("silent", "სისტემა მიუწვდომელია"),
    ],
)
def test_what_is_claimed_is_found(claim: Claim, text: str) -> None:
    assert claim in claims_of(text, VENDORS)


@pytest.mark.parametrize(
    "text",
    [
        "Ничего не ждёт подтверждения.",
        "Ничего не отправлено и не сделано.",
        "No change is waiting for approval.",
        "Nothing needs your confirmation.",
        "არაფერი ელოდება დადასტურებას.",
        "I have no GPS data for this car.",
        "Not done: the booking is closed.",
        "Клиент не отвечает с утра.",
        "Машина недоступна до пятницы: ремонт.",
        "Нет данных о пробеге.",
        "Свободных машин нет, ближайшая с 18:00.",
        "Какая Sonata: 081 или 564?",
        "The car is not available this weekend.",
        "Access to the car park is from the left.",
        "RentProg shows the return on Friday.",
        "მანქანა დაკავებულია პარასკევამდე.",
        "Бронь можно продлить до пн 16.03, 08:00.",
        "Smoking is not permitted in cars.",
        "Clients are not allowed to cross the border.",
        "Driving to Abkhazia is forbidden.",
        "У клиента нет прав категории B.",
        "კლიენტს მართვის უფლება არ აქვს",
        "Доступ к машине ограничен шлагбаумом.",
        "Статус брони: ожидает подтверждения.",
        "Pending confirmation: 2 bookings.",
        "Ожидаем решение страховой.",
        "Тормозная система не работает, машина в ремонте.",
        "The cooling system fails.",
        "Сервисный центр не работает по воскресеньям.",
        "RentProg shows no error.",
    ],
)
def test_honest_words_claim_nothing(text: str) -> None:
    assert claims_of(text, VENDORS) == frozenset()
