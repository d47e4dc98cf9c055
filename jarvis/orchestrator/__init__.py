"""Routes events to roles, runs agents, and renders their answers from facts."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="requests",
    handlers=(
        "models:model_overrides",
        "models:RoleModels",
        "models:prompt_book",
        "role_runs:RoleRuns",
        "compose:Composer",
        "request:RequestPipeline",
        "commands:GeneralCommands",
        "unrouted:Unrouted",
        "chat:Chat",
        "resume:Resume",
        "inbox:Inbox",
    ),
)
