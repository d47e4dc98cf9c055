"""Inspects files in a child process, which they may crash; it is restarted for the next file."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jarvis.integrations.storage.port import SYSTEM
from jarvis.kit.errors import Rejected, Unavailable

TIMEOUT_S = 20.0
# by its path, and isolated: as a module it would import its parent packages, which takes a second
# and sixty megabytes
_CHILD = Path(__file__).with_name("decode_child.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a file is. Pictures have a size, their camera's tags and two derived files: without
    metadata, and small."""

    mime: str
    suffix: str
    width: int | None = None
    height: int | None = None
    exif: dict[str, str] | None = None
    clean: Path | None = None
    thumb: Path | None = None


class Decoder:
    """One child, one file at a time."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def inspect(self, path: Path, kind: str, name: str | None, out: Path) -> Inspected:
        """Look into a file of this kind of media.

        Raises:
            Rejected: it is not accepted; the reason is one of `format`, `kind`, `extension`,
                `bomb`, `truncated`, `polyglot`, `heavy`.
            Unavailable: the child cannot be started.
        """
        asked = json.dumps({"path": str(path), "kind": kind, "name": name, "out": str(out)})
        async with self._turn:
            # retried once, in case the child died for another reason
            answer = await self._ask(asked) or await self._ask(asked)
        if answer is None:
            raise Rejected(SYSTEM, "heavy")
        if "refused" in answer:
            raise Rejected(SYSTEM, str(answer["refused"]))
        picture = "width" in answer
        return Inspected(
            mime=answer["mime"],
            suffix=answer["suffix"],
            width=answer.get("width"),
            height=answer.get("height"),
            exif=answer.get("exif"),
            clean=out / "clean.jpg" if picture else None,
            thumb=out / "thumb.jpg" if picture else None,
        )

    async def _ask(self, asked: str) -> dict[str, Any] | None:
        """The child's answer; None when it died or took too long."""
        if self._child is None or self._child.returncode is not None:
            try:
                self._child = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-I",
                    str(_CHILD),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                )
            except OSError as error:
                raise Unavailable(
                    SYSTEM, f"no child to look into files ({type(error).__name__})"
                ) from None
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        line = b""
        try:
            async with asyncio.timeout(self._timeout_s):
                child.stdin.write(asked.encode() + b"\n")
                await child.stdin.drain()
                line = await child.stdout.readline()
        except (TimeoutError, ConnectionError):
            pass
        finally:
            if not line:
                await self.close()
        return json.loads(line) if line else None

    async def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


@asynccontextmanager
async def open_decoder(*, timeout_s: float = TIMEOUT_S) -> AsyncGenerator[Decoder]:
    """A decoder whose child ends with the block."""
    decoder = Decoder(timeout_s=timeout_s)
    try:
        yield decoder
    finally:
        await decoder.close()
