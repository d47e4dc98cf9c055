"""The report of a form as a file: a printable page or JSON. Photos are referenced by name and
embedded where the file is made."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment

from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.forms import view
from jarvis.domains.forms.models import Photo, Point
from jarvis.domains.forms.view import SIGNS, FormContext
from jarvis.messaging.times import stamp

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    (files("jarvis.domains.forms") / "templates" / "page.html").read_text(encoding="utf-8")
)


def pictures(context: FormContext) -> list[dict[str, str]]:
    """Return file names and storage keys of the photos for the report, without private
    documents."""
    return [
        {"name": file_name(photo), "key": photo.clean_key}
        for point in context.form.points
        for photo in _shown(point)
        if photo.clean_key is not None
    ]


def file_name(photo: Photo) -> str:
    return f"{photo.media_item_id.hex}.jpg"


def _shown(point: Point) -> list[Photo]:
    return [] if point.item.private else [p for p in point.photos if p.clean_key is not None]


def page(context: FormContext) -> str:
    """Return the report as HTML for A4; photos are files beside it."""
    form, reader = context.form, context.reader
    rows = [
        {
            "sign": SIGNS[p.state],
            "title": p.item.title[context.language],
            "state": p.state,
            "value": _value(p, context),
            "by": p.by if p.state != "missing" else None,
            "pictures": [
                {"name": file_name(photo), "view": _view(photo, p, context)} for photo in _shown(p)
            ],
        }
        for p in form.points
    ]
    return _PAGE.render(
        language=context.language,
        title=view.named(form.template, context.car, context.booking, reader),
        rows=rows,
        plate=show_plate(context.car.plate_key)
        if context.car is not None and context.car.plate_key
        else None,
        closed=reader.label("form.closed", t=stamp(form.finished_at), who=form.finished_by or "—"),
        undone=view.undone(context).striptags(),  # the template escapes it again
        complete=not form.gaps,
        form=str(form.id),
    )


def _value(point: Point, context: FormContext) -> str:
    if point.state in ("waived", "rejected"):
        return view.why(point.reason, context.reader)
    if point.item.private and point.photos:
        return context.reader.label("form.private")
    return view.value(point, context, whole=True)


def _view(photo: Photo, point: Point, context: FormContext) -> str:
    return (
        point.item.views[photo.view - 1][context.language]
        if photo.view is not None and point.item.views
        else ""
    )


def data(context: FormContext) -> dict[str, Any]:
    """Return the report as JSON data, every point with its state.

    `file` is the name of a photo; its content is added as `data`, in base64.
    """
    form, car, booking = context.form, context.car, context.booking
    return {
        "form": str(form.id),
        "template": form.template.key,
        "version": form.template.version,
        "title": view.named(form.template, car, booking, context.reader),
        "state": form.state,
        "branch": form.branch,
        "car": car.label if car else None,
        "plate": show_plate(car.plate_key) if car and car.plate_key else None,
        "booking": booking.number if booking else None,
        "holder": form.holder,
        "started_at": form.started_at.isoformat(),
        "finished_at": form.finished_at.isoformat() if form.finished_at else None,
        "finished_by": form.finished_by,
        "not_done": [p.item.key for p in form.gaps],
        "points": [_point(p, context) for p in form.points],
    }


def _point(point: Point, context: FormContext) -> dict[str, Any]:
    item = point.item
    return {
        "key": item.key,
        "title": item.title[context.language],
        "kind": item.kind,
        "mandatory": item.mandatory,
        "state": point.state,
        "choice": context.people.get(point.choice, "—")
        if item.source and point.choice
        else point.choice,
        "number": None if point.number is None else str(point.number),
        "day": point.day.isoformat() if point.day else None,
        "words": point.words,
        "reason": view.why(point.reason, context.reader) if point.reason else None,
        "by": point.by,
        "private": item.private,
        "photos": [
            {
                "view": _view(p, point, context) or None,
                "sha256_of_original": p.digest,
                "content_type": "image/jpeg",
                "file": file_name(p),
            }
            for p in _shown(point)
        ],
    }
