"""How `/w/…` answers: readable by the one listed origin, never kept, refusals as problem details (RFC 9457)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response

OPEN: dict[str, Any] = {"may": "anyone", "exclude_from_csrf": True, "status_code": 200, "include_in_schema": False}
JSON = "application/json"
PROBLEM = "application/problem+json"


def allowed(origin: str | None, status: int = 200) -> dict[str, str]:
    """A site that is not listed (403) may not read even that."""
    common = {"Cache-Control": "private, no-store", "Vary": "Origin", "Cross-Origin-Resource-Policy": "cross-origin"}
    if origin and status != 403:
        common |= {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "ETag"}
    return common


def problem(status: int, sentence: str, origin: str | None, more: dict[str, str] | None = None) -> Response[bytes]:
    said = msgspec.json.encode({"type": "about:blank", "title": sentence, "status": status})
    return Response(said, status_code=status, headers=allowed(origin, status) | (more or {}), media_type=PROBLEM)
