"""Decides who acts on an event, runs agents, renders their answers from facts."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="requests",
    settings=("settings:RequestSettings",),
    services=("toasts:Toasts", "watch:Watch"),
    handlers=(
        "models:standins",
        "models:RoleModels",
        "factories:prompt_book",
        "factories:approvals",
        "request:Brain",
        "commands:GeneralCommands",
        "unrouted:Unrouted",
        "chat:Chat",
        "factories:cards",
        "factories:inbox",
        "house:HouseWork",
    ),
)
