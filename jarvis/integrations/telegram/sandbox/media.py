"""Photos, videos, voices, stickers and files, alone and in albums, as the server keeps and sends
them."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast, get_args

from telethon.tl import types

from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.state import Media, MediaKind
from jarvis.integrations.telegram.sandbox.wire import true
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.file_type import UNKNOWN, file_type

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.rpc import Rpc

ALBUM_MAX = 10
_NO_PHOTO = "a photo is base64 or {name, base64}; a file is never read by its path"
CAPTION_MAX = 1024
KINDS: tuple[MediaKind, ...] = get_args(MediaKind)
_MIME: Mapping[MediaKind, str] = {
    "photo": "image/jpeg",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "gif": "video/mp4",
    "sticker": "image/webp",
    "document": "application/octet-stream",
}


class MediaRequests:
    """The part of the requests that concerns files."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def do_SendMedia(self, request: Any, bot_id: int | None) -> Any:
        rpc = self._rpc
        chat = rpc.messages.writable(request)
        rpc.messages.check_text(request.message, CAPTION_MAX)
        message = rpc.messages.write(
            chat, bot_id, request, request.message, self._media(request.media)
        )
        return rpc.messages.sent(chat, [(message, request.random_id)], bot_id)

    def do_UploadMedia(self, request: Any, bot_id: int | None) -> Any:
        return as_media(self._media(request.media))

    def do_SendMultiMedia(self, request: Any, bot_id: int | None) -> Any:
        rpc, items = self._rpc, request.multi_media
        chat = rpc.messages.writable(request, [i.random_id for i in items])
        found = [self._media(i.media) for i in items]
        if (
            not 0 < len(items) <= ALBUM_MAX
            or len({m.kind in ("photo", "video") for m in found}) > 1
        ):
            raise RpcFailure(
                400, "MULTI_MEDIA_TOO_LONG" if len(items) > ALBUM_MAX else "MEDIA_INVALID"
            )
        rows: list[tuple[Any, int]] = []
        album = next(rpc.state.albums)
        for item, media in zip(items, found, strict=True):
            rpc.messages.check_text(item.message, CAPTION_MAX)
            item.reply_to, item.reply_markup = request.reply_to, None
            message = rpc.messages.write(chat, bot_id, item, item.message, media)
            message.album = album
            rows.append((message, item.random_id))
        return rpc.messages.sent(chat, rows, bot_id)

    def _media(self, said: Any) -> Media:
        """What a request attaches: parts that were uploaded, or something that was sent before."""
        if isinstance(said, types.InputMediaPhoto | types.InputMediaDocument):
            known = self._rpc.state.media.get(said.id.id)
            if known is None:
                raise RpcFailure(400, "MEDIA_EMPTY")
            return known
        if not isinstance(said, types.InputMediaUploadedPhoto | types.InputMediaUploadedDocument):
            raise RpcFailure(400, "MEDIA_INVALID")
        parts = self._rpc.state.files.pop(said.file.id, None)
        if parts is None or len(parts) != said.file.parts:
            raise RpcFailure(400, "FILE_PARTS_INVALID")
        data = b"".join(parts[n] for n in sorted(parts))
        if isinstance(said, types.InputMediaUploadedPhoto):
            return self._rpc.state.keep(data, "photo", "image/jpeg")
        names = [
            a.file_name for a in said.attributes if isinstance(a, types.DocumentAttributeFilename)
        ]
        return self._rpc.state.keep(
            data, _kind_of(said.attributes), said.mime_type, names[0] if names else None
        )

    def do_SaveFilePart(self, request: Any, bot_id: int | None) -> bytes:
        self._rpc.state.files.setdefault(request.file_id, {})[request.file_part] = request.bytes
        return true()

    do_SaveBigFilePart = do_SaveFilePart

    def do_GetFile(self, request: Any, bot_id: int | None) -> Any:
        found = self._rpc.state.media.get(getattr(request.location, "id", 0))
        if found is None:
            raise RpcFailure(400, "LOCATION_INVALID")
        part = found.data[request.offset : request.offset + request.limit]
        return types.upload.File(type=types.storage.FileJpeg(), mtime=int(time.time()), bytes=part)


def as_media(media: Media) -> Any:
    """The file of a message, as the protocol names it."""
    now = datetime.now(UTC)
    if media.kind == "photo":
        size = types.PhotoSize(type="x", w=1280, h=960, size=len(media.data))
        return types.MessageMediaPhoto(
            photo=types.Photo(
                id=media.id,
                access_hash=media.access_hash,
                file_reference=b"ref",
                date=now,
                sizes=[size],
                dc_id=2,
            )
        )
    attributes: list[Any] = (
        [types.DocumentAttributeFilename(file_name=media.name)] if media.name else []
    )
    video = types.DocumentAttributeVideo(
        duration=3.0, w=640, h=640, round_message=media.kind == "video_note"
    )
    attributes += {
        "video": [video],
        "video_note": [video],
        "gif": [video, types.DocumentAttributeAnimated()],
        "voice": [types.DocumentAttributeAudio(duration=3, voice=True)],
        "audio": [types.DocumentAttributeAudio(duration=3)],
        "sticker": [
            types.DocumentAttributeSticker(alt="🙂", stickerset=types.InputStickerSetEmpty())
        ],
        "document": [],
    }[media.kind]
    return types.MessageMediaDocument(
        document=types.Document(
            id=media.id,
            access_hash=media.access_hash,
            file_reference=b"ref",
            date=now,
            mime_type=media.mime,
            size=len(media.data),
            dc_id=2,
            attributes=attributes,
        )
    )


def _kind_of(attributes: list[Any]) -> MediaKind:
    if any(isinstance(a, types.DocumentAttributeVideo) for a in attributes):
        return "video"
    if any(isinstance(a, types.DocumentAttributeAudio) for a in attributes):
        return "voice" if any(getattr(a, "voice", False) for a in attributes) else "audio"
    return "document"


def attached(said: object) -> tuple[bytes, MediaKind, str, str | None]:
    """What a person attaches: a photo as bytes or base64, or `{base64, name?, kind?, mime?}`, where
    `data` may hold the bytes themselves; data, kind, type, name. A local file is never read: a path
    is no photo.

    Raises:
        InvalidRequest: no such kind, or no base64.
    """
    if isinstance(said, str | bytes):
        data = _data(said)
        # some paths are base64 by their letters, as /tmp/photo01 is; a JPEG begins with /9j/
        if isinstance(said, str) and said.startswith("/") and file_type(data) is UNKNOWN:
            raise InvalidRequest(_NO_PHOTO)
        return data, "photo", "image/jpeg", None
    if not isinstance(said, Mapping):
        raise InvalidRequest(_NO_PHOTO)
    fields = cast(Mapping[str, object], said)
    wanted = fields.get("kind", "photo")
    kind: MediaKind | None = next((known for known in KINDS if known == wanted), None)
    if kind is None:
        raise InvalidRequest(f"no media of kind {wanted!r}; kinds: {', '.join(KINDS)}")
    name, mime = fields.get("name"), fields.get("mime") or _MIME[kind]
    if not isinstance(name, str | None) or not isinstance(mime, str):
        raise InvalidRequest("`name` and `mime` of a file are texts")
    return _data(fields.get("base64", fields.get("data"))), kind, mime, name


def _data(file: object) -> bytes:
    if isinstance(file, bytes):
        return file
    if not isinstance(file, str):
        raise InvalidRequest(_NO_PHOTO)
    try:
        data = base64.b64decode(
            file.partition(",")[2] if file.startswith("data:") else file, validate=True
        )
    except ValueError:
        raise InvalidRequest(_NO_PHOTO) from None
    if not data:
        raise InvalidRequest(_NO_PHOTO)
    return data
