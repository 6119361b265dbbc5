"""Requests that resemble a text: by the words they share, rare words more than common ones."""

from __future__ import annotations

import math
from typing import Any

from core.context import current_principal
from core.tasks import in_thread
from customers import policy
from customers.models import ProductRequest
from search import words

LOOKED_AT = 3000  # the newest; more open requests than that nobody keeps apart
LONGEST = 2500  # characters of a text that are read


def _terms(text: str) -> list[str]:
    return list(dict.fromkeys(word.term for word in words(text[:LONGEST])))


async def terms_of(text: str) -> str:
    """As they stand in `product_request.terms`."""
    return " ".join(await in_thread(_terms, text))


async def find(text: str, most: int = 5, without: int = 0) -> list[ProductRequest]:
    """The nearest first; only such as share a word. Cosine over inverse document frequencies."""
    asked = set((await terms_of(text)).split())
    if not asked:
        return []
    seen = policy.visible_requests(current_principal()).filter(merged_into_id=None).exclude(id=without)
    rows = await seen.order_by("-id").limit(LOOKED_AT).values_list("id", "terms")
    ids: list[int] = (await in_thread(_nearest, asked, rows))[:most]
    found = {one.id: one for one in await ProductRequest.filter(id__in=ids)}
    return [found[id] for id in ids if id in found]


async def latest(most: int) -> list[ProductRequest]:
    """Those that changed last, where nothing is said yet."""
    seen = policy.visible_requests(current_principal()).filter(merged_into_id=None)
    return await seen.order_by("-updated_at", "-id").limit(most)


def _nearest(asked: set[str], rows: list[Any]) -> list[int]:
    held = {int(id): set(str(terms).split()) for id, terms in rows}
    frequency: dict[str, int] = {}
    for terms in held.values():
        for term in terms:
            frequency[term] = frequency.get(term, 0) + 1
    weight = {term: math.log(1 + len(held) / n) for term, n in frequency.items()}
    scores: dict[int, float] = {}
    for id, terms in held.items():
        shared = sum(weight[term] ** 2 for term in asked & terms)
        if shared:
            scores[id] = shared / math.sqrt(sum(weight[term] ** 2 for term in terms))
    return sorted(scores, key=lambda id: (-scores[id], -id))
