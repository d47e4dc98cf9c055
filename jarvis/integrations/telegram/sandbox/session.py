"""Session requests: server settings, login, users, missed updates."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from telethon.tl import types

from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.wire import true, vector

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.rpc import Rpc


class SessionRequests:
    """The part of the requests that concerns the session itself."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def do_GetConfig(self, request: Any, bot_id: int | None) -> Any:
        now = datetime.now(UTC)
        numbers = dict.fromkeys(
            (
                "chat_size_max",
                "megagroup_size_max",
                "forwarded_count_max",
                "online_update_period_ms",
                "offline_blur_timeout_ms",
                "offline_idle_timeout_ms",
                "online_cloud_timeout_ms",
                "notify_cloud_delay_ms",
                "notify_default_delay_ms",
                "push_chat_period_ms",
                "push_chat_limit",
                "edit_time_limit",
                "revoke_time_limit",
                "revoke_pm_time_limit",
                "rating_e_decay",
                "stickers_recent_limit",
                "channels_read_media_period",
                "call_receive_timeout_ms",
                "call_ring_timeout_ms",
                "call_connect_timeout_ms",
                "call_packet_timeout_ms",
            ),
            200,
        )
        return types.Config(
            date=now,
            expires=now + timedelta(hours=1),
            test_mode=False,
            this_dc=2,
            dc_options=[types.DcOption(id=2, ip_address="127.0.0.1", port=self._rpc.port())],
            dc_txt_domain_name="",
            me_url_prefix="",
            caption_length_max=1024,
            message_length_max=4096,
            webfile_dc_id=2,
            **numbers,
        )

    def do_ImportBotAuthorization(self, request: Any, bot_id: int | None) -> Any:
        known = self._rpc.state.tokens.get(request.bot_auth_token)
        if known is None:
            raise RpcFailure(400, "ACCESS_TOKEN_INVALID")
        return types.auth.Authorization(
            user=self._rpc.objects.user(self._rpc.state.users[known], me=known)
        )

    def do_LogOut(self, request: Any, bot_id: int | None) -> Any:
        return types.auth.LoggedOut()

    def do_GetUsers(self, request: Any, bot_id: int | None) -> bytes:
        if bot_id is None:
            raise RpcFailure(401, "AUTH_KEY_UNREGISTERED")
        found = [bot_id if isinstance(i, types.InputUserSelf) else i.user_id for i in request.id]
        return vector(
            [
                self._rpc.objects.user(self._rpc.state.users[i], me=bot_id)
                for i in found
                if i in self._rpc.state.users
            ]
        )

    def do_SetBotCommands(self, request: Any, bot_id: int | None) -> bytes:
        self._rpc.state.commands[request.lang_code] = [
            (c.command, c.description) for c in request.commands
        ]
        return true()

    def do_SetTyping(self, request: Any, bot_id: int | None) -> bytes:
        return true()

    def do_GetState(self, request: Any, bot_id: int | None) -> Any:
        return types.updates.State(
            pts=self._rpc.state.box.pts, qts=0, date=datetime.now(UTC), seq=0, unread_count=0
        )

    def do_GetDifference(self, request: Any, bot_id: int | None) -> Any:
        box = self._rpc.state.box
        missed = [u for pts, u in box.updates if pts > request.pts]
        if not missed:
            return types.updates.DifferenceEmpty(date=datetime.now(UTC), seq=0)
        users, chats = self._rpc.objects.cast()
        state = types.updates.State(
            pts=box.pts, qts=0, date=datetime.now(UTC), seq=0, unread_count=0
        )
        new = [u.message for u in missed if isinstance(u, types.UpdateNewMessage)]
        other = [u for u in missed if not isinstance(u, types.UpdateNewMessage)]
        return types.updates.Difference(
            new_messages=new,
            new_encrypted_messages=[],
            other_updates=other,
            chats=chats,
            users=users,
            state=state,
        )

    def do_GetChannelDifference(self, request: Any, bot_id: int | None) -> Any:
        chat = self._rpc.group(request.channel.channel_id)
        missed = [u for pts, u in chat.box.updates if pts > request.pts]
        if not missed:
            return types.updates.ChannelDifferenceEmpty(pts=chat.box.pts, final=True)
        users, chats = self._rpc.objects.cast()
        new = [u.message for u in missed if isinstance(u, types.UpdateNewChannelMessage)]
        other = [u for u in missed if not isinstance(u, types.UpdateNewChannelMessage)]
        return types.updates.ChannelDifference(
            pts=chat.box.pts,
            new_messages=new,
            other_updates=other,
            chats=chats,
            users=users,
            final=True,
        )
