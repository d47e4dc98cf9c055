"""One headless Chromium a module."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator

import pytest
from playwright.async_api import Browser, async_playwright

ARGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="module")
async def browser() -> AsyncGenerator[Browser]:
    path = next(
        (
            p
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (p := shutil.which(name))
        ),
        None,
    )
    assert path is not None, "no Chromium: run `make system`, or install it"
    async with async_playwright() as play:
        opened = await play.chromium.launch(
            executable_path=path, headless=True, chromium_sandbox=False, args=ARGS
        )
        yield opened
        await opened.close()
