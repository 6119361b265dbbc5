"""What stands behind `?` in an address is anybody's to type: a number that no column holds, no text at all.

Asked of every page that needs no object, under each name that its handler or the page itself knows.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from litestar.handlers import HTTPRouteHandler

from factories import staff

NOT_OURS = {"request", "scope", "state", "headers", "cookies", "socket", "body", "data", "query"}
TYPED = ("99999999999999999999", "-1", "9223372036854775808", "²", "1e400", "\x00", "\udcff", "x" * 5000)
ALWAYS = ("page", "sort", "q", "after", "person", "account", "board", "of", "from", "view", "format")
_named = re.compile(r'[?&;]([a-z_]{1,30})=|<(?:input|select)[^>]* name="([a-z_]{1,30})"')


def open_addresses(application):
    """path → the names that its handler takes from the query."""
    found = {}
    for entry in application.app.routes:
        for handler in getattr(entry, "route_handlers", []):
            is_page = isinstance(handler, HTTPRouteHandler) and "GET" in handler.http_methods
            if is_page and "{" not in entry.path_format and not entry.path_format.endswith("/live"):  # never ends
                found[entry.path_format] = set(handler.parsed_fn_signature.parameters) - NOT_OURS
    return found


@pytest.mark.timeout(300)
async def test_whatever_is_typed_into_an_address_is_answered(web, sign_in):
    await sign_in(await staff("admin"))
    wrong, asked = [], 0
    for path, names in sorted(open_addresses(web.application).items()):
        first = await web.get(path)
        shown = {one for pair in _named.findall(first.text) for one in pair if one} if first.is_success else set()
        for name in sorted(names | set(ALWAYS) | shown - {"next"}):
            for typed in TYPED if name in names else TYPED[:1]:
                asked += 1
                address = f"{path}?{name}={quote(typed, errors='surrogateescape')}"
                status = (await web.get(address)).status_code
                if status >= 500:
                    wrong.append(f"{status} {address[:120]}")
    assert wrong == [], "\n".join(wrong)
    assert asked > 500
