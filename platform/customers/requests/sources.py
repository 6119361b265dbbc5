"""Where voices come from. A room above says it for its kinds, at import:

    sources.register("post", Source(label=lazy("Community"), find=post_said, links=post_links))

so that this room can show what was said and lead to it without knowing of threads or conversations.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from customers.models import Decision, Voice


class Said(msgspec.Struct, frozen=True):
    """What stands there. `href` leads back to it."""

    quote: str
    at: datetime
    href: str
    person_id: int | None = None
    account_id: int | None = None


class Source(msgspec.Struct, frozen=True):
    """`find`: None where there is no such thing, or the reader may not see it. `links`: id → address, only of those
    that the reader may see. `follow`: what the room does itself about a decision, before the others are told."""

    label: Any
    find: Callable[[int], Awaitable[Said | None]]
    links: Callable[[list[int]], Awaitable[dict[int, str]]]
    follow: Callable[[Decision], Awaitable[None]] | None = None


_known: dict[str, Source] = {}


def register(kind: str, source: Source) -> None:
    _known[kind] = source


def known() -> dict[str, Source]:
    return _known


async def find(kind: str, id: int) -> Said | None:
    source = _known.get(kind)
    return await source.find(id) if source and 0 < id < 2**63 else None


async def links(voices: Iterable[Voice]) -> dict[int, str]:
    """voice id → address of where it was said, where the reader may go."""
    by_kind: dict[str, list[Voice]] = {}
    for one in voices:
        if one.source_kind in _known and one.source_id:
            by_kind.setdefault(one.source_kind, []).append(one)
    found: dict[int, str] = {}
    for kind, listed in by_kind.items():
        there = await _known[kind].links(sorted({int(one.source_id) for one in listed}))
        found |= {one.id: there[one.source_id] for one in listed if one.source_id in there}
    return found


def label_of(kind: str) -> str:
    source = _known.get(kind)
    return str(source.label) if source else ""
