"""What people call the tools and facts of clients, by key and language (ru, en, ka)."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str, str]] = {
    "param.client": ("клиент", "client", "კლიენტი"),
    "event.client.created": ("новый клиент", "new client", "ახალი კლიენტი"),
    "event.client.updated": ("клиент изменился", "client changed", "კლიენტი შეიცვალა"),
}
