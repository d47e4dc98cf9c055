"""What model calls may cost: each call is reserved in the request, the employee's day and the
house's day before it goes out.

When a budget is used up, the chain falls over to the offline model, and the purse says which budget
it was.
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
    """No call went out: a budget would have been overdrawn."""


@dataclass(slots=True, kw_only=True)
class Purse:
    """What the model calls of one request have used, and which budget stopped them (`request`,
    `employee`, `house`)."""

    allowances: Sequence[Allowance]
    limit_micro_usd: int
    calls: int = 0
    reserved_micro_usd: int = 0
    cost_micro_usd: int = 0
    spent: str | None = field(default=None)


_PURSE: ContextVar[Purse] = ContextVar("purse")


class Meter:
    """Opens purses and puts a meter and a breaker before each provider."""

    def __init__(self, budgets: Budgets, settings: LlmSettings) -> None:
        self.budgets = budgets
        self.settings = settings
        self._breakers: dict[str, Breaker] = {}

    @contextmanager
    def opened(self, employee_id: UUID | None = None) -> Generator[Purse]:
        """Everything inside is paid for by this employee's request; without one, by the house
        alone."""
        purse = self._purse(employee_id)
        token = _PURSE.set(purse)
        try:
            yield purse
        finally:
            _PURSE.reset(token)

    def current(self) -> Purse:
        """The purse of the request that runs here."""
        return _PURSE.get(None) or self._purse(None)

    def metered(self, model: Model) -> Model:
        """A provider's model behind its meter; models of one provider share a breaker."""
        breaker = self._breakers.setdefault(model.system, Breaker(model.system, _down))
        return _Metered(model, self, breaker)

    def _purse(self, employee_id: UUID | None) -> Purse:
        s = self.settings
        house = Allowance(
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
        return Purse(
            allowances=[own, house] if employee_id else [house],
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
        purse = self._meter.current()
        estimate = self._price(
            len(ModelMessagesTypeAdapter.dump_json(messages) + to_json(parameters, fallback=str))
            // BYTES_PER_TOKEN,
            self._meter.settings.max_output_tokens,
        )
        held = await self._reserve(purse, estimate)
        began, cost = time.monotonic(), estimate
        try:
            async with asyncio.timeout(self._meter.settings.deadline_s):
                response = tidy(await super().request(messages, model_settings, parameters))
            cost = self._cost(response)
            return response
        except TimeoutError as error:
            raise ModelAPIError(self.model_name, "no answer in time") from error
        # refused, so not billed; after silence nobody knows, and the reservation stands
        except ModelHTTPError:
            cost = 0
            raise
        finally:
            purse.reserved_micro_usd += cost - estimate
            purse.cost_micro_usd += cost
            settling = self._meter.budgets.settle(
                held, cost_micro_usd=cost, busy_ms=int((time.monotonic() - began) * 1000)
            )
            await asyncio.shield(settling)

    async def _reserve(self, purse: Purse, estimate: int) -> Reservation:
        if (
            purse.calls >= REQUEST_CALLS
            or purse.reserved_micro_usd + estimate > purse.limit_micro_usd
        ):
            purse.spent = "request"
            raise BudgetSpent(self.model_name, "the request's budget is used up")
        purse.calls += 1
        purse.reserved_micro_usd += estimate
        busy_ms = int(self._meter.settings.deadline_s * 1000)
        held = await self._meter.budgets.reserve(
            purse.allowances, cost_micro_usd=estimate, busy_ms=busy_ms
        )
        if isinstance(held, str):
            purse.spent = held.partition(":")[0]
            purse.calls -= 1
            purse.reserved_micro_usd -= estimate
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
    """Whether a provider is down: silence, 5xx, an unreadable answer. Quotas, our own bugs and our
    own budgets are not."""
    if isinstance(error, ModelHTTPError):
        return error.status_code >= 500 or error.status_code == 408
    return isinstance(error, ModelAPIError | UnexpectedModelBehavior) and not isinstance(
        error, BudgetSpent
    )


def _micro(usd: float | Decimal) -> int:
    return round(usd * MICRO)
