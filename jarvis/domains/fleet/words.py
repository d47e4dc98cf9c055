"""What people call the tools and facts of cars, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "tool.car_card": ("Карточка авто", "Car card", "მანქანის ბარათი"),
    "tool.find_car": ("Найти авто", "Find cars", "მანქანის პოვნა"),
    "tool.list_cars": ("Список авто", "List cars", "მანქანების სია"),
    "tool.check_availability": ("Свободные", "Availability", "თავისუფალი"),
    "param.car": ("авто", "car", "მანქანა"),
    "param.state": ("состояние", "state", "მდგომარეობა"),
    "event.car.created": ("новое авто", "new car", "ახალი მანქანა"),
    "event.car.updated": ("авто изменилось", "car changed", "მანქანა შეიცვალა"),
    "event.car.moved": ("авто переехало", "car moved", "მანქანა გადავიდა"),
}
