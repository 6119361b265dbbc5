"""Reading the index: find, suggest while typing, similar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from core.database import rows
from core.refs import Ref
from core.tasks import in_thread
from search import current
from search.analysis import is_warm
from search.asking import Wanted
from search.beyond import whole_for
from search.confidence import band, confidence
from search.filters import Filter, filter_of
from search.meaning import meaning_of
from search.rank import Place, Ranked, rank
from search.site import Site, site_of
from search.snapshot import Snapshot
from search.snippets import Part, marked, pattern, snippet
from search.text import clean

LONGEST_QUERY = 1_000  # characters; more is cut
LONGEST_TEXT = 8_000
SNIPPED = 3_000  # characters of a body, from its best part on, in which the snippet is looked for
INLINE_QUERY, INLINE_DOCUMENTS = 60, 4_000  # up to both, a search takes ≤3 ms and stays on the loop


class Hit(msgspec.Struct, frozen=True):
    ref: Ref
    title: str
    url: str
    snippet: tuple[Part, ...]
    score: float
    lang: str
    matched: tuple[str, ...]
    title_parts: tuple[Part, ...]


class Found(msgspec.Struct):
    """What a search found. `total` counts every match, `hits` are the best of them."""

    query: str
    hits: list[Hit]
    total: int
    confidence: float
    band: str
    lang: str | None = None
    brand: str | None = None
    query_id: str = ""  # set by record_query


async def find(
    query: str,
    *,
    tokens: Iterable[str],
    lang: str | None = None,
    kinds: Iterable[str] | None = None,
    brand: str | None = None,
    limit: int = 10,
) -> Found:
    """The best documents for `query` among those that a holder of `tokens` may see."""
    wanted = Wanted(clean(query)[:LONGEST_QUERY], filter_of(tokens, lang, kinds, brand), limit)
    return await _search(wanted)


async def suggest(
    text: str,
    *,
    tokens: Iterable[str],
    lang: str | None = None,
    kinds: Iterable[str] | None = None,
    brand: str | None = None,
    limit: int = 5,
) -> Found:
    """As `find`, for a query that is still being typed: its last word may be half a word."""
    wanted = Wanted(clean(text)[:LONGEST_QUERY], filter_of(tokens, lang, kinds, brand), limit, is_typing=True)
    return await _search(wanted)


async def similar(
    text: str,
    *,
    tokens: Iterable[str],
    lang: str | None = None,
    kinds: Iterable[str] | None = None,
    brand: str | None = None,
    limit: int = 5,
    without: Ref | None = None,
) -> Found:
    """What resembles a text of any length (a draft, a thread), by its most telling words; never `without` itself."""
    more = limit + (1 if without else 0)
    wanted = Wanted(clean(text)[:LONGEST_TEXT], filter_of(tokens, lang, kinds, brand), more)
    found = await _search(wanted)
    found.hits = [hit for hit in found.hits if hit.ref != without][:limit]
    return found


async def _search(wanted: Wanted) -> Found:
    site = await site_of(wanted.filter.brand)
    meaning = None if wanted.is_typing else await meaning_of(wanted.text)
    wanted = msgspec.structs.replace(wanted, controls=site.controls, meaning=meaning)
    ranked = await _ranked(await current.snapshot(), wanted)
    hits = await _hits(ranked, wanted.filter)
    sure = certainty(ranked, site) if hits else 0.0
    seen = wanted.filter
    return Found(wanted.text, hits, ranked.total, sure, band(sure, site.answer, site.candidates), seen.lang, seen.brand)


def certainty(ranked: Ranked, site: Site) -> float:
    """Probability that the first one answers; what staff pinned for exactly these words does."""
    return 1.0 if ranked.is_pinned else confidence(ranked.evidence, site.weights)


async def _ranked(snapshot: Snapshot, wanted: Wanted) -> Ranked:
    if (
        is_warm()
        and not snapshot.is_cut
        and len(wanted.text) <= INLINE_QUERY
        and len(snapshot.slots.ids) <= INLINE_DOCUMENTS
    ):
        return rank(snapshot, wanted)
    return await in_thread(rank, await whole_for(snapshot, wanted), wanted)  # type: ignore[no-any-return]


async def _hits(ranked: Ranked, wanted: Filter) -> list[Hit]:
    """The rows of the ranked documents, asked again whether the reader may see them."""
    if not ranked.places:
        return []
    marks = ", ".join("?" for _ in ranked.places)
    found = await rows(
        f"SELECT id, kind, ref_id, lang, brand, title, url, audience, substr(body, {_begins(ranked)}, ?) AS body"
        f" FROM search_document WHERE state = 'live' AND id IN ({marks})",
        SNIPPED,
        *(place.id for place in ranked.places),
    )
    by_id = {int(row["id"]): row for row in found}
    what = pattern(ranked.surfaces)
    hits = []
    for place in ranked.places:
        row = by_id.get(place.id)
        if row and wanted.admits(frozenset(row["audience"].split()), row["kind"], row["lang"], row["brand"]):
            hits.append(_hit(row, place, what))
    return hits


def _begins(ranked: Ranked) -> str:
    """Of each row, from which character on its body is read: SQL over numbers of our own."""
    further = [f"WHEN {place.id} THEN {place.start + 1}" for place in ranked.places if place.start]
    return f"CASE id {' '.join(further)} ELSE 1 END" if further else "1"


def _hit(row: Any, place: Place, what: Any) -> Hit:
    said = snippet(row["body"], what)
    if place.start and said and not said[0].text.startswith("…"):
        said = (Part("…"), *said)
    return Hit(
        ref=Ref(row["kind"], int(row["ref_id"])),
        title=row["title"],
        url=row["url"],
        snippet=said,
        score=place.score,
        lang=row["lang"],
        matched=place.matched,
        title_parts=marked(row["title"], what),
    )
