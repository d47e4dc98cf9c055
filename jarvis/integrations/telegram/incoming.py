"""Properties of an incoming message: its file, topic and version."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

from typing import Any

from telethon.tl import types

from jarvis.kit.ids import sha256_hex
from jarvis.kit.text import MESSAGE_CHARS, clean, line

NAME_CHARS = 200
"""The longest name of a file, a group or a person that is kept."""


def topic_of(message: Any) -> int | None:
    """The forum topic of a message; None in General and outside forums."""
    header = message.reply_to
    if not getattr(header, "forum_topic", False):
        return None
    return header.reply_to_top_id or header.reply_to_msg_id


def version_of(message: Any) -> str | None:
    """Identifies one edit: dates are whole seconds, so text and file distinguish two edits within a
    second. None when nobody edited (Telegram adds a preview or a reaction by itself)."""
    if not message.edit_date:
        return None
    file = getattr(message.media, "photo", None) or getattr(message.media, "document", None)
    said = f"{message.message or ''}{getattr(file, 'id', '')}"
    return f"{int(message.edit_date.timestamp())}:{sha256_hex(said)[:12]}"


def describe(media: Any) -> dict[str, Any] | None:
    """What a message carries: Telegram's id of the file, kind, type, name and size in bytes; None
    when it is no file (a place, a poll, a preview)."""
    if isinstance(media, types.MessageMediaPhoto) and isinstance(media.photo, types.Photo):
        sizes = [
            getattr(s, "size", 0) or max(getattr(s, "sizes", [0]))
            for s in getattr(media.photo, "sizes", [])
        ]
        return {
            "file": str(media.photo.id),
            "kind": "photo",
            "mime": "image/jpeg",
            "name": None,
            "size": max(sizes, default=0),
        }
    document = getattr(media, "document", None)
    if not isinstance(media, types.MessageMediaDocument) or not isinstance(
        document, types.Document
    ):
        return None
    found = {type(a): a for a in document.attributes}
    name = found.get(types.DocumentAttributeFilename)
    video, audio = found.get(types.DocumentAttributeVideo), found.get(types.DocumentAttributeAudio)
    if types.DocumentAttributeSticker in found:
        kind = "sticker"
    elif types.DocumentAttributeAnimated in found:
        kind = "gif"
    elif video is not None:
        kind = "video_note" if video.round_message else "video"
    elif audio is not None:
        kind = "voice" if audio.voice else "audio"
    else:
        kind = "image" if document.mime_type.startswith("image/") else "document"
    said = line(name.file_name, NAME_CHARS) if name else None
    return {
        "file": str(document.id),
        "kind": kind,
        "mime": line(document.mime_type, NAME_CHARS),
        "name": said,
        "size": document.size,
    }


def words_of(message: Any) -> str:
    """The text or caption of a message, without control characters."""
    return clean(message.message or "", MESSAGE_CHARS)


def token_of(update: Any) -> str:
    """The data of a pressed button: one of our tokens, or forged text."""
    return line((update.data or b"").decode("utf-8", "replace"), NAME_CHARS)
