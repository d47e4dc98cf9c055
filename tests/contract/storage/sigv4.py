"""Checks a presigned link as a server would: signature and end. Written from AWS's description, not
from a client's code.

Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote, urlsplit


def refusal(link: str, secret: str, now: datetime, *, method: str = "GET") -> str | None:
    """Why the link is not honoured; None when it is."""
    parts = urlsplit(link)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    given = query.pop("X-Amz-Signature", "")
    _, day, region, service, _ = query["X-Amz-Credential"].split("/")
    begun = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if now > begun + timedelta(seconds=int(query["X-Amz-Expires"])):
        return "expired"
    path = quote(unquote(parts.path), safe="/-_.~")
    line = "&".join(
        f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items())
    )
    request = f"{method}\n{path}\n{line}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for word in (day, region, service, "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    wanted = hmac.new(
        key, f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{digest}".encode(), hashlib.sha256
    ).hexdigest()
    return None if hmac.compare_digest(wanted, given) else "signature"
