"""Conversations: their history, buttons that expired, reports of problems, and notices about
slow or failed answers."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="conversations",
    settings=("settings:RequestSettings",),
    services=("service:ConversationService", "toasts:Toasts", "watch:Watch"),
)
