"""The first page of the settings: links that every room registered in the area "settings"."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from core.navigation import navigation
from core.pages import page


@get("/staff/settings", may="customers.read", include_in_schema=False)
async def index() -> Response[Any]:
    return page("access/settings.html", entries=navigation.of("settings"))


controllers = [index]
