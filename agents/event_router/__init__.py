"""The event router role: proposes a rule for an event of an unknown kind."""

from jarvis.app.role import Role

ROLE = Role(
    name="event_router",
    agent="agent:event_router",
)
