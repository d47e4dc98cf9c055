"""Waiting for what a person is told."""

from __future__ import annotations

from jarvis.testing.app import RunningApp
from tests.scenes.people import NINO


async def answered(app: RunningApp, text: str) -> bool:
    return any(text in m["text"] for m in app.seen(NINO))
