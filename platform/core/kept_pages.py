"""Pages that guests ask for again and again, and fragments of pages: rendered once, sent to many.

Whoever renders for others says all that the page depends on; what is kept is sent only while that is equal. What
differs from request to request, the nonce and the CSRF token, is left open while rendering and filled in afterwards.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from litestar import Response

from core.clock import now
from core.context import here
from core.flashes import something_waits
from core.navigation import navigation
from core.pages import brand, csrf_token, page, render, theme, whole

MOST = 400
# Nobody can write these into a post: they are made anew in every process and never leave it.
NONCE, TOKEN = (f"{name}-{secrets.token_hex(16)}" for name in ("nonce", "token"))
_kept: OrderedDict[Any, tuple[Any, bytes]] = OrderedDict()


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


def kept_page(template: str, /, *, depends_on: Any, context: Callable[[], Mapping[str, Any]]) -> Response[bytes]:
    """`core.pages.page(template, **context())`, kept for guests while `depends_on` is equal.

    `depends_on` compares by value and holds all that the page shows of the database, as this guest may see it; times
    like 'two minutes ago' are at most a minute old. Whoever is signed in gets a page of their own.
    """
    if here().principal.is_signed_in or something_waits() or here().request is None:
        return page(template, **context())
    key, told = _asked(), (template, brand(), now().replace(second=0, microsecond=0), depends_on)
    found = _kept.get(key)
    if found is not None and found[0] == told:
        _kept.move_to_end(key)
        html = found[1]
    else:
        with left_open():
            html = render(template, status=200, **context()).encode()
        _kept[key] = (told, html)
        if len(_kept) > MOST:
            _kept.popitem(last=False)
    return whole(html.replace(TOKEN.encode(), csrf_token().encode()).replace(NONCE.encode(), here().nonce.encode()))


def _asked() -> tuple[Any, ...]:
    at = here()
    return (at.path, at.request.scope["query_string"], at.language, at.time_zone, theme(), navigation.sign_in)
