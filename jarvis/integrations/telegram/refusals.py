"""Maps Telegram's errors to ours, by what should happen next."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportPrivateUsage=false

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from telethon import TelegramClient
from telethon.errors import (
    ChatWriteForbiddenError,
    FloodWaitError,
    MessageIdInvalidError,
    MessageNotModifiedError,
    PeerIdInvalidError,
    RandomIdDuplicateError,
    RPCError,
    ServerError,
    UserIsBlockedError,
)

from jarvis.integrations.telegram.kinds import TOPIC_GONE
from jarvis.integrations.telegram.settings import SYSTEM
from jarvis.kit.errors import NotFound, Rejected, Unavailable

_GONE = ("TOPIC_DELETED", "TOPIC_ID_INVALID")  # no classes of their own in Telethon 1.45


@asynccontextmanager
async def refusals(chat_id: int, client: TelegramClient) -> AsyncGenerator[None]:
    """Map the errors of a call about this chat.

    Raises:
        Unavailable: Telegram, the network or a limit; safe to try again later.
        Rejected: Telegram refuses this.
        NotFound: the message or the topic is gone.
        MessageNotModifiedError, RandomIdDuplicateError: unchanged; callers handle them.
    """
    try:
        yield
    except FloodWaitError as error:
        # Telethon applies a flood wait to all chats; ours concerns one chat, and the effect is
        # rescheduled.
        with contextlib.suppress(AttributeError):
            client._flood_waited_requests.clear()
        raise Unavailable(SYSTEM, "flood wait", retry_after_s=float(error.seconds)) from None
    except (MessageNotModifiedError, RandomIdDuplicateError):
        raise
    except (UserIsBlockedError, ChatWriteForbiddenError, PeerIdInvalidError) as error:
        raise Rejected(SYSTEM, type(error).__name__.removesuffix("Error")) from None
    except MessageIdInvalidError:
        raise NotFound("the message is gone") from None
    except (ServerError, ConnectionError, TimeoutError, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and asyncio.current_task() is not None:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        raise Unavailable(
            SYSTEM, f"no answer ({type(error).__name__})", retry_after_s=1.0
        ) from None
    except ValueError as error:
        raise Rejected(
            SYSTEM,
            f"chat {'of a person' if chat_id > 0 else 'group'} is unknown: {error}"[:120],
        ) from None
    except RPCError as error:
        raise _refusal(error) from None


def _refusal(error: RPCError) -> Exception:
    # Telethon's own classes carry the name of the error only in their class; the others carry it as
    # their message.
    name = error.message
    if name == getattr(type(error), "message", None):
        name = re.sub(
            r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")
        ).upper()
    return NotFound(TOPIC_GONE) if name in _GONE else Rejected(SYSTEM, str(name)[:120])
