"""Whatever a test of this room did, and by what way: the kept headcount is what the memberships say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from customers import headcount


@pytest.fixture
async def house(house: Any) -> AsyncIterator[Any]:
    yield house
    assert await headcount.differences() == {}
