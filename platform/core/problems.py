"""RFC 9457 problem details, in the language of whoever asks; what each `type` means is told at /developers/api."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response

from core.context import here
from core.errors import Wrong
from core.i18n import lazy
from core.pages import absolute

TITLES = {
    400: lazy("This request cannot be read"),
    401: lazy("Sign in first"),
    403: lazy("You may not do this"),
    404: lazy("There is no such page"),
    405: lazy("This address does not do that"),
    409: lazy("Somebody was faster"),
    413: lazy("That is too large"),
    422: lazy("That does not work"),
    429: lazy("A little slower"),
    500: lazy("Something broke on our side"),
}
# The last part of `type`: what a program tells problems apart by.
KINDS = {400: "unreadable", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "wrong-method",
         409: "conflict", 413: "too-large", 422: "invalid", 429: "too-many", 500: "broken"}  # fmt: skip
DOCUMENTED = "/developers/api"


def title_of(status: int) -> str:
    return str(TITLES.get(status, TITLES[422]))


def wants_json(request: Request[Any, Any, Any]) -> bool:
    path = request.scope["path"]
    accept = request.headers.get("accept", "")
    return path.startswith(("/api/", "/v1/", "/w/")) or ("json" in accept and "text/html" not in accept)


def problem(
    status: int, sentence: str, headers: dict[str, str] | None = None, wrong: Sequence[Wrong] = ()
) -> Response[Any]:
    """`errors` name the fields of a body by JSON pointer, and parameters of the address by name."""
    body: dict[str, Any] = {
        "type": f"{absolute(DOCUMENTED)}#{KINDS.get(status, 'invalid')}", "title": title_of(status), "status": status,
        "detail": sentence, "instance": f"urn:request:{here().request_id}",
    }  # fmt: skip
    if wrong:
        body["errors"] = [
            {"pointer" if one.pointer.startswith("#") or not one.pointer else "parameter": one.pointer,
             "detail": one.detail} for one in wrong
        ]  # fmt: skip
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/problem+json",
                    headers={"Content-Language": here().language} | (headers or {}))  # fmt: skip
