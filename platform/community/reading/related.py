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
from helpcenter import policy as helpcenter
from helpcenter.slugs import path_of
from search import similar, suggest

KINDS = {"thread", "article"}
SOURCE = "thread"  # of an article that a thread became


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


class Made(msgspec.Struct, frozen=True):
    """The article that a thread became, as this reader may know of it."""

    title: str
    url: str
    lang: str
    is_draft: bool


async def article_of(who: Principal, thread: ThreadRow) -> Made | None:
    """Drafts are for whoever writes articles, and open in the editor."""
    if thread.accepted_post_id is None:
        return None
    found = await glance(
        "SELECT a.id, a.state, a.audience, a.brand, a.locale, t.locale AS lang, t.title, t.slug, t.published_at"
        " FROM article a JOIN article_translation t ON t.article_id = a.id WHERE a.source = ? AND a.source_id = ?",
        SOURCE, str(thread.id),
    )  # fmt: skip
    if not found or not helpcenter.may_read(who, state=found[0]["state"], audience=found[0]["audience"].split(),
                                            brand=found[0]["brand"]):  # fmt: skip
        return None
    readable = [row for row in found if row["published_at"] and row["state"] == "published"]
    row = max(readable or found, key=lambda one: (one["lang"] == here().language, one["lang"] == one["locale"]))
    url = path_of(row["slug"]) if readable else f"/staff/articles/{row['id']}"
    return Made(row["title"], url, row["lang"], not readable) if readable or who.may("help.write") else None


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


__all__ = [
    "Made",
    "Near",
    "article_of",
    "near_thread",
    "policy",
    "records",
    "solved_ids",
    "still_visible",
    "while_typing",
]
