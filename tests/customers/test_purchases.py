"""Purchases from files: whose they are, what they count for, and the whole of it back."""

from __future__ import annotations

from typing import Any

import pytest

from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from customers.imports import run, trailing
from customers.tracking.recounting import recount_all

pytestmark = pytest.mark.anyio
PEOPLE = "人ID,姓,メール,顧客ID\nU1,青波,a@example.jp,A1\nU2,千舟,b@example.jp,\n"
ORDERS = """注文番号,メール,商品名,金額,注文日
O1,a@example.jp,年間プラン,"12,000",2026-11-20
O2,b@example.jp,追加席,800,2026-11-20
O3,nobody@example.jp,追加席,800,2026-11-20
O4,a@example.jp,返金,-2000,2026-11-21
O5,,追加席,800,2026-11-20
"""


async def take(content: str, source: str = "shop") -> tuple[Any, dict[str, int]]:
    enter(Here(principal=SYSTEM, language="ja"))
    batch = await run.start(content.encode(), source=source)
    return batch, {name: count for name, count in (await run.apply(batch)).items() if count}


async def revenue() -> dict[str, tuple[int, int]]:
    """Purchases and revenue of the first person and of the company."""
    found = await rows("SELECT metric, total FROM person_metric WHERE person_id = (SELECT MIN(id) FROM person)"
                       " AND total <> 0")  # fmt: skip
    company = await rows("SELECT metric, total FROM account_metric WHERE total <> 0")
    mine, theirs = {row[0]: row[1] for row in found}, {row[0]: row[1] for row in company}
    return {name: (mine.get(name, 0), theirs.get(name, 0)) for name in ("purchase", "@@revenue")}


async def test_purchases_count_on_their_day_and_are_undone_whole(house: Any) -> None:
    await take("顧客ID,会社名\nA1,株式会社水面\n")
    await take(PEOPLE)
    batch, said = await take(ORDERS)
    assert (batch.kind, said) == ("purchases", {"created": 3, "refused": 2})
    assert await revenue() == {"purchase": (2, 2), "@@revenue": (10_000, 10_000)}
    told = await rows("SELECT COUNT(*) FROM touchpoint WHERE kind = 'customers.purchased'")
    assert told[0][0] == 3

    assert (await take(ORDERS))[1] == {"unchanged": 3, "refused": 2}
    second, said = await take(ORDERS.replace('"12,000"', '"15,000"'))
    assert said == {"updated": 1, "unchanged": 2, "refused": 2}
    assert await revenue() == {"purchase": (2, 2), "@@revenue": (13_000, 13_000)}
    await recount_all()
    assert await revenue() == {"purchase": (2, 2), "@@revenue": (13_000, 13_000)}

    for one in (second, batch):
        await trailing.begin_undo(one.id)
        await trailing.undo(one.id)
    assert await revenue() == {"purchase": (0, 0), "@@revenue": (0, 0)}
    assert await rows("SELECT 1 FROM purchase") == await rows("SELECT 1 FROM usage_day") == []
    assert await rows("SELECT 1 FROM touchpoint WHERE kind = 'customers.purchased'") == []
