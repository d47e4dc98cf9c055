"""`jarvis telegram setup`: what the company's chats lack, and creating them with a person's
session."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from jarvis.app.build import App
from jarvis.domains.chats.models import SERVICE, Forum, Purpose
from jarvis.domains.chats.places import Place, own_places, places, registered_groups
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topics import publish_registered
from jarvis.domains.chats.view import needs, purpose
from jarvis.domains.staff.queries import bot_name
from jarvis.domains.staff.service import StaffService
from jarvis.entrypoints.cli.commands import app
from jarvis.integrations.telegram.bootstrap import open_bootstrap
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.errors import SettingsMissing
from jarvis.kit.ids import new_id
from jarvis.kit.settings import load

TITLES: Mapping[Purpose, str] = {
    "archive": "Архив материалов",
    "leaders": "Руководители",
    "sales": "Продажи",
    "marketing": "Маркетинг",
    "personal": "{whose} | Клиенты",
    "tasks": "Tasks | {whose}",
}
STEPS = """To add one by hand:
  1. In Telegram create a group; for a branch name it like Branch_Batumi (forum), for an employee like Tasks | Name.
  2. Group settings → Topics: on. For the archive also Permissions → Send messages: off.
  3. Add the bot{bot} as an administrator: manage topics, delete messages, pin messages, invite users.
  4. The bot asks every administrator of Jarvis what the group is for; press the button, it checks everything.
With JARVIS_TELEGRAM_USER_SESSION set, `jarvis telegram setup --create` does all of it."""


async def setup(create: bool, employee: str | None, as_json: bool, console: Console) -> None:
    """Show each required group and what it lacks; with `create` create missing ones first, except
    the main chat of cars. With `employee`, the groups of this person only.

    Raises:
        NotFound: no employee of this name.
    """
    async with app() as opened:
        chats = ChatService(opened.clock)
        wanted = (
            await places(opened.get(StaffService))
            if employee is None
            else await _own(opened, employee)
        )
        if create:
            await _create(opened, chats, wanted, console if not as_json else Console(quiet=True))
        rows = await registered_groups(chats, opened.db, wanted)
        bot = await bot_name(opened.db)
    if as_json:
        body = [
            {
                "purpose": p.purpose,
                "branch": p.branch,
                "employee": p.names["ru"] if p.employee_id else None,
                "group": f.title if f else None,
                "state": _state(f),
            }
            for p, f in rows
        ]
        console.print_json(json.dumps(body, ensure_ascii=False))
        return
    table = Table(
        "for", "group", "state", title="The company's chats" if employee is None else employee
    )
    for place, forum in rows:
        table.add_row(purpose(place, "en"), forum.title if forum else "—", _state(forum))
    console.print(table)
    if any(forum is None for _, forum in rows):
        console.print(STEPS.format(bot=f" @{bot}" if bot else ""), markup=False, highlight=False)


async def _own(opened: App, name: str) -> list[Place]:
    actor = await opened.get(StaffService).actor_by_name(name)
    person = await opened.get(StaffService).person(opened.db, actor.employee_id)
    return own_places(person) if person is not None else []


def _state(forum: Forum | None) -> str:
    if forum is None:
        return "no group"
    if forum.lost:
        return "the bot is not in the group"
    return f"missing: {needs(sorted(forum.lacks), 'en')}" if forum.lacks else "ready"


async def _create(
    opened: App, chats: ChatService, wanted: Sequence[Place], console: Console
) -> None:
    bot = await bot_name(opened.db)
    if bot is None:
        raise SettingsMissing("start `jarvis bot` once first: its user name is not known yet")
    async with open_bootstrap(load(TelegramSettings), bot) as person:
        for place, forum in await registered_groups(chats, opened.db, wanted):
            if place.purpose == "hq" or (forum is not None and not forum.lost):
                continue
            title = _title(place)
            marked = await person.create(
                title, forum=place.purpose not in SERVICE, read_only=place.purpose == "archive"
            )
            await _register(opened, chats, marked, title, place)
            console.print(f"made: {title}", markup=False, highlight=False)


def _title(place: Place) -> str:
    if place.branch is not None:
        return f"Branch_{place.branch.capitalize()} (forum)"
    return TITLES[place.purpose].format(whose=place.names.get("ru", ""))


async def _register(opened: App, chats: ChatService, marked: int, title: str, place: Place) -> None:
    async with opened.db.transaction() as tx:
        await chats.register(
            tx,
            marked,
            title,
            place.purpose,
            place.branch,
            by="jarvis telegram setup",
            employee_id=place.employee_id,
        )
        await publish_registered(tx, opened.journal, marked, new_id().hex)
