"""What customers searched, opened, and said of it: the ground for suggestions, gaps and the numbers.

Each line of searches.json: days ago, hour, who (empty: a guest), words, the article that was opened, whether it helped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from typing import Any

from app.demo.acting import Cast, at
from app.demo.files import Known, data
from core.clock import now
from core.principal import NOBODY, SYSTEM, Principal
from core.refs import Ref
from core.settings import settings
from helpcenter import actions, finding, gaps, learned
from search import record_click, record_outcome


async def load(known: Known) -> None:
    cast = Cast(known)
    for days, lines in groupby(data("searches.json"), key=lambda line: line[0]):
        await _day(known, cast, days, list(lines))
    await cast.leave()


async def _day(known: Known, cast: Cast, days: int, lines: Iterable[Any]) -> None:
    """One day's searches, and what the house made of them at its end."""
    midnight = now().astimezone(settings().zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for _days, hour, who, words, article, helped in lines:
        person = await cast.be(who) if who else NOBODY
        moment = min(midnight.replace(hour=hour) - timedelta(days=days), now())
        with at(moment, person):
            await _search(person, words, Ref("article", known.articles[article]) if article else None, helped)
    with at(min(midnight.replace(hour=20) - timedelta(days=days), now()), SYSTEM):
        await gaps.gather()
        await learned.learn()


async def _search(person: Principal, words: str, opened: Ref | None, helped: str) -> None:
    searched = await finding.search(person, words)
    place = next((n for n, hit in enumerate(searched.hits, 1) if hit.ref == opened), 0)
    if opened is None or not place:
        return
    await record_click(searched.key, opened, place)
    if helped:
        await record_outcome(searched.key, "solved" if helped == "yes" else "not_solved")
        if person.is_signed_in:
            await actions.rate(person, opened.id, helped == "yes", locale="ja")
