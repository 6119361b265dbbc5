"""Whatever a test of this room did, and by what way: the kept headcount is what the memberships say, and people are
looked for by what they are called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from community_house import asker, board, helper  # noqa: F401
from core.database import rows
from customers import headcount
from customers.models import Person
from customers.segments.compile import ascii_lower


@pytest.fixture
async def house(house: Any) -> AsyncIterator[Any]:
    yield house
    assert await headcount.differences() == {}
    assert await looked_for_by() == await called()


async def looked_for_by() -> list[tuple[Any, ...]]:
    found = await rows("SELECT person_id, family_kana, name, given, kana, given_kana, handle, email, domain"
                       " FROM person_lookup ORDER BY person_id")  # fmt: skip
    return [tuple(row) for row in found]


async def called() -> list[tuple[Any, ...]]:
    found = []
    for one in await Person.exclude(state__in=("merged", "erased")).order_by("id"):
        email = one.email or ""
        words = (one.family_name + one.given_name, one.given_name, one.family_kana + one.given_kana, one.given_kana,
                 one.handle, email, email.partition("@")[2])  # fmt: skip
        found.append((one.id, one.family_kana, *map(ascii_lower, words)))
    return found
