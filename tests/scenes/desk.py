"""The desk in a browser."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from jarvis.entrypoints.demo.supervisor import Demo


async def open_page(
    browser: Browser,
    demo: Demo,
    path: str,
    *,
    width: int = 1440,
    theme: str = "light",
    language: str = "ru",
) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": 900})
    cookies = [("theme", theme), ("lang", language)]
    await context.add_cookies(
        [{"name": name, "value": value, "url": demo.base} for name, value in cookies]
    )
    page = await context.new_page()
    await page.goto(demo.base + path)
    return page
