"""The breaker: opens after failures in a row, lets one probe through, closes when it succeeds."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from jarvis.kit.breaker import Breaker
from jarvis.kit.errors import Rejected, Unavailable


def down(error: BaseException) -> bool:
    return isinstance(error, OSError)


async def attempt(
    breaker: Breaker, error: BaseException | None = None, pause_s: float = 0.0
) -> None:
    async with breaker.call():
        await asyncio.sleep(pause_s)
        if error is not None:
            raise error


async def opened(pause_s: float) -> Breaker:
    breaker = Breaker("x", down, failures=3, pause_s=pause_s)
    for _ in range(3):
        with pytest.raises(OSError):
            await attempt(breaker, OSError())
    return breaker


async def test_it_opens_after_failures_in_a_row_and_says_for_how_long() -> None:
    breaker = await opened(30)
    with pytest.raises(Unavailable) as refused:
        await attempt(breaker)
    assert refused.value.retry_after_s is not None
    assert 25 < refused.value.retry_after_s <= 30


async def test_a_success_or_a_refusal_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker("x", down, failures=3, pause_s=30)
    for error in (
        OSError(),
        OSError(),
        Rejected("x", "no"),
        OSError(),
        OSError(),
        None,
        OSError(),
        OSError(),
    ):
        with contextlib.suppress(OSError, Rejected):
            await attempt(breaker, error)
    await attempt(breaker)


async def test_after_the_pause_one_probe_goes_out_and_the_others_wait_for_its_word() -> None:
    breaker = await opened(0.05)
    await asyncio.sleep(0.06)
    probe = asyncio.create_task(attempt(breaker, pause_s=0.1))
    await asyncio.sleep(0.02)
    with pytest.raises(Unavailable, match="probed"):
        await attempt(breaker)
    await probe
    await attempt(breaker)


@pytest.mark.parametrize("error", [OSError(), asyncio.CancelledError()])
async def test_a_probe_that_fails_or_is_cut_off_opens_it_again(error: BaseException) -> None:
    breaker = await opened(0.2)
    await asyncio.sleep(0.21)
    with pytest.raises(type(error)):
        await attempt(breaker, error)
    with pytest.raises(Unavailable, match="repeatedly"):
        await attempt(breaker)
