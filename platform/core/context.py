"""What is true of this request (or job): who asks, in which language, under which nonce.

A page, a template and `_()` read it through `here()`; the first middleware sets it.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from typing import Any

import msgspec

from core.principal import NOBODY, Principal


class Here(msgspec.Struct):
    """The current request. `request` is Litestar's, None in jobs and on the command line."""

    principal: Principal = NOBODY
    language: str = "ja"
    time_zone: str = "Asia/Tokyo"
    brand: str = "default"
    path: str = "/"
    nonce: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(16))
    token: str | None = None  # stands for the CSRF token in HTML that is kept for others (see core.left_open)
    request: Any = None
    request_id: str = ""
    refusal: Any = None  # why whoever asks gets no further (a Refused): found with the principal, raised by the guard
    headers: dict[str, str] = msgspec.field(default_factory=dict)  # more of them for the answer
    leads_to: str = ""  # the other site that a form of this page ends at: browsers hold redirects to the CSP too


_current: ContextVar[Here | None] = ContextVar("engawa_here", default=None)


def here() -> Here:
    found = _current.get()
    if found is None:
        found = Here()
        _current.set(found)
    return found


def enter(found: Here) -> Here:
    _current.set(found)
    return found


def current_principal() -> Principal:
    return here().principal
