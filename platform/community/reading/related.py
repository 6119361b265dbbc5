"""What resembles a thread or a title that is being typed: threads and articles, through the search."""

from __future__ import annotations

import msgspec

from community import caches, policy, records
from community.records import ThreadRow
from core.context import here
from core.database import glance, rows
from core.principal import Principal
from core.refs import Ref
from customers.audience import tokens_of
from search import similar, suggest

KINDS = {"thread", "article"}


class Near(msgspec.Struct, frozen=True):
    kind: str
    id: int
    title: str
    url: str
    text: str = ""
    lang: str = ""


async def near_thread(who: Principal, thread: ThreadRow) -> tuple[list[Near], list[Near]]:
    """Threads and articles. The list is kept for two minutes; whether its threads may be seen is asked each time."""
    tokens = tokens_of(who)
    kept: list[Near] = await caches.kept(
        ("near", thread.id, thread.version, tokens, here().brand), 120,
        lambda: _ask(f"{thread.title} {thread.excerpt}", tokens, Ref("thread", thread.id), 8),
    )  # fmt: skip
    threads = [one for one in kept if one.kind == "thread"][:3]
    return await still_visible(threads), [one for one in kept if one.kind == "article"][:3]


async def _ask(text: str, tokens: frozenset[str], without: Ref | None, limit: int) -> list[Near]:
    found = await similar(text, tokens=tokens, kinds=KINDS, limit=limit, without=without)
    return [Near(hit.ref.kind, hit.ref.id, hit.title, hit.url, "".join(part.text for part in hit.snippet), hit.lang)
            for hit in found.hits]  # fmt: skip


async def still_visible(threads: list[Near]) -> list[Near]:
    """A thread hidden a moment ago must not be named."""
    if not threads:
        return []
    marks = ", ".join("?" * len(threads))
    found = await glance(f"SELECT id FROM thread WHERE visibility = 'visible' AND id IN ({marks})",
                         *(one.id for one in threads))  # fmt: skip
    live = {row[0] for row in found}
    return [one for one in threads if one.id in live]


async def while_typing(who: Principal, title: str) -> list[Near]:
    """Five things that may answer already, from the fourth character on."""
    if len(title.strip()) < 4:
        return []
    found = await suggest(title, tokens=tokens_of(who), kinds=KINDS, limit=5)
    hits = [Near(hit.ref.kind, hit.ref.id, hit.title, hit.url, "".join(part.text for part in hit.snippet), hit.lang)
            for hit in found.hits]  # fmt: skip
    live = {one.id for one in await still_visible([one for one in hits if one.kind == "thread"])}
    return [one for one in hits if one.kind != "thread" or one.id in live]


async def solved_ids(ids: list[int]) -> set[int]:
    if not ids:
        return set()
    marks = ", ".join("?" * len(ids))
    return {
        row[0]
        for row in await rows(f"SELECT id FROM thread WHERE accepted_post_id IS NOT NULL AND id IN ({marks})", *ids)
    }


__all__ = ["Near", "near_thread", "policy", "records", "solved_ids", "still_visible", "while_typing"]
