"""The sender of webhooks: in order, a second time, garbled or never, as the faults say."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

import httpx

from jarvis.integrations.rentprog import ruby
from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.kit.http_client import tls

if TYPE_CHECKING:
    from jarvis.integrations.rentprog.sandbox.server import RentProgSandbox


class HookSender:
    """Sends the webhooks of one sandbox. What is `undelivered` is kept with its memory."""

    def __init__(self, sandbox: RentProgSandbox) -> None:
        self._sandbox = sandbox
        self._outbox: asyncio.Queue[Hook] = asyncio.Queue()
        self.undelivered: list[Hook] = []

    def queue(self, hook: Hook) -> None:
        """Have a webhook delivered."""
        self.undelivered.append(hook)
        self._outbox.put_nowait(hook)

    async def send_forever(self) -> None:
        """Deliver what is queued until cancelled."""
        held: Hook | None = None
        async with httpx.AsyncClient(
            timeout=10, trust_env=False, verify=tls(), transport=self._sandbox.hook_transport
        ) as http:
            while True:
                try:
                    async with asyncio.timeout(0.4):
                        hook = await self._outbox.get()
                except TimeoutError:
                    if held is not None:
                        await self._deliver(http, held)
                        held = None
                    continue
                if self._sandbox.faults.on("drop"):
                    self._delivered(hook)
                    continue
                if held is None and self._sandbox.faults.on("reorder"):
                    held = hook
                    continue
                await self._deliver(http, hook)
                if held is not None:
                    await self._deliver(http, held)
                    held = None

    async def _deliver(self, http: httpx.AsyncClient, hook: Hook) -> None:
        body = (
            b'{"event":"booking_update","payload":"{\\"id\\"=>"}'
            if self._sandbox.faults.on("garble")
            else self.body(hook)
        )
        copies = (
            1 + int(self._sandbox.faults.arg("duplicate", "copies", 1))
            if self._sandbox.faults.on("duplicate")
            else 1
        )
        url = self._sandbox.hook_urls.get(hook.company_id)
        status = 0
        for _ in range(copies if url else 0):
            with contextlib.suppress(httpx.HTTPError):
                answer = await http.post(
                    str(url), content=body, headers={"content-type": "application/json"}
                )
                status = answer.status_code
        self._sandbox.deliveries.append(
            {
                "at": time.time(),
                "event": hook.event,
                "id": hook.payload.get("id"),
                "status": status,
                "copies": copies,
            }
        )
        self._delivered(hook)

    def _delivered(self, hook: Hook) -> None:
        self.undelivered = [other for other in self.undelivered if other is not hook]
        self._sandbox.save()

    def body(self, hook: Hook) -> bytes:
        """The delivery's body in the encoding that is set."""
        payload: Any = {k: v for k, v in hook.payload.items() if not k.startswith("_")}
        if self._sandbox.encoding == "ruby":
            payload = ruby.dump(payload)
        elif self._sandbox.encoding == "json_text":
            payload = json.dumps(payload, ensure_ascii=False)
        return json.dumps({"event": hook.event, "payload": payload}, ensure_ascii=False).encode(
            errors="surrogatepass"
        )
