"""HTML that is rendered once and sent to many: what differs from request to request is left open while rendering.

That is the nonce, the CSRF token and, where a fragment asks for it, the address of the page: their places are filled
in for each request.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jinja2 import Environment, pass_environment
from litestar.types import Empty
from litestar.utils.scope.state import ScopeState
from markupsafe import Markup, escape

from core.context import here

MOST = 4000
# Nobody can write these into a post: they are made anew in every process and never leave it.
NONCE, TOKEN, PATH = (f"{name}-{secrets.token_hex(16)}" for name in ("nonce", "token", "path"))


def csrf_token() -> str:
    request, stands_for_it = here().request, here().token
    if stands_for_it is not None:
        return stands_for_it
    if request is None:
        return ""
    token = ScopeState.from_scope(request.scope).csrf_token
    return "" if token is Empty else str(token)


@contextmanager
def left_open() -> Iterator[None]:
    """What is rendered inside holds no nonce and no token, but their places."""
    at, nonce, token = here(), here().nonce, here().token
    at.nonce, at.token = NONCE, TOKEN
    try:
        yield
    finally:
        at.nonce, at.token = nonce, token


def filled(html: str) -> str:
    """`html`, rendered while `left_open`, for this request."""
    return html.replace(TOKEN, csrf_token()).replace(NONCE, here().nonce)


class Shelf:
    """The latest fragments by all that they depend on; emptied at once when it is full."""

    def __init__(self) -> None:
        self.found: dict[Any, str] = {}

    def get(self, view: Any) -> str | None:
        return self.found.get(view)

    def put(self, view: Any, html: str) -> None:
        if len(self.found) >= MOST:
            self.found.clear()
        self.found[view] = html


_around = Shelf()


@pass_environment
def kept(environment: Environment, template: str, **shown: Any) -> Markup:
    """What stands around pages: `template` with nothing but `shown`, kept by it and the language.

    The template may ask `here()` for nothing. A form in it returns to this page by `hidden("next", PATH)`.
    """
    # Without a token (a page outside of requests) the forms have no field for one.
    view = (template, here().language, csrf_token() != "", *shown.items())
    html = _around.get(view)
    if html is None:
        with left_open():
            html = environment.get_template(template).render(shown | {"PATH": PATH})
        _around.put(view, html)
    return Markup(filled(html).replace(PATH, escape(here().path)))  # noqa: S704  our own template, escaped by itself


def forget() -> None:
    _around.found.clear()
