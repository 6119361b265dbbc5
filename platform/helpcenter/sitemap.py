"""What search engines are told. Rooms above add theirs:

from helpcenter.sitemap import Entry, sources
async def boards() -> list[Entry]: …        # only what a guest may read
sources.append(boards)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

import msgspec

from core.clock import when
from core.database import rows
from core.pages import absolute, url
from core.principal import NOBODY
from core.settings import settings
from helpcenter.reading import readable, shelves
from helpcenter.slugs import path_of

MOST = 45_000  # the format allows 50,000 in a file


class Entry(msgspec.Struct, frozen=True):
    """A page a guest may read. `languages`: the same page in each language, locale → path."""

    path: str
    changed_at: datetime | None = None
    languages: dict[str, str] = {}


sources: list[Callable[[], Awaitable[list[Entry]]]] = []


def language_path(slug: str, locale: str) -> str:
    """The canonical address of one language: bare in the installation's language, with `lang=` in others."""
    return path_of(slug) if locale == settings().default_language else url(path_of(slug), lang=locale)


async def own_entries() -> list[Entry]:
    where, values = readable(NOBODY)
    found = await rows(
        "SELECT a.id, t.locale, t.slug, t.updated_at FROM article a JOIN article_translation t ON t.article_id = a.id"
        f" WHERE t.published_at IS NOT NULL AND {where} ORDER BY a.id LIMIT ?",
        *values, MOST,
    )  # fmt: skip
    languages: dict[int, dict[str, str]] = {}
    for row in found:
        languages.setdefault(row["id"], {})[row["locale"]] = language_path(row["slug"], row["locale"])
    articles = [
        Entry(languages[row["id"]][row["locale"]], when(row["updated_at"]), languages[row["id"]]) for row in found
    ]
    return [Entry("/"), Entry("/help"), *(Entry(one.path) for one in await shelves(NOBODY)), *articles]


async def sitemap() -> str:
    entries = await own_entries()
    for source in sources:
        entries += await source()
    body = "".join(_xml(one) for one in entries[:MOST])
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
            f' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{body}</urlset>\n')  # fmt: skip


def _xml(entry: Entry) -> str:
    changed = f"<lastmod>{entry.changed_at:%Y-%m-%d}</lastmod>" if entry.changed_at else ""
    others = "".join(f'<xhtml:link rel="alternate" hreflang="{locale}" href={quoteattr(absolute(path))}/>'
                     for locale, path in sorted(entry.languages.items()) if len(entry.languages) > 1)  # fmt: skip
    return f"<url><loc>{escape(absolute(entry.path))}</loc>{changed}{others}</url>\n"
