"""A page printed to PDF by a headless Chromium: no scripts, no network, nothing but the files
beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.async_api import Error, async_playwright

from jarvis.kit.errors import Rejected, Unavailable

PRINT_LIMIT_S = 60.0
# else the one that Playwright installed
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


async def print_pdf(page: Path, to: Path) -> None:
    """Print an HTML file.

    Raises:
        Rejected: no Chromium is installed.
        Unavailable: it did not start, or did not manage in time.
    """
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=_installed(), timeout=PRINT_LIMIT_S * 1000
            )
            try:
                context = await browser.new_context(java_script_enabled=False, offline=True)
                sheet = await context.new_page()
                await sheet.goto(page.as_uri(), wait_until="load", timeout=PRINT_LIMIT_S * 1000)
                await sheet.pdf(path=to, prefer_css_page_size=True, print_background=True)
            finally:
                await browser.close()
    except Error as error:
        if "Executable doesn't exist" in str(error):
            raise Rejected(
                "Chromium",
                "no browser is installed here: install chromium, or run `playwright install "
                "chromium`",
            ) from None
        raise Unavailable("Chromium", str(error).partition("\n")[0][:200]) from None


def _installed() -> str | None:
    return next((path for name in INSTALLED if (path := shutil.which(name))), None)
