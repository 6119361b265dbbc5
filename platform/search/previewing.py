"""What would change on recent searches if staff decided something: nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from core.clock import days_ago
from core.database import rows
from core.refs import Ref
from core.tasks import in_thread
from search import current
from search.asking import Wanted
from search.controls import Control, Prepared, prepared
from search.filters import Filter, filter_of
from search.rank import rank
from search.site import controls_of
from search.snapshot import Snapshot

SHOWN = 3
AT_ONCE = 8  # searches between two looks at other threads


class Shown(msgspec.Struct, frozen=True):
    ref: Ref
    title: str
    url: str


class Changed(msgspec.Struct, frozen=True):
    """A query that was asked `times`, its first three results before and after."""

    query: str
    times: int
    before: tuple[Shown, ...]
    after: tuple[Shown, ...]


class Preview(msgspec.Struct, frozen=True):
    """`asked`: how many different recent searches were tried."""

    asked: int
    changed: list[Changed]


async def preview(
    brand: str,
    *,
    add: Iterable[Control] = (),
    remove: Iterable[Control] = (),
    tokens: Iterable[str] = ("public",),
    lang: str | None = None,
    days: int = 30,
    most: int = 200,
) -> Preview:
    """The recent searches of `brand` whose first three results change for a holder of `tokens`, most asked first."""
    queries = await recent(brand, lang, days, most)
    had = await controls_of(brand)
    before, after = [await in_thread(prepared, one) for one in (had, had.changed(add, remove))]
    filter = filter_of(tokens, lang, None, brand)
    snapshot = await current.snapshot()
    changed: list[tuple[str, int, tuple[int, ...], tuple[int, ...]]] = []
    for at in range(0, len(queries), AT_ONCE):
        some = queries[at : at + AT_ONCE]
        changed += await in_thread(_compared, snapshot, some, filter, before, after)
    shown = await _shown({id for _, _, had, has in changed for id in (*had, *has)})
    found = [Changed(query, times, _of(shown, had), _of(shown, has)) for query, times, had, has in changed]
    return Preview(len(queries), [one for one in found if one.before != one.after])


async def recent(brand: str, lang: str | None, days: int, most: int) -> list[tuple[str, int]]:
    """(query, how often) of the last `days`, most asked first."""
    found = await rows(
        "SELECT text, count(*) AS times, max(id) AS latest FROM search_query WHERE created_at >= ? AND brand = ?"
        " AND (? = '' OR lang = ?) AND surface <> 'suggest' GROUP BY text ORDER BY times DESC, latest DESC LIMIT ?",
        days_ago(days), brand, lang or "", lang or "", most,
    )  # fmt: skip
    return [(row["text"], int(row["times"])) for row in found]


def _compared(
    snapshot: Snapshot, queries: list[tuple[str, int]], filter: Filter, before: Prepared, after: Prepared
) -> list[tuple[str, int, tuple[int, ...], tuple[int, ...]]]:
    found = []
    for query, times in queries:
        had, has = (
            tuple(place.id for place in rank(snapshot, Wanted(query, filter, SHOWN, controls=controls)).places)
            for controls in (before, after)
        )
        if had != has:
            found.append((query, times, had, has))
    return found


async def _shown(ids: set[int]) -> dict[int, Shown]:
    if not ids:
        return {}
    marks = ", ".join("?" for _id in ids)
    found: list[Any] = await rows(
        f"SELECT id, kind, ref_id, title, url FROM search_document WHERE state = 'live' AND id IN ({marks})",
        *sorted(ids),
    )
    return {int(row["id"]): Shown(Ref(row["kind"], int(row["ref_id"])), row["title"], row["url"]) for row in found}


def _of(shown: dict[int, Shown], ids: tuple[int, ...]) -> tuple[Shown, ...]:
    return tuple(shown[id] for id in ids if id in shown)
