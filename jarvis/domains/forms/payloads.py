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
    """Start a form of this template about a booking, a car, or nothing, with files that were
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
    """A button of one form. It sets a value and never toggles it, so that a repeated callback
    changes nothing."""

    lasting: ClassVar[bool] = True

    form_id: UUID


class OpenForm(OfForm):
    """Continue the form."""

    kind: ClassVar[str] = "form.open"
    former: ClassVar[tuple[Former, ...]] = (Former(kind="form", text=rf"open\|(?P<form_id>{ID})"),)


class ShowForm(OfForm):
    """Return to the form's main page."""

    kind: ClassVar[str] = "form.show"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="form", text=rf"(?!new|open|waived)\w+\|(?P<form_id>{ID})(?:\|.*)?"),
    )


class ShowFormPage(OfForm):
    """Show its points, the colleagues it can be handed over to, or its report."""

    kind: ClassVar[str] = "form.page"

    page: Literal["items", "give", "report"]


class HandOver(OfForm):
    """Hand the form over to a colleague."""

    kind: ClassVar[str] = "form.hand_over"

    to: UUID


class CloseForm(OfForm):
    """Finish or cancel the form."""

    kind: ClassVar[str] = "form.close"

    state: Literal["done", "cancelled"]


class OfPoint(OfForm):
    """A button of one point of a form."""

    point: str


class AnswerPoint(OfPoint):
    """Answer a point; without a value it is ticked."""

    kind: ClassVar[str] = "form.answer"

    day: date | None = None
    number: Decimal | None = None
    choice: str | None = None


class FocusPoint(OfPoint):
    """Ask the point next."""

    kind: ClassVar[str] = "form.focus"


class AskReason(OfPoint):
    """Ask why the point is not needed."""

    kind: ClassVar[str] = "form.skip"


class TypeReason(OfPoint):
    """Take the next message as the reason why the point is not needed."""

    kind: ClassVar[str] = "form.other"


class WaivePoint(OfPoint):
    """Waive the point for a predefined reason."""

    kind: ClassVar[str] = "form.waive"

    reason: Reason


class RetakePhotos(OfPoint):
    """Take the point's photos again."""

    kind: ClassVar[str] = "form.retake"


class DecideWaiver(OfPoint):
    """Grant or refuse a requested waiver, as a head."""

    kind: ClassVar[str] = "form.decide_waiver"
    former: ClassVar[tuple[Former, ...]] = (
        Former(
            kind="form", text=rf"waived\|(?P<form_id>{ID})\|(?P<point>[^|]+)\|(?P<granted>yes|no)"
        ),
    )

    granted: bool


class ExportReport(OfForm):
    """Get the report of a finished form as a file."""

    kind: ClassVar[str] = "report.export"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="report_of", text=rf"(?P<format>pdf|json)\|(?P<form_id>{ID})"),
    )

    format: Format


class ReworkForm(OfForm):
    """Send a point of the form back, as a head: asks which."""

    kind: ClassVar[str] = "report.rework"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="report_of", text=rf"rework\|(?P<form_id>{ID})"),
    )


class ReworkPoint(OfPoint):
    """Send this point back, as a head: asks why."""

    kind: ClassVar[str] = "report.rework_point"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="report_of", text=rf"reject\|(?P<form_id>{ID})\|(?P<point>[^|]+)"),
    )


class RejectPoint(OfPoint):
    """Send this point back, as a head, for a predefined reason."""

    kind: ClassVar[str] = "report.reject"
    former: ClassVar[tuple[Former, ...]] = (
        Former(
            kind="report_of", text=rf"bad\|(?P<form_id>{ID})\|(?P<point>[^|]+)\|(?P<reason>\w+)"
        ),
    )

    reason: Flaw
