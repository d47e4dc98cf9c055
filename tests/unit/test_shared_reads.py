"""Equal readings at the same time are one; a failure is its caller's own."""

from __future__ import annotations

import asyncio

from jarvis.engine.shared import SharedReads


class Source:
    """Something that takes a moment to read, and answers as told."""

    def __init__(self, *, fails: int = 0) -> None:
        self.read_n, self._fails = 0, fails

    async def read(self) -> bool:
        self.read_n += 1
        failing = self.read_n <= self._fails
        await asyncio.sleep(0)
        return not failing


async def test_forty_who_ask_at_once_are_one_reading() -> None:
    shared, source = SharedReads(60.0), Source()
    await asyncio.gather(*(shared.read("debts", source.read) for _ in range(40)))
    await shared.read("debts", source.read)
    assert source.read_n == 1


async def test_others_things_are_read_for_themselves() -> None:
    shared, source = SharedReads(60.0), Source()
    await asyncio.gather(shared.read("a", source.read), shared.read("b", source.read))
    assert source.read_n == 2


async def test_what_must_be_new_is_read_and_serves_the_others() -> None:
    shared, source = SharedReads(60.0), Source()
    await shared.read("a", source.read)
    await shared.read("a", source.read, anew=True)
    await shared.read("a", source.read)
    assert source.read_n == 2


async def test_who_waited_for_a_reading_that_failed_reads_for_himself() -> None:
    shared, source = SharedReads(60.0), Source(fails=1)
    await asyncio.gather(*(shared.read("a", source.read) for _ in range(3)))
    assert source.read_n == 3, "one refusal is nobody else's"


async def test_a_reading_that_was_cut_off_leaves_nobody_waiting() -> None:
    shared, source = SharedReads(60.0), Source()

    async def hang() -> bool:
        await asyncio.Event().wait()
        return True

    first = asyncio.create_task(shared.read("a", hang))
    await asyncio.sleep(0)
    second = asyncio.create_task(shared.read("a", source.read))
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(5):
        await second
    assert source.read_n == 1


async def test_without_an_age_nothing_is_shared() -> None:
    shared, source = SharedReads(0.0), Source()
    await asyncio.gather(shared.read("a", source.read), shared.read("a", source.read))
    assert source.read_n == 2
