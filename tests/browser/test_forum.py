"""A forum at the desk: topics below their forum, the pinned post, writing into a topic, a car that
moves away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import yaml
from playwright.async_api import Browser, FilePayload, Page, expect
from rich.console import Console

from jarvis.entrypoints.demo.supervisor import Demo, DemoOptions
from jarvis.testing.core import NOW
from tests.scenes.desk import open_page
from tests.scenes.material import picture
from tests.scenes.topics import MALIBU, small_world

LASHA, DATO = "/as/7001004", "/as/7001007"


@pytest.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    world = folder / "world.yaml"
    world.write_text(
        yaml.safe_dump(small_world().model_dump(mode="json"), allow_unicode=True), encoding="utf-8"
    )
    running = Demo(
        DemoOptions(world=world, now=NOW, browser=False, folder=folder), Console(quiet=True)
    )
    try:
        await asyncio.to_thread(running.start, lambda _text: None)
        yield running
    finally:
        await asyncio.to_thread(running.stop)
        await asyncio.to_thread(running.postgres.remove)


async def test_a_topic_is_read_written_into_and_follows_its_car(
    demo: Demo, browser: Browser, artefacts: Path
) -> None:
    page = await open_page(browser, demo, LASHA)
    forum = page.locator(".chatrow", has_text="Branch_Tbilisi (forum)")
    await expect(forum).to_contain_text("Branch_Tbilisi (forum)")
    await forum.click()
    await page.locator(".topicrow", has_text=MALIBU).click()
    await expect(page.locator(".pinned")).to_contain_text("Malibu 235", timeout=30_000)
    await expect(page.locator("#log")).to_contain_text(
        "№1200: 10.03.2026 12:00 → 14.03.2026 12:00", timeout=30_000
    )
    await page.get_by_label("Напишите Jarvis").fill("Jarvis, где малибу 235?")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log .out")).to_contain_text("Jarvis, где малибу 235?")
    await expect(page.locator("#log .in")).to_have_count(2, timeout=10_000)
    await expect(page.locator("#log .in").last).to_contain_text("Тбилиси", timeout=10_000)
    await page.screenshot(path=artefacts / "forum.png")
    await send_album(page, artefacts)
    await page.locator("#arg_car").select_option(label="Malibu 235 · Тбилиси")
    await page.locator("#arg_branch").select_option("batumi")
    await page.locator("#apply").click()
    await expect(page.locator(".topicrow", has_text=MALIBU)).to_contain_text(
        "закрыта", timeout=20_000
    )
    phone = await open_page(
        browser, demo, DATO + "?pane=chats&chat=Branch_Batumi (forum)", width=390
    )
    await expect(phone.locator(".topicrow", has_text=MALIBU)).to_be_visible(timeout=20_000)
    wide = await phone.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide
    await phone.screenshot(path=artefacts / "forum-phone.png")


async def send_album(page: Page, artefacts: Path) -> None:
    """Three photos into the topic: they are stored and gone, and after a word in private they stand
    there as Jarvis's album."""
    before = await page.locator("#log .out").count()
    photos: list[FilePayload] = [
        {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": picture(n * 3)} for n in range(3)
    ]
    await page.locator("input[type=file]").set_input_files(photos)
    await page.get_by_role("button", name="Отправить").click()
    private = page.locator("#chatlist .chatrow", has_text="Jarvis").first
    await expect(private.locator(".badge")).to_be_visible(timeout=20_000)
    await expect(page.locator("#log .out")).to_have_count(before, timeout=20_000)
    topic = page.url
    await private.click()
    await expect(page.locator("#log")).to_contain_text(
        "медиа сохранено и убрано (3 шт.)", timeout=20_000
    )
    await page.screenshot(path=artefacts / "material-asked.png")
    await page.get_by_role("button", name="Приём №1200", exact=True).click()
    await expect(page.locator("#log")).to_contain_text("показано в теме машины", timeout=30_000)
    await page.goto(topic)
    await expect(page.locator("#log .album img")).to_have_count(3, timeout=20_000)
    await expect(page.locator("#log")).to_contain_text("Приём №1200")
    await page.screenshot(path=artefacts / "material-album.png")


async def test_a_check_list_on_a_phone(demo: Demo, browser: Browser, artefacts: Path) -> None:
    page = await open_page(browser, demo, LASHA + "?pane=talk&chat=dm", width=390)
    await page.get_by_label("Напишите Jarvis").fill("/checklist 1201")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Выдача №1201 · Malibu 235").click(timeout=20_000)
    log = page.locator("#log")
    await expect(log).to_contain_text("Дальше: Кузов", timeout=20_000)
    photos: list[FilePayload] = [
        {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": picture(50 + n)} for n in range(8)
    ]
    await page.locator("input[type=file]").set_input_files(photos)
    await page.get_by_role("button", name="Отправить", exact=True).click()
    await expect(log).to_contain_text("Кузов: 8 из 8", timeout=30_000)
    await page.screenshot(path=artefacts / "checklist-phone.png")
    await page.get_by_role("button", name="Пункты…").click()
    await page.get_by_role("button", name="Топливо").click(timeout=20_000)
    await page.get_by_role("button", name="75 %").click(timeout=20_000)
    await expect(log).to_contain_text("Топливо: 75 %", timeout=20_000)
    await page.get_by_role("button", name="Отчёт").click()
    await expect(log).to_contain_text("Не сделано 12: Колёса", timeout=20_000)
    await page.screenshot(path=artefacts / "checklist-report-phone.png")
    await page.get_by_role("button", name="Закрыть, не сделано 12").click()
    await page.get_by_role("button", name="PDF").click(timeout=20_000)
    await expect(log).to_contain_text("Выдача №1201 Malibu 235.pdf", timeout=60_000)
    wide = await page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide
    await page.screenshot(path=artefacts / "checklist-done-phone.png")
