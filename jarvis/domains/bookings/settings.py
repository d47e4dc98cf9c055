"""JARVIS_* variables about bookings."""

from __future__ import annotations

from datetime import timedelta

from pydantic_settings import SettingsConfigDict

from jarvis.kit.money import Money, to_minor
from jarvis.kit.settings import Settings


class BookingsSettings(Settings):
    """The preparation time of a car between two rentals, in hours, and the paid sum from which two
    persons must approve a cancellation, in GEL."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    preparation_h: float = 2.0
    refund_limit_gel: float = 1000.0

    @property
    def preparation(self) -> timedelta:
        return timedelta(hours=self.preparation_h)

    @property
    def refund_limit(self) -> Money:
        return Money(to_minor(self.refund_limit_gel))
