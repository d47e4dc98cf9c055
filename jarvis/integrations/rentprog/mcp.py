"""Surface C, RentProg's MCP server: debts, payments, who changed what, and every write that a
person approved."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, cast

import httpx

from jarvis.integrations.rentprog.models import (
    SYSTEM,
    HistoryEntry,
    Operation,
    Payment,
    Quote,
    Receivable,
    parse_record,
    show_moment,
    unwrap,
)
from jarvis.integrations.rentprog.quota import Quota
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.errors import (
    AuthExpired,
    ContractBroken,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from jarvis.kit.http_client import breaker, send
from jarvis.kit.wire import read_json

PROTOCOL = "2025-06-18"


class McpApi:
    """JSON-RPC over streamable HTTP, stateless JSON answers; 60 calls a minute and 1,000 an hour a
    key.

    Source: RentProg/rentprog-cli and its plugin (tools/list is the contract).
    """

    def __init__(self, http: httpx.AsyncClient, settings: RentProgSettings, quota: Quota) -> None:
        self._http = http
        self._settings = settings
        self._quota = quota
        self._guard = breaker(SYSTEM, settings.pause_s)
        self._ids = itertools.count(1)

    async def whoami(self) -> dict[str, Any]:
        """The owner of the key and its levels."""
        return await self.call("whoami", {})

    async def levels(self) -> dict[str, str]:
        """What the key may do in each area: none, read, approve, preview or direct."""
        found = (await self.whoami()).get("levels")
        if not isinstance(found, dict):
            raise ContractBroken(SYSTEM, "whoami names no levels")
        return {str(k): str(v) for k, v in cast(dict[Any, Any], found).items()}

    async def write(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        company: int | None,
        key: str,
        token: str | None = None,
    ) -> Operation:
        """One write under its idempotency key; at the level *preview* the first call only previews.

        Raises:
            OutcomeUnknown: RentProg cannot say whether it happened; repeat under the same key only.
            Rejected: refused for good.
            Unavailable: no answer, or quota; the same key may be repeated.
        """
        extra = {"idempotency_key": key, "branch_id": company, "preview_token": token}
        args = {**arguments, **{name: value for name, value in extra.items() if value is not None}}
        return parse_record(Operation, await self.call(tool, args))

    async def operation_status(self, operation_id: str) -> Operation:
        """The progress of an accepted write."""
        return parse_record(
            Operation, await self.call("operation_status", {"operation_id": operation_id})
        )

    async def company_reference(self) -> dict[str, Any]:
        """Branches, states, employees and other dictionaries."""
        return await self.call("company_reference", {})

    async def receivables(self, company_id: int) -> list[Receivable]:
        """Money owed to a branch and money due at its pick-ups."""
        return await self._list("receivables", {"branch_id": company_id}, Receivable)

    async def payments(self, company_id: int, booking_id: int) -> list[Payment]:
        """Payments of one booking."""
        return await self._list(
            "payments", {"branch_id": company_id, "booking_id": booking_id}, Payment
        )

    async def booking_history(self, company_id: int, booking_id: int) -> list[HistoryEntry]:
        """Who changed a booking and when, the oldest first."""
        return await self._list(
            "booking_history", {"branch_id": company_id, "booking_id": booking_id}, HistoryEntry
        )

    async def action_log(self, company_id: int) -> list[HistoryEntry]:
        """The branch's latest actions."""
        return await self._list("action_log", {"branch_id": company_id}, HistoryEntry)

    async def availability_quote(self, company_id: int, start_at: Any, end_at: Any) -> list[Quote]:
        """Cars that RentProg offers for a period, with prices a day."""
        window = {"start_date": show_moment(start_at), "end_date": show_moment(end_at)}
        return await self._list("availability_quote", {"branch_id": company_id, **window}, Quote)

    async def _list(self, tool: str, args: dict[str, Any], kind: type[Any]) -> list[Any]:
        found: list[Any] = []
        for page in range(1, 200):
            result = await self.call(tool, {**args, "page": page, "per_page": 50})
            rows = unwrap(result, tool)
            found += [parse_record(kind, row) for row in rows]
            if len(rows) < 50:
                return found
        raise ContractBroken(SYSTEM, f"{tool} does not end")

    async def call(self, tool: str, args: dict[str, Any]) -> dict[str, Any]:
        """Call one tool and return its structured result.

        Raises:
            Rejected: the tool answered with an error that a retry does not cure.
            Unavailable: quota, network or an error marked retryable.
        """
        key = self._settings.mcp_key
        if key is None:
            raise AuthExpired(SYSTEM, "JARVIS_RENTPROG_MCP_KEY is not set")
        await self._quota.take("key", "mcp")
        request = {
            "jsonrpc": "2.0",
            "id": next(self._ids),
            "method": "tools/call",
            "params": {"name": tool, "arguments": args},
        }
        answer = await send(
            self._http,
            SYSTEM,
            "POST",
            self._settings.mcp_url,
            json=request,
            guard=self._guard,
            headers={
                "Authorization": f"Bearer {key.get_secret_value()}",
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": PROTOCOL,
            },
        )
        return _result(_message(answer))


def _message(answer: httpx.Response) -> dict[str, Any]:
    text = answer.text
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        text = "".join(line[5:].strip() for line in text.splitlines() if line.startswith("data:"))
    try:
        body = read_json(text)
    except ValueError:
        raise OutcomeUnknown(
            SYSTEM, "the MCP answer is no JSON"
        ) from None  # truncated or garbled in transit; the write may have been executed
    if not isinstance(body, dict):
        raise ContractBroken(SYSTEM, "the MCP answer is no object")
    return cast(dict[str, Any], body)


def _result(message: dict[str, Any]) -> dict[str, Any]:
    if "error" in message:
        error = (
            cast(dict[str, Any], message["error"])
            if isinstance(message["error"], dict)
            else dict[str, Any]()
        )
        raise Rejected(SYSTEM, str(error.get("message", "JSON-RPC error"))[:200])
    result: Any = message.get("result")
    if not isinstance(result, dict):
        raise ContractBroken(SYSTEM, "an MCP answer without a result")
    fields = cast(dict[str, Any], result)
    content: Any = fields.get("structuredContent")
    if content is None:
        parts: list[Any] = fields.get("content") or []
        try:
            content = read_json(parts[0]["text"])
        except (LookupError, TypeError, ValueError):
            raise ContractBroken(SYSTEM, "an MCP result that is no JSON") from None
    if not isinstance(content, dict):
        raise ContractBroken(SYSTEM, "an MCP result that is no object")
    body = cast(dict[str, Any], content)
    if fields.get("isError"):
        details = cast(dict[str, Any], body.get("details") or {})
        reason = str(body.get("message") or body.get("error") or "refused")[:200]
        if str(body.get("error", "")).endswith("_outcome_unknown"):
            raise OutcomeUnknown(SYSTEM, "RentProg does not know the outcome", retry_after_s=3.0)
        if details.get("status") == 404:
            raise NotFound(f"{SYSTEM} has no such record")
        if details.get("retryable"):
            raise Unavailable(SYSTEM, reason)
        raise Rejected(SYSTEM, reason)
    return body
