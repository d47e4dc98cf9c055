"""`jarvis telegram setup`: what the company's chats lack, and making them with a person's session."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from jarvis.domains.chats.service import COMPANY, SERVICE, ChatService, Forum, Purpose
from jarvis.domains.chats.subscriptions import Subscriptions
from jarvis.domains.staff.service import Branch
from jarvis.engine.effects import Origin
from jarvis.entrypoints.cli.commands import core
from jarvis.entrypoints.core import Core
from jarvis.integrations.telegram.bootstrap import open_bootstrap
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.errors import SettingsMissing
from jarvis.kit.ids import new_id
from jarvis.kit.settings import load
from jarvis.orchestrator.render.setup import needs, purpose
from jarvis.orchestrator.topics import REFRESH

TITLES: Mapping[Purpose, str] = {
    "archive": "Архив материалов", "leaders": "Руководители", "sales": "Продажи", "marketing": "Маркетинг",
}  # fmt: skip
STEPS = """To add one by hand:
  1. In Telegram create a group; for a branch name it like Branch_Batumi (forum).
  2. Group settings → Topics: on. For the archive also Permissions → Send messages: off.
  3. Add the bot{bot} as an administrator: manage topics, delete messages, pin messages, invite users.
  4. The bot asks every administrator of Jarvis what the group is for; press the button, it checks everything.
With JARVIS_TELEGRAM_USER_SESSION set, `jarvis telegram setup --create` does all of it."""


async def setup(create: bool, as_json: bool, console: Console) -> None:
    """Show each place with its group and what that lacks; with `create` make those that are missing first, but for the main chat of cars."""
    async with core() as opened:
        chats = ChatService(opened.clock)
        if create:
            await _create(opened, chats, console if not as_json else Console(quiet=True))
        rows = await _rows(opened, chats)
        bot = await _bot(opened)
    if as_json:
        body = [
            {"purpose": p, "branch": b.code if b else None, "group": f.title if f else None, "state": _state(f)} for p, b, f in rows
        ]
        console.print_json(json.dumps(body, ensure_ascii=False))
        return
    table = Table("for", "group", "state", title="The company's chats")
    for kind, branch, forum in rows:
        table.add_row(purpose(kind, branch, "en"), forum.title if forum else "—", _state(forum))
    console.print(table)
    if any(forum is None for _, _, forum in rows):
        console.print(STEPS.format(bot=f" @{bot}" if bot else ""), markup=False, highlight=False)


def _state(forum: Forum | None) -> str:
    if forum is None:
        return "no group"
    if forum.lost:
        return "the bot is not in the group"
    return f"missing: {needs(sorted(forum.lacks), 'en')}" if forum.lacks else "ready"


async def _rows(opened: Core, chats: ChatService) -> list[tuple[Purpose, Branch | None, Forum | None]]:
    rows: list[tuple[Purpose, Branch | None, Forum | None]] = []
    for branch in await opened.staff.branches():
        rows.append(("branch_forum", branch, await chats.forum_of(opened.db, branch.code)))
    for kind in COMPANY:
        rows.append((kind, None, await chats.company(opened.db, kind)))
    return rows


async def _bot(opened: Core) -> str | None:
    """The bot's user name, known once it logged in."""
    return await opened.db.fetchval("SELECT username FROM telegram_session WHERE username IS NOT NULL LIMIT 1")


async def _create(opened: Core, chats: ChatService, console: Console) -> None:
    bot = await _bot(opened)
    if bot is None:
        raise SettingsMissing("start `jarvis bot` once first: its user name is not known yet")
    async with open_bootstrap(load(TelegramSettings), bot) as person:
        for kind, branch, forum in await _rows(opened, chats):
            if kind == "hq" or (forum is not None and not forum.lost):
                continue
            title = TITLES[kind] if branch is None else f"Branch_{branch.code.capitalize()} (forum)"
            marked = await person.create(title, forum=kind not in SERVICE, read_only=kind == "archive")
            await _register(opened, chats, marked, title, kind, branch)
            console.print(f"made: {title}", markup=False, highlight=False)


async def _register(opened: Core, chats: ChatService, marked: int, title: str, kind: Purpose, branch: Branch | None) -> None:
    async with opened.db.transaction() as tx:
        await chats.register(tx, marked, title, kind, branch.code if branch else None, by="jarvis telegram setup")
        forum = await chats.forum(tx, marked)
        assert forum is not None
        if kind in SERVICE:
            await Subscriptions(opened.clock).begin(tx, forum.id, kind)
            return
        origin = Origin(event_id=None, trace_id=new_id().hex)
        for car_id in await chats.cars_of(tx, forum):
            await opened.journal.publish(
                tx, kind=REFRESH, dedup_key=f"refresh:{origin.trace_id}:{car_id}", payload={"subject": str(car_id)},
                ordering_key=f"timer:{car_id}",
            )  # fmt: skip
