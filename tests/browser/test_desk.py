"""The desk in a real headless Chromium, over a real demo: ask, press, change the world, read the steps."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from rich.console import Console

from jarvis.entrypoints.demo.supervisor import Demo, DemoOptions
from tests.conftest import reachable
from tests.house import NOW

ARGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip
NINO = "/as/7001003"


@pytest.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Demo]:
    folder = reachable(tmp_path_factory.mktemp("demo"))
    running = Demo(DemoOptions(now=NOW, browser=False, folder=folder), Console(quiet=True))
    try:
        await asyncio.to_thread(running.start, lambda _text: None)
        yield running
    finally:
        await asyncio.to_thread(running.stop)


@pytest.fixture(scope="module")
async def browser() -> AsyncGenerator[Browser]:
    path = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
    assert path is not None, "no Chromium: run `make system`, or install it"
    async with async_playwright() as play:
        opened = await play.chromium.launch(executable_path=path, headless=True, chromium_sandbox=False, args=ARGS)
        yield opened
        await opened.close()


async def _page(browser: Browser, demo: Demo, path: str, *, width: int = 1440, theme: str = "light", language: str = "ru") -> Page:
    context = await browser.new_context(viewport={"width": width, "height": 900})
    cookies = [("theme", theme), ("lang", language)]
    await context.add_cookies([{"name": name, "value": value, "url": demo.base} for name, value in cookies])
    page = await context.new_page()
    await page.goto(demo.base + path)
    return page


async def test_ask_press_change_the_world_and_read_the_steps(demo: Demo, browser: Browser, artefacts: Path) -> None:
    page = await _page(browser, demo, "/")
    await page.screenshot(path=artefacts / "start.png")
    await page.get_by_role("link", name="Нино Беридзе").click()
    await page.get_by_label("Напишите Jarvis").fill("где элантра 640?")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log")).to_contain_text("Elantra 640", timeout=10_000)
    await expect(page.locator("#log .in").last).to_contain_text("Кутаиси")
    await page.locator("#arg_car").select_option(label="Elantra 640 · Кутаиси")
    await page.locator("#arg_branch").select_option("batumi")
    await page.locator("#apply").click()
    await expect(page.locator(".chain").first).to_contain_text("Elantra 640 → Батуми", timeout=10_000)
    await expect(page.locator(".chain").first).to_contain_text("Пришёл вебхук, записан до ответа", timeout=10_000)
    await expect(page.locator(".chain").first).to_contain_text("Событие «авто переехало», правило без модели", timeout=10_000)
    await expect(page.locator(".chain .state.ok").first).to_contain_text("дошло за", timeout=10_000)
    await page.get_by_label("Напишите Jarvis").fill("где элантра 640?")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log .in").last).to_contain_text("Батуми", timeout=10_000)
    await page.get_by_label("Напишите Jarvis").fill("где соната")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Sonata 564 · Батуми").click(timeout=10_000)
    await expect(page.locator("#log .in").last).to_contain_text("SN-564-BA", timeout=10_000)
    await page.screenshot(path=artefacts / "desk.png")
    await page.locator(".under").first.click()
    await expect(page.locator(".steps")).to_contain_text("car_card")
    await expect(page.locator(".figures")).to_contain_text("офлайн, 0 ¢")
    await page.screenshot(path=artefacts / "steps.png")
    await page.context.close()


async def test_it_works_without_scripts(demo: Demo, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(demo.base + "/as/7001008")
    await page.get_by_label("Напишите Jarvis").fill("кто должен?")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Отправить").click()
    for _ in range(40):
        await page.goto(demo.base + "/as/7001008")
        if "Долги" in await page.locator("#log").inner_text():
            break
        await asyncio.sleep(0.2)
    assert "Долги: 520" in (await page.locator("#log").inner_text()).replace("\n", "")
    await context.close()


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize(("theme", "language"), [("light", "ru"), ("dark", "ka"), ("light", "en")])
async def test_nothing_overflows(demo: Demo, browser: Browser, artefacts: Path, width: int, theme: str, language: str) -> None:
    page = await _page(browser, demo, NINO, width=width, theme=theme, language=language)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    small = await page.evaluate(
        """[...document.querySelectorAll('a, button')].filter(e => { const r = e.getBoundingClientRect();
           return r.width && r.height && (r.width < 24 || r.height < 24) && !e.classList.contains('skip') }).map(e => e.outerHTML)"""
    )
    assert small == []
    if language != "ru":
        labels = await page.locator("header.top, .pane .head, #composer").all_inner_texts()
        assert not any(word in " ".join(labels) for word in ("Песочница", "Отправить", "Журнал", "Шаги"))
    await page.screenshot(path=artefacts / f"desk-{width}-{theme}-{language}.png")
    await page.context.close()


def _call(demo: Demo, method: str, path: str, body: object | None = None) -> tuple[int, object]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(demo.base + path, data=data, method=method, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


async def test_the_control_surface_is_what_scripts_rely_on(demo: Demo) -> None:
    def call(method: str, path: str, body: object | None = None) -> tuple[int, object]:
        return _call(demo, method, path, body)

    code, said = await asyncio.to_thread(
        call, "POST", "/sandbox/telegram/send", {"as": "Тамар Ломидзе", "chat": "dm", "text": "/help"}
    )
    assert code == 200
    assert await asyncio.to_thread(call, "GET", "/sandbox/idle?timeout_s=15") == (200, {"idle": True, "in_flight": {}})
    query = urllib.parse.urlencode({"as": "Тамар Ломидзе", "chat": "dm"})
    _, messages = await asyncio.to_thread(call, "GET", f"/sandbox/telegram/messages?{query}")
    assert isinstance(messages, list)
    assert {"id", "from", "text", "buttons", "topic", "media", "pinned", "edited_at", "reply_to"} <= set(
        cast(dict[str, object], messages[-1])
    )
    for body in ({}, {"as": "Никто", "text": "x"}, {"as": "Тамар Ломидзе", "chat": "Смена Батуми", "text": "x"}):
        code, said = await asyncio.to_thread(call, "POST", "/sandbox/telegram/send", body)
        assert code == 422
        assert isinstance(said, dict)
        assert said["error"]
    assert (await asyncio.to_thread(call, "POST", "/sandbox/rentprog/fault", {"kind": "moon"}))[0] == 422
    assert (await asyncio.to_thread(call, "POST", "/sandbox/clock", {"advance_s": 60}))[0] == 200
    _, ledger = await asyncio.to_thread(call, "GET", "/sandbox/telegram/ledger")
    assert isinstance(ledger, list)
    assert ledger[-1]["kind"] == "send"
