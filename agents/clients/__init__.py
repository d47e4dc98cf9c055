"""The clients role: who a client is."""

from jarvis.app.role import Role

ROLE = Role(
    name="clients",
    summary="who a client is, contact",
    title={"ru": "клиенты", "en": "clients", "ka": "კლიენტები"},
    status={"ru": "Ищу клиента…", "en": "Looking for the client…", "ka": "ვეძებ კლიენტს…"},
    agent="agent:clients",
)
