"""Shared by the Telegram benchmarks: a world of forums without cars, and photos as phones send
them."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.telegram.sandbox import WorldForum
from jarvis.kit.world import World

LASHA = "Лаша Гогуадзе"
TOPICS = 10  # of each forum


def forum_world() -> World:
    """Four forums, and no cars, whose posts would interfere."""
    branches = ("tbilisi", "batumi", "kutaisi", "service-center")
    forums = [
        WorldForum(
            title=f"Branch_{b}", branch=b, members=[LASHA], topics=[f"T{n}" for n in range(TOPICS)]
        )
        for b in branches
    ]
    return load_world().model_copy(update={"cars": [], "bookings": [], "forums": forums})


def photo() -> bytes:
    """As a phone's photo arrives through Telegram: 1280 by 960 pixels, some 250 kB, no two
    alike."""
    out = BytesIO()
    Image.effect_noise((1280, 960), 25).convert("RGB").save(out, "JPEG", quality=60)
    return out.getvalue()
