"""File types by first bytes; the type that a sender states is ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HEAD_BYTES = 64  # that are examined
Family = Literal["image", "video", "audio", "vector", "unknown"]


@dataclass(frozen=True, slots=True)
class FileType:
    """Family, media type and the ending of a name."""

    family: Family
    mime: str
    suffix: str

    @property
    def disposition(self) -> str:
        """The Content-Disposition: pictures and clips inline, anything else as a download, so that
        no file that a person sent runs as a page of our site."""
        return "inline" if self.family in ("image", "video", "audio") else "attachment"


UNKNOWN = FileType("unknown", "application/octet-stream", "")
JPEG = FileType("image", "image/jpeg", "jpg")
PNG = FileType("image", "image/png", "png")
WEBP = FileType("image", "image/webp", "webp")
GIF = FileType("image", "image/gif", "gif")


def file_type(head: bytes) -> FileType:
    """The type of a file that begins with these bytes; `UNKNOWN` for types that are not
    accepted."""
    return _picture(head) or _clip(head) or UNKNOWN


def _picture(head: bytes) -> FileType | None:
    if head[:3] == b"\xff\xd8\xff":
        return JPEG
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    if head[:2] == b"\x1f\x8b":
        return FileType("vector", "application/x-tgsticker", "tgs")
    return None


def _clip(head: bytes) -> FileType | None:
    if head[4:8] == b"ftyp" and head[8:12] not in (b"heic", b"heix", b"mif1", b"avif"):
        if head[8:11] == b"M4A":
            return FileType("audio", "audio/mp4", "m4a")
        return FileType("video", "video/mp4", "mp4")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return FileType("video", "video/webm", "webm")
    if head[:4] == b"OggS":
        return FileType("audio", "audio/ogg", "ogg")
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return FileType("audio", "audio/mpeg", "mp3")
    return None
