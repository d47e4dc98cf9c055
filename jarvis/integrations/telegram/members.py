"""Who is in a group, over the one connection. A bot can list and remove members; it can add
somebody only by an invite link."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from telethon import utils
from telethon.tl import functions, types

from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.incoming import NAME_CHARS
from jarvis.kit.errors import Rejected
from jarvis.kit.text import line

AT_ONCE = 200  # members a request
LINK_LIFE = timedelta(days=1)
_NOT_THERE = "USER_NOT_PARTICIPANT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a group as Telegram knows them."""

    user_id: int
    name: str
    bot: bool


class TelegramMembers:
    """The gateway's operations on members."""

    def __init__(self, gateway: TelegramGateway) -> None:
        self._gateway = gateway

    async def members(self, chat_id: int) -> list[Member]:
        """Everybody in the group."""
        client = self._gateway.client()
        found: dict[int, Member] = {}
        while True:
            offset = len(found)

            async def call(offset: int = offset) -> Any:
                channel = utils.get_input_channel(await client.get_input_entity(chat_id))
                wanted = types.ChannelParticipantsSearch(q="")
                return await client(
                    functions.channels.GetParticipantsRequest(
                        channel=channel, filter=wanted, offset=offset, limit=AT_ONCE, hash=0
                    )
                )

            answer = await self._gateway.guarded(call, chat_id)
            for user in answer.users:
                name = line(
                    " ".join(part for part in (user.first_name, user.last_name) if part), NAME_CHARS
                )
                found[user.id] = Member(user_id=user.id, name=name, bot=bool(user.bot))
            if len(found) == offset or len(found) >= answer.count:
                return list(found.values())

    async def remove(self, chat_id: int, user_id: int, *, ban: bool) -> None:
        """Remove somebody from the group; `ban`: they cannot rejoin by a link either. Success when
        they are no member."""
        there = await self._there(chat_id, user_id)
        if not there and not ban:
            return
        rights = types.ChatBannedRights(until_date=None, view_messages=True)
        try:
            await self._restrict(chat_id, user_id, rights)
        except Rejected:
            if there:
                raise
            return  # without the right to ban somebody who is no member anyway
        if not ban:
            await self._restrict(chat_id, user_id, types.ChatBannedRights(until_date=None))

    async def let_in(self, chat_id: int, user_id: int) -> str | None:
        """An invite link for one person, valid for a day; None when they are a member."""
        client = self._gateway.client()
        if await self._there(chat_id, user_id):
            return None
        await self._restrict(chat_id, user_id, types.ChatBannedRights(until_date=None))

        async def link() -> Any:
            peer = await client.get_input_entity(chat_id)
            until = datetime.now(UTC) + LINK_LIFE
            return await client(
                functions.messages.ExportChatInviteRequest(
                    peer=peer, usage_limit=1, expire_date=until
                )
            )

        return str((await self._gateway.guarded(link, chat_id)).link)

    async def _there(self, chat_id: int, user_id: int) -> bool:
        client = self._gateway.client()

        async def look() -> Any:
            channel = utils.get_input_channel(await client.get_input_entity(chat_id))
            person = await client.get_input_entity(user_id)
            return await client(
                functions.channels.GetParticipantRequest(channel=channel, participant=person)
            )

        try:
            seen = (await self._gateway.guarded(look, chat_id)).participant
        except Rejected as refused:
            if _NOT_THERE not in str(refused):
                raise
            return False
        return not isinstance(seen, types.ChannelParticipantBanned | types.ChannelParticipantLeft)

    async def _restrict(self, chat_id: int, user_id: int, rights: Any) -> None:
        client = self._gateway.client()

        async def call() -> Any:
            channel = utils.get_input_channel(await client.get_input_entity(chat_id))
            person = await client.get_input_entity(user_id)
            return await client(
                functions.channels.EditBannedRequest(
                    channel=channel, participant=person, banned_rights=rights
                )
            )

        try:
            await self._gateway.guarded(call, chat_id)
        except Rejected as refused:
            if _NOT_THERE not in str(refused):
                raise
