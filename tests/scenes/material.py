"""Pictures that people send, and what of theirs still stands in a topic."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from jarvis.testing.app import RunningApp
from tests.scenes.topics import posts


def picture(number: int = 0, *, kind: str = "JPEG", exif: bool = False) -> bytes:
    image = Image.new("RGB", (64, 48), (number * 20 % 256, 90, 120))
    tags = image.getexif()
    if exif:
        tags[0x010F] = "Camera of a colleague"
    out = BytesIO()
    image.save(out, kind, **({"exif": tags} if exif else {}))
    return out.getvalue()


def of_people(app: RunningApp, person: str, forum: str, topic: str) -> list[dict[str, Any]]:
    return [m for m in posts(app, person, forum, topic) if m["from"] != "Jarvis"]
