"""Files over the one connection: download, send in albums; and deletion of messages."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from telethon import utils
from telethon.errors import RandomIdDuplicateError, RPCError
from telethon.extensions import html as tg_html
from telethon.tl import functions, types

from jarvis.integrations.telegram.deletions import DeleteMessagesInGroup
from jarvis.integrations.telegram.gaps import WINDOW
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.incoming import describe
from jarvis.integrations.telegram.messages import random_id, reply_header
from jarvis.integrations.telegram.settings import SYSTEM
from jarvis.kit.errors import NotFound, Rejected, Unavailable

TOO_BIG = 2000 * 1024 * 1024  # Telegram's own limit of a file
_ATTRIBUTES = {
    "video": lambda: types.DocumentAttributeVideo(duration=0, w=0, h=0, supports_streaming=True),
    "video_note": lambda: types.DocumentAttributeVideo(
        duration=0, w=0, h=0, supports_streaming=True
    ),
    "gif": lambda: types.DocumentAttributeVideo(duration=0, w=0, h=0, nosound=True),
    "voice": lambda: types.DocumentAttributeAudio(duration=0, voice=True),
    "audio": lambda: types.DocumentAttributeAudio(duration=0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A file to send: its local path, kind (`photo`, or a kind of media), type and name."""

    path: Path
    kind: str
    mime: str
    name: str


class TelegramMedia:
    """The gateway's operations on files."""

    def __init__(self, gateway: TelegramGateway) -> None:
        self._gateway = gateway

    async def download(self, chat_id: int, message_id: int, to: Path) -> str:
        """Write a message's file, part by part, and return its kind.

        Raises:
            NotFound: the message or its file is gone.
        """
        client = self._gateway.client()
        kind = ""

        async def call() -> None:
            nonlocal kind
            rows = await self._gateway.messages(None if chat_id > 0 else chat_id, [message_id])
            seen = describe(getattr(rows[0], "media", None)) if rows else None
            if seen is None:
                raise NotFound("the message or its file is gone")
            if seen["size"] > TOO_BIG:
                raise Rejected(SYSTEM, "the file is larger than Telegram allows")
            kind = seen["kind"]
            await client.download_media(rows[0], str(to))

        await self._gateway.guarded(call, chat_id, files=True)
        return kind

    async def send_album(
        self,
        effect_id: UUID,
        chat_id: int,
        files: Sequence[Outgoing],
        caption: str,
        *,
        topic: int | None = None,
        attempt: int = 1,
        after: int = 0,
    ) -> list[int]:
        """Send up to ten files as one message group and return the ids; a repeated call of the same
        effect finds the first one's. `caption` is Telegram's HTML, on the first file. `after` is
        the last message id known before the first attempt.
        """
        plain, entities = tg_html.parse(caption)
        if (
            attempt > 1
            and (known := await self._recover(chat_id, plain, len(files), after)) is not None
        ):
            return known
        client = self._gateway.client()

        async def call() -> Any:
            peer = await client.get_input_entity(chat_id)
            uploaded = [await self._uploaded(f) for f in files]
            if len(uploaded) == 1:
                return await client(
                    functions.messages.SendMediaRequest(
                        peer=peer,
                        media=uploaded[0],
                        message=plain,
                        entities=entities,
                        random_id=_part(effect_id, 0),
                        reply_to=reply_header(None, topic),
                    )
                )
            stored = [
                await client(functions.messages.UploadMediaRequest(peer=peer, media=m))
                for m in uploaded
            ]
            rows = [
                types.InputSingleMedia(
                    media=utils.get_input_media(m),
                    random_id=_part(effect_id, n),
                    message=plain if n == 0 else "",
                    entities=entities if n == 0 else None,
                )
                for n, m in enumerate(stored)
            ]
            return await client(
                functions.messages.SendMultiMediaRequest(
                    peer=peer, multi_media=rows, reply_to=reply_header(None, topic)
                )
            )

        try:
            answer = await self._gateway.guarded(call, chat_id, files=True)
        except RandomIdDuplicateError:
            known = await self._recover(chat_id, plain, len(files), after)
            if known is None:
                raise Unavailable(
                    SYSTEM, "sent, but its ids are not found yet", retry_after_s=2.0
                ) from None
            return known
        return sorted(u.id for u in answer.updates if isinstance(u, types.UpdateMessageID))

    async def _uploaded(self, file: Outgoing) -> Any:
        uploaded = await self._gateway.client().upload_file(str(file.path), file_name=file.name)
        if file.kind == "photo":
            return types.InputMediaUploadedPhoto(file=uploaded)
        attributes: list[Any] = [types.DocumentAttributeFilename(file_name=file.name)]
        if file.kind in _ATTRIBUTES:
            attributes.append(_ATTRIBUTES[file.kind]())
        return types.InputMediaUploadedDocument(
            file=uploaded, mime_type=file.mime, attributes=attributes
        )

    async def _recover(self, chat_id: int, text: str, count: int, after: int) -> list[int] | None:
        """The ids of our message, or group of messages, with this caption after that message."""
        last = after
        while True:
            try:
                rows = await self._gateway.messages(
                    None if chat_id > 0 else chat_id, range(last + 1, last + 1 + 2 * WINDOW)
                )
            except (RPCError, ConnectionError) as error:
                raise Unavailable(
                    SYSTEM, f"cannot read back ({type(error).__name__})", retry_after_s=2.0
                ) from None
            there = [m for m in rows if not isinstance(m, types.MessageEmpty)]
            ours = [
                m
                for m in there
                if isinstance(m, types.Message) and m.out and describe(m.media) is not None
            ]
            for first in ours:
                group = [
                    m.id
                    for m in ours
                    if m.grouped_id is not None and m.grouped_id == first.grouped_id
                ] or [first.id]
                if (
                    first.message == text
                    and utils.get_peer_id(first.peer_id) == chat_id
                    and len(group) == count
                ):
                    return sorted(group)
            if not there or chat_id > 0:
                return None
            last += 2 * WINDOW

    async def delete(self, chat_id: int, ids: Sequence[int]) -> None:
        """Delete messages for everybody; already deleted ones are success."""
        client = self._gateway.client()

        async def call() -> Any:
            if chat_id > 0:
                return await client(
                    functions.messages.DeleteMessagesRequest(id=list(ids), revoke=True)
                )
            channel = utils.get_input_channel(await client.get_input_entity(chat_id))
            return await client(DeleteMessagesInGroup(channel=channel, id=list(ids)))

        await self._gateway.guarded(call, chat_id)


def as_outgoing(item: Mapping[str, Any], path: Path) -> Outgoing:
    """A file to send, from an effect's arguments."""
    kind = "photo" if item["kind"] in ("photo", "image") else str(item["kind"])
    return Outgoing(path=path, kind=kind, mime=str(item["mime"]), name=str(item["name"]))


def _part(effect_id: UUID, number: int) -> int:
    """The random id of one file of an album."""
    return (random_id(effect_id) + number) % 2**62
