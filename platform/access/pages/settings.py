"""The first page of the settings: links that every room registered in the area "settings", by what they are about."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from core.i18n import lazy
from core.navigation import navigation
from core.pages import page

# An entry's `group` says where it stands.
SECTIONS = {
    1: lazy("People and rights"),
    2: lazy("Customers"),
    3: lazy("Talking with customers"),
    4: lazy("Mail and guides"),
    5: lazy("Other systems"),
    6: lazy("Operation"),
}


@get("/staff/settings", may="customers.read", include_in_schema=False)
async def index() -> Response[Any]:
    entries = navigation.of("settings")
    sections = [(name, [one for one in entries if one.group == group]) for group, name in SECTIONS.items()]
    return page("access/settings.html", sections=[(name, found) for name, found in sections if found])


controllers = [index]
