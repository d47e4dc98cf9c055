"""The menu of commands beside the field in which people write to the bot."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from telethon import TelegramClient
from telethon.errors import RPCError
from telethon.tl import functions, types

COMMANDS: Mapping[str, Sequence[tuple[str, str]]] = {
    "": (
        ("help", "Что умеет Jarvis"),
        ("inbox", "Что ждёт моего решения"),
        ("checklist", "Чек-листы"),
        ("form", "Отсутствие, задача, платёж"),
        ("tasks", "Мои задачи"),
        ("car", "Материалы машины"),
        ("settings", "Язык, сводка, тишина"),
        ("new", "Начать разговор заново"),
        ("forget", "Забыть наш разговор"),
        ("report", "Сообщить об ошибке"),
    ),
    "en": (
        ("help", "What Jarvis can do"),
        ("inbox", "What waits for my word"),
        ("checklist", "Check-lists"),
        ("form", "Absence, task, payment"),
        ("tasks", "My tasks"),
        ("car", "A car's material"),
        ("settings", "Language, digest, mute"),
        ("new", "Begin a new conversation"),
        ("forget", "Forget our conversation"),
        ("report", "Report a problem"),
    ),
    "ka": (
        ("help", "რა შეუძლია Jarvis-ს"),
        ("inbox", "რა ელოდება ჩემს გადაწყვეტილებას"),
        ("checklist", "ჩეკლისტები"),
        ("form", "არყოფნა, დავალება, გადახდა"),
        ("tasks", "ჩემი დავალებები"),
        ("car", "მანქანის მასალები"),
        ("settings", "ენა, შეჯამება, ჩუმი რეჟიმი"),
        ("new", "საუბრის თავიდან დაწყება"),
        ("forget", "ჩვენი საუბრის დავიწყება"),
        ("report", "შეცდომის შეტყობინება"),
    ),
}


async def show_menu(client: TelegramClient) -> None:
    """Set the menu in every language. A convenience only: refusals by Telegram are ignored."""
    for language, words in COMMANDS.items():
        with contextlib.suppress(RPCError):
            await client(
                functions.bots.SetBotCommandsRequest(
                    scope=types.BotCommandScopeDefault(),
                    lang_code=language,
                    commands=[types.BotCommand(command=c, description=d) for c, d in words],
                )
            )
