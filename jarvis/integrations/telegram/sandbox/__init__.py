"""Telegram's server as far as Jarvis uses it: real MTProto over TCP, for the unmodified Telethon
client."""

from jarvis.integrations.telegram.sandbox.rpc import TelegramLimits
from jarvis.integrations.telegram.sandbox.server import TelegramSandbox
from jarvis.integrations.telegram.sandbox.words import FAULTS, LEDGER
from jarvis.integrations.telegram.sandbox.world import TelegramWorld, WorldForum, WorldGroup
from jarvis.kit.sandbox_manifest import Sandbox, SandboxContext

__all__ = [
    "SANDBOX",
    "TelegramLimits",
    "TelegramSandbox",
    "TelegramWorld",
    "WorldForum",
    "WorldGroup",
]
_PER_MINUTE = "JARVIS_TELEGRAM_GROUP_PER_MINUTE"


def _build(context: SandboxContext) -> TelegramSandbox:
    limit = context.settings.get(_PER_MINUTE)
    limits = TelegramLimits() if limit is None else TelegramLimits(group_per_minute=int(limit))
    return TelegramSandbox(ledger_path=context.ledger, limits=limits)


SANDBOX = Sandbox(
    name="telegram",
    title="Telegram",
    build=_build,
    world=TelegramWorld,
    faults=FAULTS,
    ledger=LEDGER,
)
