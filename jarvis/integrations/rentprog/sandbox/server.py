"""RentProg's server as one object: its data, the public API and MCP over real sockets, the
webhooks that follow from changes."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State

from jarvis.integrations.rentprog.sandbox import mcp_tools
from jarvis.integrations.rentprog.sandbox.changes import Changes, Hook, offered
from jarvis.integrations.rentprog.sandbox.data import Data, from_world
from jarvis.integrations.rentprog.sandbox.hook_sender import HookSender
from jarvis.integrations.rentprog.sandbox.operations import Operations, public_write
from jarvis.integrations.rentprog.sandbox.public_reads import Envelope, PublicReads, answer, public
from jarvis.integrations.rentprog.sandbox.records import tables
from jarvis.integrations.rentprog.sandbox.words import FAULTS
from jarvis.kit.clock import Clock, OffsetClock
from jarvis.kit.ids import new_token
from jarvis.kit.keep import Keep
from jarvis.kit.sandbox import Faults, Ledger, served
from jarvis.kit.sandbox_manifest import Change, Table
from jarvis.kit.world import World

_log = logging.getLogger(__name__)
Encoding = Literal["ruby", "json_text", "object"]
Req = Request[Any, Any, State]


@dataclass(slots=True, kw_only=True)
class Quota:
    """Calls a minute of one class; `say_when` adds `Retry-After` to its 429."""

    per_minute: int
    say_when: bool = True


class RentProgSandbox:
    """A RentProg of one company group, as far as Jarvis uses it."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        token_life_s: float = 240.0,
        web: str = "",
        ledger_path: Path | None = None,
    ) -> None:
        self.clock = clock or OffsetClock()
        self.token_life_s = token_life_s
        self.faults = Faults(fault.kind for fault in FAULTS)
        self.ledger = Ledger(ledger_path)
        self.operations = Operations(self.faults, self.ledger)
        self.data = Data()
        self.company_tokens: dict[str, str] = {}
        self.mcp_key = "rpa_" + secrets.token_hex(12)
        self.web_url = web  # where Jarvis takes webhooks; absent, somebody sets `hook_urls`
        self.hook_secrets: dict[str, str] = {}
        self.hook_urls: dict[int, str] = {}
        self.hook_transport: httpx.AsyncBaseTransport | None = None  # the network when absent
        self.encoding: Encoding = "ruby"
        self.envelope: Envelope = "bare"
        self.quotas = {
            "get": Quota(per_minute=120),
            "search": Quota(per_minute=30),
            "auth": Quota(per_minute=60),
            "mcp": Quota(per_minute=60),
            "write": Quota(per_minute=60),
        }
        self.tokens_given: list[str] = []
        self.deliveries: list[dict[str, Any]] = []
        self._bearers: dict[str, tuple[str, float]] = {}
        self._calls: dict[str, deque[float]] = {}
        self._hooks = HookSender(self)
        self._keep: Keep | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v1/public"

    @property
    def mcp_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/mcp"

    def load(self, world: World, now: datetime) -> None:
        """Reset to this world."""
        self.data = from_world(world, now)
        for branch in world.branches:
            self.company_tokens.setdefault(branch.code, secrets.token_hex(16))
            self.hook_secrets.setdefault(branch.code, new_token())
        self._aim()
        self.faults.stop()
        self.operations.clear()
        self.ledger.clear()
        self.deliveries.clear()

    def _aim(self) -> None:
        """Where the webhooks of each branch go."""
        if self.web_url:
            self.hook_urls = {
                company: f"{self.web_url}/hooks/rentprog/{self.hook_secrets[branch]}"
                for branch, company in self.data.companies.items()
            }

    def settings(self) -> Mapping[str, str]:
        return {
            "JARVIS_RENTPROG_BASE_URL": self.base_url,
            "JARVIS_RENTPROG_MCP_URL": self.mcp_url,
            "JARVIS_RENTPROG_MCP_KEY": self.mcp_key,
            "JARVIS_RENTPROG_COMPANY_TOKENS": json.dumps(self.company_tokens),
            "JARVIS_RENTPROG_COMPANY_IDS": json.dumps(self.data.companies),
            "JARVIS_RENTPROG_WEBHOOK_SECRETS": json.dumps(self.hook_secrets),
            "JARVIS_RENTPROG_TIMEOUT_S": "4",
            "JARVIS_RENTPROG_GET_PER_MINUTE": "110",
        }

    def start_fault(self, kind: str, args: Mapping[str, Any]) -> None:
        self.faults.start(kind, args)

    def records(self) -> Sequence[Table]:
        return tables(self.data)

    def remember(self, keep: Keep, *, resume: bool) -> int:
        self._keep = keep
        if not resume:
            keep.clear()
            return 0
        kept: dict[str, Any] = pickle.loads(keep.all()["all"])  # noqa: S301  # our own file
        self.data, self.operations.by_key = kept["data"], kept["operations"]
        self.company_tokens, self.mcp_key = kept["tokens"], kept["key"]
        self.hook_secrets = kept["secrets"]
        self._aim()
        self.faults.active.update(kept["faults"])
        self.ledger.read_back(kept["ledger"])
        self.send(kept["hooks"])  # one being delivered at that moment is sent twice, as by RentProg
        return kept["port"]

    def save(self) -> None:
        if self._keep is None:
            return
        kept = {
            "data": self.data,
            "operations": self.operations.by_key,
            "tokens": self.company_tokens,
            "key": self.mcp_key,
            "secrets": self.hook_secrets,
            "faults": self.faults.active,
            "ledger": len(self.ledger.entries()),
            "hooks": self._hooks.undelivered,
            "port": self._port,
        }
        self._keep.put({"all": pickle.dumps(kept)})

    def changes(self) -> Sequence[Change]:
        return offered(self.data)

    async def change(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make a change and queue its webhooks."""
        hooks = Changes(self.data).apply(name, args, self.clock.now())
        self.send(hooks)
        return {
            "change": name,
            "webhooks": [
                {"event": h.event, "company_id": h.company_id, "payload": h.payload} for h in hooks
            ],
        }

    def send(self, hooks: Sequence[Hook]) -> None:
        """Queue webhooks for delivery."""
        for hook in hooks:
            self._hooks.queue(hook)
        self.save()

    def calls(self, bucket: str) -> Sequence[float]:
        """When calls were let through in the last minute, by branch and class (`tbilisi:get`), or
        by `mcp`, `auth`."""
        return tuple(self._calls.get(bucket, ()))

    def busy(self) -> bool:
        return bool(self._hooks.undelivered)

    def body(self, hook: Hook) -> bytes:
        """The delivery's body in the encoding that is set."""
        return self._hooks.body(hook)

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncGenerator[RentProgSandbox]:
        """Serve on loopback and send webhooks until the end."""
        async with served(self.web(), port=port) as self._port, self.sending():
            yield self

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Send webhooks until the end, serving nothing."""
        sender = asyncio.create_task(self._hooks.send_forever())
        try:
            yield
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    # the public API

    def web(self) -> Litestar:
        """The ASGI application that answers."""

        @get("/api/v1/public/get_token")
        async def get_token(request: Req, company_token: str = "") -> Response[Any]:
            if (refusal := await self._gate("auth", "auth")) is not None:
                return refusal
            branch = next((b for b, t in self.company_tokens.items() if t == company_token), None)
            if branch is None:
                return Response({"error": "company not found"}, status_code=401)
            bearer = secrets.token_hex(24)
            self.tokens_given.append(branch)
            self._bearers[bearer] = (branch, time.time() + self.token_life_s)
            until = datetime.now(UTC) + timedelta(seconds=self.token_life_s)
            return Response({"token": bearer, "exp": until.isoformat(timespec="milliseconds")})

        @get("/api/v1/public/{path:path}")
        async def read(request: Req, path: str) -> Response[Any]:
            if self.faults.on("expire_token"):
                self._bearers.clear()
            branch = self._branch(request)
            if branch is None:
                return Response({"error": "token expired"}, status_code=401)
            call = "search" if "search_" in path else "get"
            if (refusal := await self._gate(call, f"{branch}:{call}")) is not None:
                return refusal
            reads = PublicReads(self.data, self.data.companies[branch], self.envelope)
            return reads.answer(path.strip("/"), request.query_params)

        @post("/api/v1/public/{path:path}", status_code=200)
        async def write(request: Req, path: str) -> Response[Any]:
            return await self._write(path.strip("/"), request)

        @post("/mcp", status_code=200)
        async def mcp(request: Req) -> Response[Any]:
            return await self._mcp(request)

        return Litestar([get_token, read, write, mcp], openapi_config=None, logging_config=None)

    async def _gate(self, call: str, bucket: str) -> Response[Any] | None:
        if self.faults.on("down") or self.faults.on("refuse"):
            return Response("<html>502 Bad Gateway</html>", status_code=502, media_type="text/html")
        if self.faults.on("slow"):
            await asyncio.sleep(self.faults.arg("slow", "seconds", 3))
        if self.faults.on("hang"):
            await asyncio.sleep(3600)
        if self.faults.on("garble"):
            return Response('{"cars": [{"id": ', media_type="application/json")
        quota = self.quotas[call]
        calls = self._calls.setdefault(bucket, deque())
        now = time.monotonic()
        while calls and calls[0] < now - 60:
            calls.popleft()
        if self.faults.on("rate_limit") or len(calls) >= quota.per_minute:
            headers = (
                {"Retry-After": str(int(self.faults.arg("rate_limit", "seconds", 2)))}
                if quota.say_when
                else {}
            )
            return Response({"error": "too many requests"}, status_code=429, headers=headers)
        calls.append(now)
        return None

    def _branch(self, request: Req) -> str | None:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        branch, until = self._bearers.get(bearer, (None, 0.0))
        return branch if until > time.time() else None

    async def _write(self, path: str, request: Req) -> Response[Any]:
        """`update_booking` by query, `create_booking` by JSON; no key, no preview, availability is
        not checked."""
        branch = self._branch(request)
        if branch is None:
            return Response({"error": "token expired"}, status_code=401)
        if (refusal := await self._gate("write", f"{branch}:write")) is not None:
            return refusal
        args: dict[str, Any] = dict(request.query_params)
        if path == "create_booking":
            args = json.loads(await request.body() or b"{}")
        try:
            record, hooks = public_write(
                self.data, self.data.companies[branch], path, args, self.clock.now()
            )
        except LookupError:
            return Response({"error": "not found"}, status_code=404)
        except ValueError as wrong:
            return Response({"errors": {"base": [str(wrong)]}}, status_code=422)
        self.ledger.add(
            path, entity=record["id"], fields={k: v for k, v in args.items() if k != "booking_id"}
        )
        self.send(hooks)
        if self.faults.on("lose_answer"):
            await asyncio.sleep(self.faults.arg("lose_answer", "seconds", 30))
            return Response("<html>504</html>", status_code=504, media_type="text/html")
        return answer(public(record))

    # MCP

    async def _mcp(self, request: Req) -> Response[Any]:
        if request.headers.get("authorization", "") != f"Bearer {self.mcp_key}":
            return Response({"error": {"code": "unknown_token"}}, status_code=401)
        if (refusal := await self._gate("mcp", "mcp")) is not None:
            return refusal
        try:
            call: Any = json.loads(await request.body())
            method, call_id, params = call["method"], call.get("id"), call.get("params", {})
        except (ValueError, LookupError, TypeError):
            error = {"code": -32700, "message": "parse error"}
            return Response({"jsonrpc": "2.0", "id": None, "error": error}, status_code=400)
        before = len(self.ledger.entries())
        result, hooks = mcp_tools.answer(
            self.data, self.operations, method, params, self.clock.now()
        )
        self.send(hooks)  # and keeps what was changed
        if len(self.ledger.entries()) > before and self.faults.on("lose_answer"):
            await asyncio.sleep(self.faults.arg("lose_answer", "seconds", 30))
            return Response("<html>504</html>", status_code=504, media_type="text/html")
        return answer({"jsonrpc": "2.0", "id": call_id, **result})
