"""Work in order per key, side by side between keys."""

from __future__ import annotations

import asyncio

from jarvis.engine.keyed import KeyedTasks


async def test_one_key_is_in_order_and_keeps_no_other_waiting() -> None:
    tasks, done, gate = KeyedTasks(2), list[str](), asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        done.append("a0")

    async def quick(name: str) -> None:
        done.append(name)

    tasks.add("a", slow)
    for n in range(1, 40):
        tasks.add("a", lambda n=n: quick(f"a{n}"))
    tasks.add("b", lambda: quick("b0"))
    while not done:
        await asyncio.sleep(0)
    assert done == ["b0"], "those who wait for their own key hold no room"
    waits = asyncio.create_task(tasks.join())
    await asyncio.sleep(0)
    assert not waits.done()
    gate.set()
    await waits
    assert done == ["b0", *(f"a{n}" for n in range(40))]
    await tasks.join()


async def test_what_fails_stops_nothing_after_it_and_what_is_stopped_ends() -> None:
    tasks, done = KeyedTasks(1), list[str]()

    async def fails() -> None:
        raise ZeroDivisionError

    async def never() -> None:
        await asyncio.Event().wait()

    async def quick() -> None:
        done.append("after")

    tasks.add("a", fails)
    tasks.add("a", quick)
    await tasks.join()
    assert done == ["after"]
    tasks.add("a", never)
    tasks.add("b", never)
    await asyncio.sleep(0)
    await tasks.stop()
    await tasks.join()
