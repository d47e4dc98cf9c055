"""Looks into files that people sent, in a process of its own with little memory: one JSON line in,
one JSON line out.

Run by `decoder.py`. A file that crashes it affects nothing else.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageOps

from jarvis.kit.file_type import HEAD_BYTES, file_type

MEMORY_MAX = 1024 * 1024 * 1024
PIXELS_MAX = 60_000_000
CLEAN_EDGE, THUMB_EDGE = 2560, 320  # pixels of the longer edge
EXIF_MAX = 60  # tags
_IMAGES = ("JPEG", "PNG", "WEBP", "GIF")
_SUFFIXES = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "jpe": "JPEG",
    "jfif": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
}
_FAMILIES = {
    "photo": ("image",),
    "image": ("image",),
    "sticker": ("image", "video", "vector"),
    "gif": ("video", "image"),
    "video": ("video",),
    "video_note": ("video",),
    "voice": ("audio",),
    "audio": ("audio", "video"),
}
# What must not follow the end of a picture: archives, pages, documents, programs. A second picture
# or a clip may, as phones append them.
_HIDDEN = re.compile(
    rb"PK\x03\x04|%PDF-|Rar!\x1a|7z\xbc\xaf|<script|<html|<\?php|<svg|\x7fELF|\x00MZ\x90", re.I
)


class Refused(Exception):
    """The file is not accepted; the text is the code of the reason."""


def look(path: Path, kind: str, name: str | None, out: Path) -> dict[str, Any]:
    """Say what a file is; of a picture write `clean.jpg` (no metadata) and `thumb.jpg` beside.

    Raises:
        Refused: `format`, `kind`, `extension`, `bomb`, `truncated` or `polyglot`.
    """
    with path.open("rb") as file:
        found = file_type(file.read(HEAD_BYTES))
    family, mime, suffix = found.family, found.mime, found.suffix
    if family not in _FAMILIES.get(kind, ()):
        raise Refused("format" if family == "unknown" else "kind")
    said = (name or "").rpartition(".")[2].casefold() if "." in (name or "") else ""
    if family == "image" and said and _SUFFIXES.get(said) not in (None, _format(suffix)):
        raise Refused("extension")
    if family != "image":
        return {"mime": mime, "suffix": suffix}
    return {"mime": mime, "suffix": suffix, **_picture(path, out)}


def _format(suffix: str) -> str:
    return _SUFFIXES.get(suffix, "")


def _picture(path: Path, out: Path) -> dict[str, Any]:
    try:
        with Image.open(path, formats=list(_IMAGES)) as image:
            if image.width * image.height > PIXELS_MAX:
                raise Refused("bomb")
            if _HIDDEN.search(_behind(path.read_bytes(), image.format or "")):
                raise Refused("polyglot")
            exif = _exif(image)
            image.load()
            upright = ImageOps.exif_transpose(image) or image
            width, height = upright.size
            clean = upright.convert("RGB")
    except Image.DecompressionBombError:
        raise Refused("bomb") from None
    except (OSError, ValueError, SyntaxError, IndexError, EOFError):
        raise Refused("truncated") from None
    for name, edge, quality in (("clean.jpg", CLEAN_EDGE, 88), ("thumb.jpg", THUMB_EDGE, 80)):
        clean.thumbnail((edge, edge))
        clean.save(out / name, "JPEG", quality=quality)
    return {"width": width, "height": height, "exif": exif}


def _behind(data: bytes, kind: str) -> bytes:
    """The bytes after the end of the picture."""
    if kind == "PNG":
        return data[data.rfind(b"IEND") + 8 :]
    if kind == "WEBP":
        return data[8 + int.from_bytes(data[4:8], "little") :]
    if kind == "GIF":
        return data[data.find(b"\x00\x3b") + 2 :] if b"\x00\x3b" in data else b""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:  # segments, each with its length
        marker = data[place + 1]
        if marker == 0xD9:
            return data[place + 2 :]
        if marker == 0xFF or 0xD0 <= marker <= 0xD7 or marker == 0x01:
            place += 1 if marker == 0xFF else 2
            continue
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xDA:  # coded lines: the next marker that is neither stuffing nor a restart
            found = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]").search(data, place)
            if found is None:
                return b""
            place = found.start()
    return data[place:]


def _exif(image: Image.Image) -> dict[str, str]:
    """The tags that a camera wrote, as text."""
    try:
        tags = image.getexif()
        rows = [*tags.items(), *tags.get_ifd(ExifTags.IFD.Exif).items()]
        place = {
            f"GPS{ExifTags.GPSTAGS.get(k, k)}": v
            for k, v in tags.get_ifd(ExifTags.IFD.GPSInfo).items()
        }
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):
        return {}
    named = {str(ExifTags.TAGS.get(k, k)): v for k, v in rows if not isinstance(v, bytes)} | place
    return {
        k: str(v).replace("\0", "")[:200]
        for k, v in list(named.items())[:EXIF_MAX]
        if not isinstance(v, bytes)
    }


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = look(Path(asked["path"]), asked["kind"], asked["name"], Path(asked["out"]))
        except Refused as error:
            answer = {"refused": str(error)}
        except MemoryError:
            answer = {"refused": "heavy"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
