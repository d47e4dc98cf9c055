"""What `jarvis doctor` says about Telegram; never the token."""

from __future__ import annotations

from jarvis.engine import sources
from jarvis.engine.db import Database
from jarvis.engine.integration import Diagnosis
from jarvis.integrations.telegram.settings import SYSTEM, TelegramSettings


async def diagnose(settings: TelegramSettings, db: Database) -> list[Diagnosis]:
    """Settings, and whether a bot process holds the session now."""
    lines: list[Diagnosis] = []
    advice = "set JARVIS_TELEGRAM_API_ID, JARVIS_TELEGRAM_API_HASH and JARVIS_TELEGRAM_BOT_TOKEN"
    found = "bot token and api id are set" if settings.configured else "no bot token or api id"
    lines.append(
        Diagnosis(name="Telegram settings", ok=settings.configured, found=found, advice=advice)
    )
    held = await db.fetchval(
        "SELECT held_until > now() FROM lease WHERE name = $1", f"telegram:{settings.session}"
    )
    found = "a bot process holds the session" if held else "no bot process runs"
    lines.append(
        Diagnosis(name="Telegram bot", ok=bool(held), found=found, advice="start `jarvis bot`")
    )
    (state,) = await sources.read(db, SYSTEM)
    if state.failing_since is not None:
        found = f"Telegram refuses the bot since {state.failing_since:%Y-%m-%d %H:%M} UTC"
        lines.append(
            Diagnosis(
                name="Telegram login",
                ok=False,
                found=found,
                advice="take a new token from BotFather",
            )
        )
    return lines
