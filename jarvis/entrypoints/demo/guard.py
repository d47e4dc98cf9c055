"""Access to the demo: only pages and programs of this machine, by a loopback name.

A page of another site runs in the same browser. It may point its own name at 127.0.0.1, and it may
send forms here; but it cannot hide the Host that it requested nor its Origin.
"""

from __future__ import annotations

import json
import re

from litestar.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_READS = ("GET", "HEAD", "OPTIONS")
_OURS = ("same-origin", "none")  # `none`: typed or pressed by the person
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    # a page of another site may not embed content from here, pictures included
    b"cross-origin-resource-policy": b"same-origin",
}


def guarded(app: ASGIApp) -> ASGIApp:
    """The application, for requests from this machine only; others get 403 with `{"error": ...}`.
    Every answer forbids type sniffing."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                known = {name.lower() for name, _ in headers}
                headers += [(k, v) for k, v in _HEADERS.items() if k not in known]
                message["headers"] = headers
            await send(message)

        problem = refusal(scope["method"], scope["headers"])
        if problem is None:
            await app(scope, receive, answer)
            return
        body = json.dumps({"error": problem}).encode()
        await answer(
            {
                "type": "http.response.start",
                "status": 403,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await answer({"type": "http.response.body", "body": body, "more_body": False})

    return guard


def refusal(method: str, headers: list[tuple[bytes, bytes]]) -> str | None:
    """Why a request is not answered; None for one that is."""

    def values(name: bytes) -> list[str]:
        return [value.decode("latin-1") for key, value in headers if key.lower() == name]

    hosts = values(b"host")
    if len(hosts) != 1 or _LOOPBACK.fullmatch(hosts[0]) is None:
        return "the demo answers at 127.0.0.1, localhost and [::1] only"
    if method in _READS:
        return None
    ours = f"http://{hosts[0]}".lower()
    if any(origin.lower() != ours for origin in values(b"origin")):
        return "the request comes from another origin"
    if any(site.lower() not in _OURS for site in values(b"sec-fetch-site")):
        return "the request comes from another site"
    return None
