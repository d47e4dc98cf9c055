"""Client of the control surface for the people of a storm; its process may be down at any
moment."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

LOST = (OSError, ValueError)  # no answer, a truncated one, or an error

AWAY_S = 240.0  # seconds that a process may be down on a busy machine


class DemoGone(Exception):
    """The demo itself has ended, so waiting is useless."""


class Surface:
    """One demo's control surface. Calls keep retrying while a process restarts; `alive` says
    whether the demo itself runs."""

    def __init__(self, base: str, alive: Callable[[], bool] = lambda: True) -> None:
        self.base = base
        self._alive = alive

    def call(self, method: str, path: str, body: object | None = None, **query: object) -> Any:
        """One request.

        Raises:
            OSError, ValueError: no answer, or one of 4xx or 5xx.
            DemoGone: the demo has ended.
        """
        if not self._alive():
            raise DemoGone(self.base)
        data = None if body is None else json.dumps(body).encode()
        url = self.base + path + (f"?{urlencode(query)}" if query else "")
        request = urllib.request.Request(  # noqa: S310  # our own address
            url, method=method, data=data, headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # the same
            return json.loads(answer.read() or b"null")

    def call_or_none(
        self, method: str, path: str, body: object | None = None, **query: object
    ) -> Any:
        """The same; None when there was no answer."""
        try:
            return self.call(method, path, body, **query)
        except LOST:
            return None

    def read(self, path: str, **query: object) -> Any:
        """Read, retrying until the process answers."""
        until = time.monotonic() + AWAY_S
        while True:
            try:
                return self.call("GET", path, **query)
            except LOST:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def messages(
        self, person: str, chat: str = "dm", topic: str | int | None = None
    ) -> list[dict[str, Any]]:
        where = {} if topic is None else {"topic": topic}
        return self.read("/sandbox/telegram/messages", **{"as": person, "chat": chat}, **where)

    def write(self, person: str, text: str, chat: str = "dm", topic: str | None = None) -> None:
        """Send a message once: after an unknown outcome the chat is checked for it."""
        body = {"as": person, "chat": chat, "text": text, "topic": topic}
        while self.call_or_none("POST", "/sandbox/telegram/send", body) is None:
            time.sleep(0.2)
            if any(
                m["from"] == person and m["text"] == text
                for m in self.messages(person, chat, topic)
            ):
                return

    def press(self, person: str, message: int, button: int) -> None:
        self.call_or_none(
            "POST",
            "/sandbox/telegram/press",
            {"as": person, "chat": "dm", "message_id": message, "button": button},
        )

    def topics(self, person: str, forum: str) -> list[dict[str, Any]]:
        """`{id, title, closed}` of the topics that were not deleted."""
        chats = self.read("/sandbox/telegram/chats", **{"as": person})
        return next(c["topics"] for c in chats if c["title"] == forum)

    def choices(self, change: str, field: str) -> dict[str, str]:
        """What RentProg offers for a field of a change: value to title."""
        found = next(c for c in self.read("/sandbox/rentprog/changes") if c["name"] == change)
        return next(f["choices"] for f in found["fields"] if f["name"] == field)

    def bookings(self) -> list[str]:
        """Numbers of open bookings."""
        return sorted(
            title.split(" ")[0].removeprefix("№")
            for title in self.choices("extend_booking", "booking").values()
        )

    def ledger(self, vendor: str) -> list[dict[str, Any]]:
        return self.read(f"/sandbox/{vendor}/ledger")

    def no_faults(self) -> None:
        for vendor in self.read("/sandbox/status")["vendors"]:
            self.call_or_none("DELETE", f"/sandbox/{vendor}/fault")
