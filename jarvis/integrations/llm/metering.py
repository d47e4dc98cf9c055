"""Budgets of model calls: each call is reserved against the request's, the employee's day and the
company's day before it goes out.

When a budget is used up, the chain falls over to the offline model; `RequestSpending.spent` names
the budget.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import genai_prices
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError, UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_core import to_json

from jarvis.engine.budgets import Allowance, Budgets, Reservation
from jarvis.integrations.llm.answers import tidy
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.breaker import Breaker
from jarvis.kit.errors import Unavailable

REQUEST_CALLS = 12
# of JSON; tokens of Cyrillic are shorter than that, so an estimate is rather too high
BYTES_PER_TOKEN = 3
MICRO = 1_000_000


class BudgetSpent(ModelAPIError):
    """No call was made: it would have exceeded a budget."""


@dataclass(slots=True, kw_only=True)
class RequestSpending:
    """What the model calls of one request have used, and which budget stopped them (`request`,
    `employee`, `house`)."""

    allowances: Sequence[Allowance]
    limit_micro_usd: int
    calls: int = 0
    reserved_micro_usd: int = 0
    cost_micro_usd: int = 0
    spent: str | None = field(default=None)


_SPENDING: ContextVar[RequestSpending] = ContextVar("spending")


class Meter:
    """Tracks the spending of requests, and puts a meter and a breaker before each provider."""

    def __init__(self, budgets: Budgets, settings: LlmSettings) -> None:
        self.budgets = budgets
        self.settings = settings
        self._breakers: dict[str, Breaker] = {}

    @contextmanager
    def opened(self, employee_id: UUID | None = None) -> Generator[RequestSpending]:
        """Charge the calls inside to this employee's request; without an employee, to the company's
        budget alone."""
        spending = self._new_spending(employee_id)
        token = _SPENDING.set(spending)
        try:
            yield spending
        finally:
            _SPENDING.reset(token)

    def current(self) -> RequestSpending:
        """The spending of the request that runs here."""
        return _SPENDING.get(None) or self._new_spending(None)

    def metered(self, model: Model) -> Model:
        """A provider's model behind its meter; models of one provider share a breaker."""
        breaker = self._breakers.setdefault(model.system, Breaker(model.system, _down))
        return _Metered(model, self, breaker)

    def _new_spending(self, employee_id: UUID | None) -> RequestSpending:
        s = self.settings
        company = Allowance(
            account="house",
            calls=s.house_day_calls,
            cost_micro_usd=_micro(s.house_day_usd),
            busy_ms=int(s.house_day_min * 60_000),
        )
        own = Allowance(
            account=f"employee:{employee_id}",
            calls=s.employee_day_calls,
            cost_micro_usd=_micro(s.employee_day_usd),
            busy_ms=int(s.employee_day_min * 60_000),
        )
        return RequestSpending(
            allowances=[own, company] if employee_id else [company],
            limit_micro_usd=_micro(s.request_usd),
        )


class _Metered(WrapperModel):
    def __init__(self, model: Model, meter: Meter, breaker: Breaker) -> None:
        super().__init__(model)
        self._meter = meter
        self._breaker = breaker

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        try:
            async with self._breaker.call():
                return await self._paid(messages, model_settings, model_request_parameters)
        except Unavailable as error:
            raise ModelAPIError(self.model_name, str(error)) from error

    async def _paid(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        parameters: ModelRequestParameters,
    ) -> ModelResponse:
        spending = self._meter.current()
        estimate = self._price(
            len(ModelMessagesTypeAdapter.dump_json(messages) + to_json(parameters, fallback=str))
            // BYTES_PER_TOKEN,
            self._meter.settings.max_output_tokens,
        )
        held = await self._reserve(spending, estimate)
        began, cost = time.monotonic(), estimate
        try:
            async with asyncio.timeout(self._meter.settings.deadline_s):
                response = tidy(await super().request(messages, model_settings, parameters))
            cost = self._cost(response)
            return response
        except TimeoutError as error:
            raise ModelAPIError(self.model_name, "no answer in time") from error
        # refused, so not billed; after a time-out it is unknown, and the reservation is kept
        except ModelHTTPError:
            cost = 0
            raise
        finally:
            spending.reserved_micro_usd += cost - estimate
            spending.cost_micro_usd += cost
            completing = self._meter.budgets.complete(
                held, cost_micro_usd=cost, busy_ms=int((time.monotonic() - began) * 1000)
            )
            await asyncio.shield(completing)

    async def _reserve(self, spending: RequestSpending, estimate: int) -> Reservation:
        if (
            spending.calls >= REQUEST_CALLS
            or spending.reserved_micro_usd + estimate > spending.limit_micro_usd
        ):
            spending.spent = "request"
            raise BudgetSpent(self.model_name, "the request's budget is used up")
        spending.calls += 1
        spending.reserved_micro_usd += estimate
        busy_ms = int(self._meter.settings.deadline_s * 1000)
        held = await self._meter.budgets.reserve(
            spending.allowances, cost_micro_usd=estimate, busy_ms=busy_ms
        )
        if isinstance(held, str):
            spending.spent = held.partition(":")[0]
            spending.calls -= 1
            spending.reserved_micro_usd -= estimate
            raise BudgetSpent(self.model_name, f"the day's budget is used up: {held}")
        return held

    def _price(self, input_tokens: int, output_tokens: int) -> int:
        """Millionths of a dollar."""
        usage = genai_prices.Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        try:
            return _micro(
                genai_prices.calc_price(usage, self.model_name, provider_id=self.system).total_price
            )
        except LookupError:
            return _micro(
                self._meter.settings.unpriced_usd_per_million
                * (input_tokens + output_tokens)
                / MICRO
            )

    def _cost(self, response: ModelResponse) -> int:
        try:
            return _micro(response.cost().total_price)
        except (LookupError, ValueError):
            return self._price(response.usage.input_tokens, response.usage.output_tokens)


def _down(error: BaseException) -> bool:
    """Whether an error means that a provider is down: a time-out, 5xx, an unreadable answer; not
    quotas, our own bugs or our own budgets."""
    if isinstance(error, ModelHTTPError):
        return error.status_code >= 500 or error.status_code == 408
    return isinstance(error, ModelAPIError | UnexpectedModelBehavior) and not isinstance(
        error, BudgetSpent
    )


def _micro(usd: float | Decimal) -> int:
    return round(usd * MICRO)
