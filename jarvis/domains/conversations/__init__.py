"""Conversations: what was said with whom and where, buttons that stand for requests, reports of
problems."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="conversations",
    settings=("settings:RequestSettings",),
    services=("service:ConversationService", "toasts:Toasts", "watch:Watch"),
)
