"""A guest's page may be kept by their browser and asked for again with its tag; a member's is never kept."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from litestar import Request, Response

from core.context import here


def for_guests(request: Request[Any, Any, Any], made: Response[Any]) -> Response[Any]:
    """Give the page a tag made of what it says (without the nonce, which is the header's), or answer 304."""
    if here().principal.is_signed_in or made.status_code not in (None, 200):
        return made
    said = made.content.replace(here().nonce.encode(), b"")
    tag = f'W/"{sha256(said).hexdigest()[:32]}"'
    made.headers["etag"] = tag
    asked = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    if tag not in asked:
        return made
    kept = {name: value for name, value in made.headers.items() if name.lower() in ("etag", "cache-control", "vary")}
    return Response(b"", status_code=304, headers=kept, media_type=made.media_type)
