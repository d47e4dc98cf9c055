"""The router role: hands requests to the others."""

from jarvis.app.role import Role

ROLE = Role(
    name="router",
    agent="agent:router",
)
