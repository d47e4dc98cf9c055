"""Who is in a group, and the daily look at it."""

from __future__ import annotations

from jarvis.testing.app import RunningApp


def members(app: RunningApp, title: str) -> set[str]:
    chat = next(c for c in app.telegram.state.chats.values() if c.title == title)
    return {app.telegram.state.users[n].name for n in chat.members}
