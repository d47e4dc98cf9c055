"""Fixed sentences about tasks, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "task.due": ("до {t}", "due {t}", "{t}-მდე"),
    "task.list": ("📝 Открытых задач: {n}", "📝 Open tasks: {n}", "📝 ღია დავალებები: {n}"),
    "task.none": (
        "Открытых задач нет. Новая: /form",
        "No open tasks. A new one: /form",
        "ღია დავალებები არ არის. ახალი: /form",
    ),
    "task.gaps": (
        "Задача не поставлена: нужно что сделать и кому. Начать снова: /form",
        "No task was given: it needs what to do and for whom. Start again: /form",
        "დავალება არ შეიქმნა: საჭიროა რა და ვის. თავიდან: /form",
    ),
    "task.told.done": (
        "✅ {who}: сделано «{what}»",
        "✅ {who}: done “{what}”",
        "✅ {who}: შესრულდა „{what}“",
    ),
    "task.told.open": (
        "{who}: снова в работе «{what}»",
        "{who}: open again “{what}”",
        "{who}: ისევ სამუშაოშია „{what}“",
    ),
    "b.task.done": ("Готово", "Done", "მზადაა"),
}
