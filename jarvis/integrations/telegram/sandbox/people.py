"""What only a person's own session may do: make groups, add the bot, make it an administrator."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from telethon.crypto import AuthKey
from telethon.sessions import StringSession
from telethon.tl import types

from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.world import FIRST_FORUM

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.rpc import Rpc


class PeopleRequests:
    """The part of the requests that a person's session sends."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def do_CreateChannel(self, request: Any, user_id: int | None) -> Any:
        rpc = self._rpc
        number = 1 + max(
            [FIRST_FORUM + 99, *(c.id for c in rpc.state.chats.values() if c.kind == "group")]
        )
        made = rpc.state.add_group(number, request.title, {user_id or 0})
        made.forum = bool(request.forum)
        next(made.ids)  # message 1 is the service message that the group was created
        made.owner = user_id
        rpc.ledger.add("create_group", chat=made.title, forum=made.forum)
        answer = rpc.objects.updates([])
        answer.chats = [rpc.objects.channel(made, user_id)]
        return answer

    def do_InviteToChannel(self, request: Any, user_id: int | None) -> Any:
        rpc, chat = self._rpc, self._rpc.state.chats[-(10**12 + request.channel.channel_id)]
        for user in request.users:
            if user.user_id not in rpc.state.users:
                raise RpcFailure(400, "USER_ID_INVALID")
            chat.members.add(user.user_id)
            rpc.on_publish(chat, rpc.state.new_message(chat, user_id or 0, "", "", service="added"))
        return types.messages.InvitedUsers(updates=rpc.objects.updates([]), missing_invitees=[])

    def do_EditAdmin(self, request: Any, user_id: int | None) -> Any:
        rpc = self._rpc
        chat = rpc.group(request.channel.channel_id)
        if chat.owner != user_id:
            raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
        if request.user_id.user_id not in chat.members:
            raise RpcFailure(400, "USER_NOT_PARTICIPANT")
        chat.rights = {name for name, on in request.admin_rights.to_dict().items() if on is True}
        rpc.on_change(chat)
        return rpc.objects.updates([])

    def do_EditChatDefaultBannedRights(self, request: Any, user_id: int | None) -> Any:
        rpc = self._rpc
        chat = rpc.chat(request.peer)
        if chat.owner != user_id:
            raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
        chat.read_only = bool(request.banned_rights.send_messages)
        return rpc.objects.updates([])

    def do_ResolveUsername(self, request: Any, user_id: int | None) -> Any:
        rpc = self._rpc
        for user in rpc.state.users.values():
            if (
                user.username is not None
                and user.username.casefold() == request.username.casefold()
            ):
                return types.contacts.ResolvedPeer(
                    peer=types.PeerUser(user.id), chats=[], users=[rpc.objects.user(user)]
                )
        raise RpcFailure(400, "USERNAME_NOT_OCCUPIED")


def new_session(keys: dict[int, bytes], logins: dict[int, int], user_id: int, port: int) -> str:
    """A session of a person who logged in before, as Telethon writes it into a string."""
    key = AuthKey(os.urandom(256))
    assert key.key is not None
    keys[key.key_id], logins[key.key_id] = key.key, user_id
    session = StringSession()
    session.set_dc(2, "127.0.0.1", port)
    session.auth_key = key
    return str(session.save())
