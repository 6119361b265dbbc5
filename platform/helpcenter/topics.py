"""Unanswered questions, gathered into what they are about: who writes the one missing article answers all of them.

A question joins the topic it shares most with, by its words; a word that many questions hold says little. The question
asked most often begins a topic and names it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from core.database import rows
from core.principal import Principal
from core.tasks import in_thread
from helpcenter.models import ContentGap

MOST = 500  # questions, those asked most
ALIKE = 0.34  # of the weight of all words of two questions that both must hold


class Topic(msgspec.Struct):
    """`accounts` are names of those that the reader of the page may see, `hidden_accounts` how many others asked."""

    gaps: list[ContentGap]
    searches: int = 0
    people: int = 0
    accounts: list[str] = []
    hidden_accounts: int = 0

    @property
    def name(self) -> str:
        return str(self.gaps[0].question)


async def topics_of(principal: Principal, brand: str) -> list[Topic]:
    """Open questions of a brand as topics, those searched most first."""
    gaps = await ContentGap.filter(state="open", brand=brand).order_by("-count", "-last_at", "id").limit(MOST)
    grouped: list[list[int]] = await in_thread(grouped_by_words, [frozenset(gap.normal.split()) for gap in gaps])
    topics = [Topic([gaps[n] for n in group]) for group in grouped]
    askings = await _askings([gap.id for gap in gaps])
    for topic in topics:
        _count(topic, principal, askings)
    return sorted(topics, key=lambda one: -one.searches)


def grouped_by_words(questions: Sequence[frozenset[str]]) -> list[list[int]]:
    """Places of the questions by topic; each topic begins with its first question."""
    spread = Counter(word for words in questions for word in words)
    weight = {word: math.log(1 + len(questions) / n) for word, n in spread.items()}
    groups: list[list[int]] = []
    for n, words in enumerate(questions):
        alike = [(_alike(words, questions[group[0]], weight), -i) for i, group in enumerate(groups)]
        best, place = max(alike, default=(0.0, 0))
        if best >= ALIKE:
            groups[-place].append(n)
        else:
            groups.append([n])
    return groups


def _alike(one: frozenset[str], other: frozenset[str], weight: dict[str, float]) -> float:
    """Shared weight over the weight of the smaller question: a short one lies wholly in a long one."""
    shared = sum(weight[word] for word in one & other)
    smaller = min(sum(weight[word] for word in one), sum(weight[word] for word in other))
    whole = sum(weight[word] for word in one | other)
    return 0.0 if not smaller else (shared / smaller + shared / whole) / 2


class _Asking(msgspec.Struct, frozen=True):
    person_id: int | None
    account_id: int | None
    account: str


async def _askings(gap_ids: list[int]) -> dict[int, list[_Asking]]:
    if not gap_ids:
        return {}
    marks = ", ".join("?" * len(gap_ids))
    found = await rows(
        "SELECT DISTINCT g.gap_id, g.person_id, g.account_id, a.name FROM content_gap_asking g"
        f" LEFT JOIN account a ON a.id = g.account_id WHERE g.gap_id IN ({marks})",
        *gap_ids,
    )
    made: dict[int, list[_Asking]] = {}
    for row in found:
        made.setdefault(int(row[0]), []).append(_Asking(row[1], row[2], row[3] or ""))
    return made


def _count(topic: Topic, principal: Principal, askings: dict[int, list[_Asking]]) -> None:
    asked = [one for gap in topic.gaps for one in askings.get(gap.id, [])]
    accounts = {one.account_id: one.account for one in asked if one.account_id is not None}
    topic.searches = sum(gap.count for gap in topic.gaps)
    topic.people = len({one.person_id for one in asked if one.person_id is not None})
    topic.accounts = sorted(name for id, name in accounts.items() if principal.sees_account(id))
    topic.hidden_accounts = len(accounts) - len(topic.accounts)
