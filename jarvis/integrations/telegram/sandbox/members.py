"""Who is in a group: listed, removed, let in by a link that works once."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.kit.ids import new_token

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.rpc import Rpc
    from jarvis.integrations.telegram.sandbox.state import Chat


class MemberRequests:
    """The part of the requests that concern members."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def do_GetParticipants(self, request: Any, user_id: int | None) -> Any:
        chat = self._rpc.group(request.channel.channel_id)
        ids = sorted(chat.members)
        part = ids[request.offset : request.offset + request.limit]
        return types.channels.ChannelParticipants(
            count=len(ids),
            participants=[self._participant(chat, n, user_id) for n in part],
            chats=[self._rpc.objects.channel(chat)],
            users=[
                self._rpc.objects.user(self._rpc.state.users[n], user_id)
                for n in part
                if n in self._rpc.state.users
            ],
        )

    def do_GetParticipant(self, request: Any, user_id: int | None) -> Any:
        chat = self._rpc.group(request.channel.channel_id)
        wanted = request.participant.user_id
        if wanted not in chat.members:
            raise RpcFailure(400, "USER_NOT_PARTICIPANT")
        users = [self._rpc.objects.user(self._rpc.state.users[wanted], user_id)]
        return types.channels.ChannelParticipant(
            participant=self._participant(chat, wanted, user_id), chats=[], users=users
        )

    @staticmethod
    def _participant(chat: Chat, number: int, me: int | None) -> Any:
        now = datetime.now(UTC)
        if number == chat.owner:
            return types.ChannelParticipantCreator(
                user_id=number, admin_rights=types.ChatAdminRights()
            )
        if number == me:
            return types.ChannelParticipantSelf(user_id=number, inviter_id=number, date=now)
        return types.ChannelParticipant(user_id=number, date=now)

    def do_EditBanned(self, request: Any, user_id: int | None) -> Any:
        rpc, chat = self._rpc, self._rpc.group(request.channel.channel_id)
        wanted = request.participant.user_id
        if "ban_users" not in chat.rights:
            raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
        if wanted == chat.owner:
            raise RpcFailure(400, "USER_ADMIN_INVALID")
        if request.banned_rights.view_messages:
            rpc.ledger.add("ban", chat=chat.title, user=wanted, there=wanted in chat.members)
            chat.members.discard(wanted)
            chat.banned.add(wanted)
        else:
            rpc.ledger.add("unban", chat=chat.title, user=wanted)
            chat.banned.discard(wanted)
        rpc.on_change(chat)
        return rpc.objects.updates([])

    def do_ExportChatInvite(self, request: Any, user_id: int | None) -> Any:
        rpc, chat = self._rpc, self._rpc.chat(request.peer)
        if "invite_users" not in chat.rights:
            raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
        link = f"https://t.me/+{new_token(12)}"
        chat.links[link] = request.usage_limit or 10**6
        rpc.ledger.add("invite", chat=chat.title)
        return types.ChatInviteExported(
            link=link,
            admin_id=user_id or 0,
            date=datetime.now(UTC),
            expire_date=request.expire_date,
            usage_limit=request.usage_limit,
        )
