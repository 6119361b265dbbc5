"""The card of requests on the page of a company or a person."""

from __future__ import annotations

from typing import Any

from customers.pages.common import words
from customers.requests import voices
from customers.requests.words import STATUSES, TONES, URL


async def card(who: str, id: int) -> dict[str, Any]:
    """`who`: account or person."""
    return {"requests": await voices.requests_of(**{f"{who}_id": id}), "request_states": words(STATUSES),
            "request_tones": TONES, "request_href": f"{URL}/voices/new?{who}={id}"}  # fmt: skip
