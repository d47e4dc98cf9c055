"""What people call the tools and facts of the company's rules, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "tool.search_knowledge": ("Правила", "Rules", "წესები"),
    "param.question": ("вопрос", "question", "კითხვა"),
}
