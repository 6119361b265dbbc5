"""What purchases count for: `purchase` and revenue on the day, of who bought; added where they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from core.bulk import listed, merge_rows
from core.context import here
from core.database import lock, rows, write
from customers.days import a_day
from customers.tracking.counting import DAY_COLUMNS, LOCK, MORE, REVENUE, Key, add_to

NAME = "purchase"


class Bought(msgspec.Struct, frozen=True):
    person: int
    account: int
    day: date
    amount: int


async def bought(ids: Iterable[int]) -> dict[int, Bought]:
    """Purchases of people, as they are counted; those of a company without a person count for nobody."""
    return await _bought("id", ids)


async def bought_by(people: Iterable[int]) -> dict[int, Bought]:
    return await _bought("person_id", people)


async def _bought(column: str, ids: Iterable[int]) -> dict[int, Bought]:
    among, parameters = listed("bigint", sorted(set(ids)))
    found = await rows("SELECT id, person_id, account_id, bought_on, amount FROM purchase"
                       f" WHERE person_id IS NOT NULL AND {column} IN {among}", *parameters)  # fmt: skip
    return {int(row[0]): Bought(int(row[1]), int(row[2] or 0), a_day(row[3]) or date.min, int(row[4])) for row in found}


def days_of(purchases: Iterable[Bought]) -> Counter[Key]:
    """Counts by (person, account, name, day)."""
    days: Counter[Key] = Counter()
    for one in purchases:
        days[one.person, one.account, NAME, one.day] += 1
        days[one.person, one.account, REVENUE, one.day] += one.amount
    return days


async def settle(before: dict[int, Bought], after: dict[int, Bought]) -> None:
    """Bring the counts from what these purchases were to what they are; in the transaction that changed them."""
    from customers.tracking.recounting import recount

    days = days_of(after.values())
    days.subtract(days_of(before.values()))
    changed = [(*key, number) for key, number in sorted(days.items()) if number]
    if not changed:
        return
    await lock(LOCK)
    await merge_rows("usage_day", DAY_COLUMNS, changed, MORE)
    among, whose = listed("bigint", sorted({one[0] for one in changed}))
    await write(f"DELETE FROM usage_day WHERE count = 0 AND name IN (?, ?) AND person_id IN {among}", NAME, REVENUE,
                *whose)  # fmt: skip
    await recount("person", {one[0] for one in changed})
    await recount("account", {one[1] for one in changed if one[1]})
    for who in ("person", "account"):
        last: dict[int, date] = {}
        for bought_now in after.values():
            id = getattr(bought_now, who)
            last[id] = max(bought_now.day, last.get(id, bought_now.day))
        noon = {id: datetime.combine(day, time(12), ZoneInfo(here().time_zone)) for id, day in last.items() if id}
        await add_to(who, [(id, NAME, 0, 0, 0, 0, at) for id, at in sorted(noon.items())])
