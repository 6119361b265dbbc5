"""Queries that ended on a document, learned with decay and guarded against wrong clicks.

A click adds what its position and its end say; the sum halves every 90 days. A query counts from a weight of 1.5 on,
so one person alone, or one stray click, teaches nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from core.clock import days_ago, now, when
from core.database import rows
from core.refs import Ref
from search.analysis import words
from search.text import normal

HALF_LIFE = 90.0  # days
REMEMBERED = 400  # days of searches that are looked at
ENOUGH = 1.5
MOST = 30  # queries of a document
ONE_PERSON = 1.0  # what one person can add, however often
OUTCOMES = {"solved": 2.0, "not_solved": -2.0, "handed_over": -1.0}
SHARE = 0.25  # of the clicks of a query that must have gone here


class ClickedQuery(msgspec.Struct, frozen=True):
    text: str
    times: int
    weight: float
    last_at: datetime


class _Click(msgspec.Struct, frozen=True):
    text: str
    who: str
    value: float
    at: datetime


async def clicked_queries(ref: Ref, lang: str | None = None) -> list[ClickedQuery]:
    """Queries that ended on `ref`, strongest first, at most 30."""
    mine = await _clicks("clicked_kind = ? AND clicked_id = ?", (ref.kind, ref.id), lang)
    return strongest(mine, await _elsewhere(ref, {click.text for click in mine}, lang))


async def changed_clicks(since: datetime) -> list[Ref]:
    """What was clicked in searches of `since` or later: its documents may have learned something."""
    found = await rows(
        "SELECT DISTINCT clicked_kind, clicked_id FROM search_query WHERE created_at >= ? AND clicked_id IS NOT NULL"
        " ORDER BY clicked_kind, clicked_id",
        since,
    )  # fmt: skip
    return [Ref(row[0], int(row[1])) for row in found]


def strongest(mine: Iterable[_Click], elsewhere: dict[str, float]) -> list[ClickedQuery]:
    """Wordings that differ only in width, case and space are one, told in the latest spelling."""
    grouped: dict[str, list[_Click]] = defaultdict(list)
    for click in mine:
        grouped[_key(click.text)].append(click)
    found = []
    for key, clicks in grouped.items():
        weight = _weight(clicks)
        if weight >= max(ENOUGH, SHARE * (weight + elsewhere.get(key, 0.0))) and words(clicks[0].text):
            latest = max(clicks, key=lambda click: click.at)
            found.append(ClickedQuery(latest.text, len(clicks), round(weight, 3), latest.at))
    return sorted(found, key=lambda one: (-one.weight, one.text))[:MOST]


def _weight(clicks: list[_Click]) -> float:
    """One person adds at most ONE_PERSON by clicking; what they said helped or did not counts in full."""
    by_person: dict[str, float] = defaultdict(float)
    said = 0.0
    for click in clicks:
        decay = 0.5 ** (max((now() - click.at).total_seconds(), 0) / 86400 / HALF_LIFE)
        if abs(click.value) > 1:
            said += click.value * decay
        else:
            by_person[click.who] = min(ONE_PERSON, by_person[click.who] + click.value * decay)
    return said + sum(by_person.values())


def _key(text: str) -> str:
    return " ".join(normal(text).split())


async def _clicks(where: str, parameters: tuple[Any, ...], lang: str | None) -> list[_Click]:
    found = await rows(
        "SELECT id, text, person_id, clicked_position, outcome, created_at FROM search_query"
        f" WHERE {where} AND created_at >= ? AND (? = '' OR lang = ? OR lang = '') ORDER BY id",
        *parameters, days_ago(REMEMBERED), lang or "", lang or "",
    )  # fmt: skip
    return [_Click(row["text"], _who(row), _value(row), _at(row)) for row in found]


def _who(row: Any) -> str:
    """A guest's searches of one hour count as one person's."""
    if row["person_id"] is not None:
        return str(row["person_id"])
    return "guest " + _at(row).isoformat()[:13]


def _at(row: Any) -> datetime:
    return when(row["created_at"]) or now()


def _value(row: Any) -> float:
    """A click lower in the list was chosen against others, so it says a little more than the first."""
    said = OUTCOMES.get(row["outcome"])
    return said if said is not None else 0.8 if row["clicked_position"] == 1 else 1.0


async def _elsewhere(ref: Ref, texts: set[str], lang: str | None) -> dict[str, float]:
    """How much the same queries ended on other things."""
    if not texts:
        return {}
    marks = ", ".join("?" for _text in texts)
    where = f"clicked_id IS NOT NULL AND NOT (clicked_kind = ? AND clicked_id = ?) AND text IN ({marks})"
    grouped: dict[str, list[_Click]] = defaultdict(list)
    for click in await _clicks(where, (ref.kind, ref.id, *sorted(texts)), lang):
        grouped[_key(click.text)].append(click)
    return {key: max(0.0, _weight(clicks)) for key, clicks in grouped.items()}
