"""The first page's parts. Rooms above this one add theirs:

from helpcenter.home import Section, sections
async def solved(principal: Principal) -> Section | None:
    return Section(html=render("community/home.html", threads=…), place="main", order=10)
sections.append(solved)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from markupsafe import Markup

from core.principal import Principal


class Section(msgspec.Struct, frozen=True):
    """HTML of a `<section>`; `place` is `main` (under the topics) or `side`. Lower `order` stands higher."""

    html: str
    place: str = "main"
    order: int = 100


sections: list[Callable[[Principal], Awaitable[Section | None]]] = []


async def sections_for(principal: Principal) -> dict[str, list[Markup]]:
    found = [one for make in sections if (one := await make(principal)) is not None]
    placed: dict[str, list[Markup]] = {"main": [], "side": []}
    for one in sorted(found, key=lambda section: section.order):
        placed[one.place].append(Markup(one.html))  # noqa: S704  made by a template of a room
    return placed
