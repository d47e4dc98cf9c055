"""Buttons of forms, of their points and of their reports."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from jarvis.messaging.callbacks import ID, Former, Payload

Reason = Literal["optional", "absent", "no_need", "refused"]
Flaw = Literal["blur", "wrong", "partial", "value"]
Format = Literal["pdf", "json"]


class BeginForm(Payload):
    """A form of this template is begun, about a booking, a car, or nothing; with files that were
    sent before."""

    kind: ClassVar[str] = "form.begin"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(
            kind="form",
            text=rf"new\|(?P<template>[^|]+)\|(?P<subject>{ID}|)(?:\|(?P<set_id>{ID}))?",
        ),
    )

    template: str
    subject: UUID | None = None
    set_id: UUID | None = None


class OfForm(Payload):
    """About one form; what it sets is set, never toggled: pressed twice it does the same once."""

    lasting: ClassVar[bool] = True

    form_id: UUID


class OpenForm(OfForm):
    """The person goes on with it."""

    kind: ClassVar[str] = "form.open"
    former: ClassVar[tuple[Former, ...]] = (Former(kind="form", text=rf"open\|(?P<form_id>{ID})"),)


class ShowForm(OfForm):
    """Back to the form as it stands."""

    kind: ClassVar[str] = "form.show"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="form", text=rf"(?!new|open|waived)\w+\|(?P<form_id>{ID})(?:\|.*)?"),
    )


class ShowFormPage(OfForm):
    """Its points, to whom it may be handed over, or its report."""

    kind: ClassVar[str] = "form.page"

    page: Literal["items", "give", "report"]


class HandOver(OfForm):
    """Somebody else goes on with it."""

    kind: ClassVar[str] = "form.hand_over"

    to: UUID


class CloseForm(OfForm):
    """It is closed with what it has, or given up."""

    kind: ClassVar[str] = "form.close"

    state: Literal["done", "cancelled"]


class OfPoint(OfForm):
    """About one point of a form."""

    point: str


class AnswerPoint(OfPoint):
    """An answer: of the point's kind, or none of these for a tick."""

    kind: ClassVar[str] = "form.answer"

    day: date | None = None
    number: Decimal | None = None
    choice: str | None = None


class FocusPoint(OfPoint):
    """The point is asked next."""

    kind: ClassVar[str] = "form.focus"


class AskReason(OfPoint):
    """Why the point is not needed."""

    kind: ClassVar[str] = "form.skip"


class TypeReason(OfPoint):
    """The person writes why the point is not needed."""

    kind: ClassVar[str] = "form.other"


class WaivePoint(OfPoint):
    """The point is left out, for one of our reasons."""

    kind: ClassVar[str] = "form.waive"

    reason: Reason


class RetakePhotos(OfPoint):
    """The point's pictures are made again."""

    kind: ClassVar[str] = "form.retake"


class DecideWaiver(OfPoint):
    """A head's decision over a point that somebody asked to have waived."""

    kind: ClassVar[str] = "form.decide_waiver"
    former: ClassVar[tuple[Former, ...]] = (
        Former(
            kind="form", text=rf"waived\|(?P<form_id>{ID})\|(?P<point>[^|]+)\|(?P<granted>yes|no)"
        ),
    )

    granted: bool


class ExportReport(OfForm):
    """A file of the report of a closed form."""

    kind: ClassVar[str] = "report.export"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="report_of", text=rf"(?P<format>pdf|json)\|(?P<form_id>{ID})"),
    )

    format: Format


class ReworkForm(OfForm):
    """A head sends the form back: which point?"""

    kind: ClassVar[str] = "report.rework"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="report_of", text=rf"rework\|(?P<form_id>{ID})"),
    )


class ReworkPoint(OfPoint):
    """A head sends this point back: why?"""

    kind: ClassVar[str] = "report.rework_point"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="report_of", text=rf"reject\|(?P<form_id>{ID})\|(?P<point>[^|]+)"),
    )


class RejectPoint(OfPoint):
    """A head sends this point back, for one of our reasons."""

    kind: ClassVar[str] = "report.reject"
    former: ClassVar[tuple[Former, ...]] = (
        Former(
            kind="report_of", text=rf"bad\|(?P<form_id>{ID})\|(?P<point>[^|]+)\|(?P<reason>\w+)"
        ),
    )

    reason: Flaw
