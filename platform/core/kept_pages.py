"""Pages that guests ask for again and again: rendered once, sent to many.

Whoever renders for others says all that the page depends on; what is kept is sent only while that is equal. What
differs from request to request is left open while rendering and filled in afterwards (`core.left_open`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response

from core.clock import now
from core.context import here
from core.flashes import something_waits
from core.left_open import NONCE, TOKEN, csrf_token, left_open
from core.navigation import navigation
from core.pages import brand, page, render, theme, whole

MOST = 400  # some 10 MB
_kept: OrderedDict[Any, tuple[Any, bytes]] = OrderedDict()


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
