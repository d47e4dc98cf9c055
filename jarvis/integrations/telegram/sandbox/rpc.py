"""What the server answers to each request of a bot: the part that knows it is found by its name."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telethon.tl import functions, types

from jarvis.integrations.telegram.sandbox.forums import Forums
from jarvis.integrations.telegram.sandbox.media import MediaRequests
from jarvis.integrations.telegram.sandbox.members import MemberRequests
from jarvis.integrations.telegram.sandbox.messages import MessageRequests
from jarvis.integrations.telegram.sandbox.objects import Objects
from jarvis.integrations.telegram.sandbox.people import PeopleRequests
from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.session import SessionRequests
from jarvis.integrations.telegram.sandbox.state import (
    MARK,
    Chat,
    Message,
    TelegramState,
)
from jarvis.kit.sandbox import Faults, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLimits:
    """How much the server takes: messages into one group within what it holds for a minute."""

    group_per_minute: int = 20
    minute_s: float = 60.0


TELEGRAMS_OWN = TelegramLimits()
_USER_ONLY = (
    functions.channels.CreateChannelRequest,
    functions.messages.CreateChatRequest,
    functions.channels.ToggleForumRequest,
    functions.channels.InviteToChannelRequest,
    functions.channels.JoinChannelRequest,
    functions.channels.DeleteChannelRequest,
    functions.messages.GetHistoryRequest,
    functions.messages.SearchRequest,
    functions.messages.GetDialogsRequest,
    functions.messages.GetRepliesRequest,
    functions.messages.ReadHistoryRequest,
)


class Rpc:
    """Answers requests over the state. `bot_id` is None before login."""

    def __init__(
        self,
        state: TelegramState,
        faults: Faults,
        ledger: Ledger,
        port: Callable[[], int],
        limits: TelegramLimits,
    ) -> None:
        self.state = state
        self.faults = faults
        self.ledger = ledger
        self.port = port
        self.limits = limits
        self.session = SessionRequests(self)
        self.messages = MessageRequests(self)
        self.forums = Forums(self)
        self.objects = Objects(state, self.forums)
        self.files = MediaRequests(self)
        self.people = PeopleRequests(self)
        self.members = MemberRequests(self)
        self.on_change: Callable[[Chat], None] = lambda _chat: None
        self.on_publish: Callable[[Chat, Message], None] = lambda _chat, _message: None
        self.on_answer: Callable[[int, str | None], None] = lambda _query, _text: None

    def answer(self, request: Any, bot_id: int | None) -> bytes:
        """The serialised result.

        Raises:
            RpcFailure: Telegram's own error.
        """
        person = bot_id is not None and not self.state.users[bot_id].is_bot
        if isinstance(request, _USER_ONLY) and not person:
            raise RpcFailure(400, "BOT_METHOD_INVALID")
        name = "do_" + type(request).__name__.removesuffix("Request")
        handlers = [self.session, self.messages, self.forums, self.files, self.members]
        handlers += [self.people] if person else []
        handler = next(
            (found for part in handlers if (found := getattr(part, name, None)) is not None), None
        )
        if handler is None:
            raise RpcFailure(400, "METHOD_INVALID")
        if bot_id is None and type(request).__name__ not in _BEFORE_LOGIN:
            raise RpcFailure(401, "AUTH_KEY_UNREGISTERED")
        result = handler(request, bot_id)
        return result if isinstance(result, bytes) else bytes(result)

    def group(self, channel_id: int, *, absent: bool = False) -> Chat:
        """A group by its id; one that the bot was removed from only when `absent` says so."""
        chat = self.state.chats.get(-(MARK + channel_id))
        if chat is None:
            raise RpcFailure(400, "CHANNEL_INVALID")
        if not absent and self.state.without_bot(chat):
            raise RpcFailure(400, "CHANNEL_PRIVATE")
        return chat

    def chat(self, peer: Any) -> Chat:
        """The chat that a request names."""
        if isinstance(peer, types.InputPeerChannel):
            return self.group(peer.channel_id)
        user = self.state.users.get(getattr(peer, "user_id", 0))
        if user is None:
            raise RpcFailure(400, "PEER_ID_INVALID")
        return self.state.private(user.id)


_BEFORE_LOGIN = frozenset({"GetConfigRequest", "ImportBotAuthorizationRequest", "GetUsersRequest"})
