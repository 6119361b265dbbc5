"""The side bar lights the section in which the link to the page stands."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.navigation import navigation
from factories import staff

pytestmark = pytest.mark.anyio


def lit(html: str) -> list[str]:
    side = html.partition('<nav class="side"')[2].partition("</nav>")[0]
    return re.findall(r'href="([^"]+)" aria-current="page"', side)


async def test_what_stands_in_the_settings_lights_the_settings(web: Any, sign_in: Any) -> None:
    await sign_in(await staff("admin"))
    entries = [entry.href for entry in navigation.entries.values() if entry.area == "settings"]
    assert {"/staff/customers/rules", "/staff/mailbox"} < set(entries)
    for path in [*entries, "/staff/settings", "/staff/customers/phases/adoption"]:
        answer = await web.get(path)
        assert (answer.status_code, lit(answer.text)) == (200, ["/staff/settings"]), path


async def test_other_pages_light_their_own_section(web: Any, sign_in: Any) -> None:
    await sign_in(await staff("admin"))
    for path, section in {
        "/staff": "/staff", "/staff/customers": "/staff/customers", "/staff/customers/segments": "/staff/customers",
        "/staff/customers/team": "/staff/customers", "/staff/campaigns/sender": "/staff/campaigns",
        "/staff/articles/categories": "/staff/articles",
    }.items():  # fmt: skip
        answer = await web.get(path)
        assert (answer.status_code, lit(answer.text)) == (200, [section]), path


async def test_whoever_sees_little_of_the_settings_finds_their_way(web: Any, sign_in: Any) -> None:
    """Of the settings a CSM sees the canned replies alone."""
    await sign_in(await staff("csm"))
    assert lit((await web.get("/staff/settings/replies")).text) == ["/staff/settings"]
