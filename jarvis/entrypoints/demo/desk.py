"""The desk: the people's side of Telegram, the vendors' worlds, and the steps behind an answer.
Works without scripts."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, cast

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect, ServerSentEvent, Template

from jarvis.engine.clockrow import database_time
from jarvis.entrypoints.demo.text import words
from jarvis.entrypoints.demo.view import Asked, place_of, view
from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import ExpectedError, InvalidRequest
from jarvis.kit.file_type import file_type
from jarvis.kit.text import whole
from jarvis.kit.world import WorldPerson
from jarvis.messaging.times import day

if TYPE_CHECKING:
    from jarvis.entrypoints.demo.app import DemoState

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.MULTI_PART)]
Req = Request[Any, Any, State]
_CSP = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_HOURS_MAX = 24 * 366
_LANGUAGES = ("ru", "en", "ka")
_KINDS = {"image": "photo", "video": "video", "audio": "audio"}


def desk_routes(stage: DemoState) -> list[Any]:
    """The handlers, bound to one demo state."""

    def page(request: Req, name: str, **context: Any) -> Template:
        language = _language(request)
        now = stage.clock.now()
        return Template(
            template_name=name,
            context={
                "t": words(language),
                "language": language,
                "theme": request.cookies.get("theme", "auto"),
                "now": f"{day(now, now, language)}, {now.astimezone(TBILISI):%H:%M}",
                "languages": _LANGUAGES,
                **context,
            },
            headers={
                "Content-Security-Policy": _CSP,
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )

    def person(number: int) -> WorldPerson:
        found = next((p for p in stage.world.staff if p.telegram_id == number), None)
        if found is None:
            raise NotFoundException("no such person")
        return found

    async def shown(request: Req, number: int, template: str) -> Template:
        who, language = person(number), _language(request)
        asked = Asked.of(request.query_params, tuple(stage.vendors))
        return page(
            request,
            template,
            toast=request.query_params.get("toast"),
            **await view(stage, who, asked, language),
        )

    @get("/")
    async def start(request: Req) -> Template:
        groups: list[tuple[str, list[WorldPerson]]] = []
        working = [
            p
            for p in stage.world.staff
            if not p.dismissed and p.role != "stranger" and p.telegram_id is not None
        ]
        language = _language(request)
        for branch in stage.world.branches:
            name = {"ru": branch.ru, "en": branch.en, "ka": branch.ka}[language]
            groups.append((name, [p for p in working if p.branch == branch.code]))
        groups.append((words(language)("company"), [p for p in working if p.branch is None]))
        outside = [p for p in stage.world.staff if p.dismissed or p.role == "stranger"]
        last = stage.recent[0] if stage.recent else None
        return page(
            request, "start.html", groups=[g for g in groups if g[1]], outside=outside, last=last
        )

    @get("/as/{number:int}")
    async def desk(request: Req, number: int) -> Template:
        stage.recent = [number, *(n for n in stage.recent if n != number)][:3]
        return await shown(request, number, "desk.html")

    @get("/as/{number:int}/parts")
    async def parts(request: Req, number: int) -> Template:
        return await shown(request, number, "parts.html")

    @post("/as/{number:int}/send", status_code=200)
    async def send(request: Req, number: int, data: Form) -> Response[Any]:
        who = person(number)
        chat = str(data.get("chat") or "dm")
        photos = await _files(data.get("photo"))
        try:
            title, topic = place_of(chat)
            stage.telegram.send(
                who.name, title, str(data.get("text") or ""), photos=photos, topic=topic
            )
        except ExpectedError as error:
            return _back(request, number, toast=str(error))
        return _back(request, number)

    @post("/as/{number:int}/press", status_code=200)
    async def press(request: Req, number: int, data: Form) -> Response[Any]:
        who = person(number)
        try:
            toast = await stage.telegram.press(
                who.name,
                place_of(str(data.get("chat") or "dm"))[0],
                int(data.get("message") or 0),
                int(data.get("button") or 0),
            )
        except (ExpectedError, TypeError, ValueError) as error:
            toast = str(error)
        return _back(request, number, toast=toast)

    @post("/as/{number:int}/world", status_code=200)
    async def world(request: Req, number: int, data: Form) -> Response[Any]:
        name, change = str(data.get("vendor")), str(data.get("change"))
        args = {k.removeprefix("arg_"): v for k, v in data.items() if k.startswith("arg_")}
        toast = None
        try:
            sandbox = stage.vendor(name)
            began = await database_time(stage.db)
            offered = next((c for c in sandbox.changes() if c.name == change), None)
            result = await sandbox.change(change, args)
            stage.happened.append(
                {
                    "change": offered,
                    "args": args,
                    "began": began,
                    "vendor": name,
                    "result": result,
                }
            )
            stage.touched()
        except ExpectedError as error:
            toast = str(error)
        return _back(request, number, toast=toast)

    @post("/as/{number:int}/fault", status_code=200)
    async def fault(request: Req, number: int, data: Form) -> Response[Any]:
        kind, toast = str(data.get("kind") or ""), None
        try:
            sandbox = stage.vendor(str(data.get("vendor")))
            if kind:
                sandbox.start_fault(kind, {"seconds": 3})
            else:
                sandbox.faults.stop()
            stage.touched()
        except ExpectedError as error:
            toast = str(error)
        return _back(request, number, toast=toast)

    @post("/as/{number:int}/clock", status_code=200)
    async def clock(request: Req, number: int, data: Form) -> Response[Any]:
        hours, toast = whole(str(data.get("hours") or 1)), None
        try:
            if hours is None or hours > _HOURS_MAX:
                raise InvalidRequest("hours are a number")
            await stage.move_clock(stage.clock.now() + timedelta(hours=hours))
        except ExpectedError as error:
            toast = str(error)
        return _back(request, number, toast=toast)

    @get("/look/{name:str}/{value:str}")
    async def look(request: Req, name: str, value: str) -> Redirect:
        """Keep the language or the theme in a cookie, so that the first byte is already right."""
        allowed = {"lang": _LANGUAGES, "theme": ("auto", "light", "dark")}
        if value not in allowed.get(name, ()):
            raise NotFoundException("no such choice")
        target = request.query_params.get("to", "/")
        # browsers read a backslash as a slash, and leave out tabs: `/\\name` is another site
        safe = target if re.fullmatch(r"/(?!/)[^\\\s]*", target) else "/"
        return Redirect(
            safe,
            cookies=[Cookie(key=name, value=value, max_age=31_536_000, samesite="lax", path="/")],
        )

    @get("/photo/{number:int}")
    async def photo(number: int) -> Response[bytes]:
        found = stage.telegram.state.media.get(number)
        if found is None:
            raise NotFoundException("no such photo")
        kind = file_type(found.data)
        headers = {
            "Cache-Control": "private, max-age=86400",
            "Content-Disposition": kind.disposition,
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(found.data, media_type=kind.mime, headers=headers)

    @get("/events", sync_to_thread=False)
    def events() -> ServerSentEvent:
        async def ticks() -> AsyncGenerator[dict[str, str]]:
            async for version in stage.changes():
                yield {"data": str(version), "event": "changed", "id": str(version)}

        return ServerSentEvent(ticks())

    return [start, desk, parts, send, press, world, fault, clock, look, photo, events]


def _language(request: Req) -> str:
    chosen = request.cookies.get("lang", "ru")
    return chosen if chosen in _LANGUAGES else "ru"


def _back(request: Req, number: int, *, toast: str | None = None) -> Response[Any]:
    """Redirect to the page; a script that sent the form gets only the toast."""
    if request.headers.get("x-desk") == "1":
        return Response({"toast": toast}, status_code=200)
    referer = request.headers.get("referer", "")
    query = referer.partition("?")[2]
    suffix = f"?{query}" if query else ""
    return Redirect(f"/as/{number}{suffix}", status_code=303)


async def _files(uploads: object) -> list[dict[str, Any]]:
    """The attachments of the composer, typed by their bytes; anything that cannot be shown or
    played is a document, as in Telegram."""
    rows = cast("list[object]", uploads) if isinstance(uploads, list) else [uploads]
    found: list[dict[str, Any]] = []
    for upload in rows:
        if isinstance(upload, UploadFile) and upload.filename:
            data = await upload.read()
            kind = _KINDS.get(file_type(data).family, "document")
            found.append(
                {
                    "kind": kind,
                    "data": data,
                    "name": upload.filename,
                    "mime": upload.content_type,
                }
            )
    return found
