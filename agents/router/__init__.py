"""The router role: delegates requests to the other roles."""

from jarvis.app.role import Role

ROLE = Role(
    name="router",
    agent="agent:router",
)
