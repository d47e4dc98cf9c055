"""People and groups of the built-in world, by the names that Telegram shows."""

from __future__ import annotations

NINO = "Нино Беридзе"
LASHA = "Лаша Гогуадзе"
TAMAR = "Тамар Ломидзе"
GIORGI = "Гиорги Капанадзе"
DATO = "Дато Мчедлишвили"
EKA = "Эка Абуладзе"
PAVEL = "Павел Дёмин"
SABA = "Саба Кикнадзе"
GOCHA = "Гоча Путкарадзе"
OLGA = "Ольга Вершинина"
KETI = "Кети Надирадзе"
STRANGER = "Посторонний"
GROUP = "Смена Тбилиси"
LEADERS = "Руководители"
SALES = "Продажи"
MARKETING = "Маркетинг"
NINO_ID = 7001003
