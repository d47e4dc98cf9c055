"""The HTTP side of the sandbox: the public API and MCP over real sockets, and the sender of
webhooks."""

from __future__ import annotations

import asyncio
import contextlib
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
from typing import Any, Literal, cast

import httpx
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State

from jarvis.integrations.rentprog import ruby
from jarvis.integrations.rentprog.sandbox import mcp_tools
from jarvis.integrations.rentprog.sandbox.changes import Changes, Hook, offered
from jarvis.integrations.rentprog.sandbox.data import Data, Fields, from_world, is_open
from jarvis.integrations.rentprog.sandbox.operations import Operations, public_write
from jarvis.integrations.rentprog.sandbox.records import tables
from jarvis.integrations.rentprog.sandbox.words import FAULTS
from jarvis.kit.clock import Clock, OffsetClock
from jarvis.kit.http_client import tls
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
    """A RentProg of one company group, as far as Jarvis knows it."""

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
        self.envelope: Literal["bare", "data", "jsonapi"] = "bare"
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
        self._outbox: asyncio.Queue[Hook] = asyncio.Queue()
        self._undelivered: list[Hook] = []
        self._keep: Keep | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/v1/public"

    @property
    def mcp_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/mcp"

    def load(self, world: World, now: datetime) -> None:
        """Begin anew with this world."""
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
        self.send(kept["hooks"])  # one that was delivered just then comes twice, as RentProg's do
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
            "hooks": self._undelivered,
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
            self._undelivered.append(hook)
            self._outbox.put_nowait(hook)
        self.save()

    def calls(self, bucket: str) -> Sequence[float]:
        """When calls were let through in the last minute, by branch and class (`tbilisi:get`), or
        by `mcp`, `auth`."""
        return tuple(self._calls.get(bucket, ()))

    def busy(self) -> bool:
        return bool(self._undelivered)

    def body(self, hook: Hook) -> bytes:
        """The delivery's body in the encoding that is set."""
        payload: Any = {k: v for k, v in hook.payload.items() if not k.startswith("_")}
        if self.encoding == "ruby":
            payload = ruby.dump(payload)
        elif self.encoding == "json_text":
            payload = json.dumps(payload, ensure_ascii=False)
        return json.dumps({"event": hook.event, "payload": payload}, ensure_ascii=False).encode(
            errors="surrogatepass"
        )

    @asynccontextmanager
    async def running(self, port: int = 0) -> AsyncGenerator[RentProgSandbox]:
        """Serve on loopback and send webhooks until the end."""
        async with served(self.web(), port=port) as self._port, self.sending():
            yield self

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Send webhooks until the end, serving nothing."""
        sender = asyncio.create_task(self._send_forever())
        try:
            yield
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    # webhooks

    async def _send_forever(self) -> None:
        held: Hook | None = None
        async with httpx.AsyncClient(
            timeout=10, trust_env=False, verify=tls(), transport=self.hook_transport
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
                if self.faults.on("drop"):
                    self._delivered(hook)
                    continue
                if held is None and self.faults.on("reorder"):
                    held = hook
                    continue
                await self._deliver(http, hook)
                if held is not None:
                    await self._deliver(http, held)
                    held = None

    async def _deliver(self, http: httpx.AsyncClient, hook: Hook) -> None:
        body = (
            b'{"event":"booking_update","payload":"{\\"id\\"=>"}'
            if self.faults.on("garble")
            else self.body(hook)
        )
        copies = (
            1 + int(self.faults.arg("duplicate", "copies", 1)) if self.faults.on("duplicate") else 1
        )
        url = self.hook_urls.get(hook.company_id)
        status = 0
        for _ in range(copies if url else 0):
            with contextlib.suppress(httpx.HTTPError):
                answer = await http.post(
                    str(url), content=body, headers={"content-type": "application/json"}
                )
                status = answer.status_code
        self.deliveries.append(
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
        self._undelivered = [other for other in self._undelivered if other is not hook]
        self.save()

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
            return self._read(branch, path.strip("/"), request.query_params)

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

    def _read(self, branch: str, path: str, query: Mapping[str, str]) -> Response[Any]:
        data, company = self.data, self.data.companies[branch]
        cars = {k: c for k, c in data.cars.items() if c["company_id"] == company}
        bookings = {
            k: b
            for k, b in data.bookings.items()
            if b["company_id"] == company and not b["archive"]
        }
        page = int(query.get("page", 1))
        noun, _, tail = path.partition("/")
        if noun in ("cars", "car") and tail:
            return self._one(cars, tail)
        if noun in ("bookings", "booking") and tail:
            return self._one(bookings, tail)
        if noun in ("clients", "client") and tail:
            return self._one(data.clients, tail)
        if path in ("all_cars_full", "all_cars", "cars"):
            return self._list("cars", list(cars.values()), page, 25)
        if path == "all_bookings":
            return self._list("bookings", list(bookings.values()), page, 10)
        if path in ("active_bookings", "unactive_bookings"):
            wanted = path == "active_bookings"
            rows = [b for b in bookings.values() if is_open(b) is wanted]
            return self._list("bookings", rows, page, 10)
        if path in ("all_clients", "clients"):
            return self._list("clients", list(data.clients.values()), page, 25)
        if path == "car_data_with_bookings":
            return self._car_with_bookings(cars, bookings, query)
        if path in ("search_bookings", "search_cars", "search_clients"):
            return self._search(
                path,
                {"search_cars": cars, "search_bookings": bookings}.get(path, data.clients),
                query,
            )
        return Response({"error": "not found"}, status_code=404)

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
        return _answer(_public(record))

    def _car_with_bookings(
        self, cars: Mapping[int, Fields], bookings: Mapping[int, Fields], query: Mapping[str, str]
    ) -> Response[Any]:
        car = cars.get(int(query.get("car_id", 0)))
        if car is None:
            return Response({"error": "not found"}, status_code=404)
        mine = [_public(b) for b in bookings.values() if b["car_id"] == car["id"] and is_open(b)]
        return _answer(
            {
                **_public(car),
                "active_bookings": mine,
                "prices": [],
                "seasons": [],
                "price_periods": [],
            }
        )

    def _search(
        self, path: str, table: Mapping[int, Fields], query: Mapping[str, str]
    ) -> Response[Any]:
        text = query.get("query", "").lower()
        if len(text) < 3:
            return Response({"error": "query is too short"}, status_code=422)
        rows = [r for r in table.values() if any(text in str(v).lower() for v in r.values())]
        return self._list(path.removeprefix("search_"), rows, int(query.get("page", 1)), 25)

    def _one(self, table: Mapping[int, Fields], tail: str) -> Response[Any]:
        record = table.get(int(tail)) if tail.isdigit() else None
        return (
            Response({"error": "not found"}, status_code=404)
            if record is None
            else _answer(_public(record))
        )

    def _list(self, name: str, rows: list[Fields], page: int, size: int) -> Response[Any]:
        chosen = [_public(row) for row in rows[(page - 1) * size : page * size]]
        if self.envelope == "data":
            return _answer({"data": chosen})
        if self.envelope == "jsonapi":
            items = [{"id": str(r["id"]), "type": name[:-1], "attributes": r} for r in chosen]
            return _answer({name: {"data": items}})
        return _answer(chosen)

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
        return _answer({"jsonrpc": "2.0", "id": call_id, **result})


def _public(record: Fields | Any) -> Any:
    """What everybody may see of a record; rubbish that a test put in its place goes out as it
    is."""
    if not isinstance(record, dict):
        return record
    return {k: v for k, v in cast(Fields, record).items() if not k.startswith("_")}


def _answer(content: object) -> Response[Any]:
    """Any JSON that a vendor can send, half surrogate pairs and NaN too."""
    return Response(json.dumps(content).encode(), media_type="application/json")
