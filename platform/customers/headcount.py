"""How many living customers each company has, and which: kept by triggers of the database (migrations
0012_people_headcount, 0017_customer_place, 0020_metric_place and 0023_language_headcount).

`headcount` is a ledger: the people of a company are the sum of its rows. Under 0 stand those without a company, under
-1 those with several memberships, or one that ends, whose memberships are repeated in `counted_apart`.
`customer_place` has the same of each person, with their language, and `person_metric` beside each of their counts.
`language_headcount` is the ledger of `customer_place`, by place and language. See docs/decisions/headcount.md.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any

from core.bulk import insert_rows
from core.database import dialect, lock, rows, transaction, write

log = logging.getLogger("engawa.customers")

# Made of others: carried nowhere.
TABLES = frozenset({"headcount", "language_headcount", "counted_apart", "customer_place"})
LEDGERS = {"headcount": ("account_id",), "language_headcount": ("account_id", "locale")}
ODD = -2  # in `differences`: rows of the other tables, and counts of `person_metric`
LIVING = "p.state = 'active' AND p.kind = 'customer'"
PLACES = (
    "SELECT p.id, p.locale, CASE WHEN COUNT(m.account_id) = 0 THEN 0 WHEN COUNT(m.account_id) = 1"
    " AND COUNT(m.until) = 0 THEN MIN(m.account_id) ELSE -1 END AS place"
    " FROM person p LEFT JOIN membership m ON m.person_id = p.id"
    f" WHERE {LIVING} GROUP BY p.id, p.locale"
)
PLACED = f"SELECT id, account_id, locale FROM ({PLACES.replace('AS place', 'AS account_id')}) AS placed"
PLACES_KEPT = "SELECT id, account_id, locale FROM customer_place"
METRICS = "person_metric AS v LEFT JOIN customer_place AS c ON c.id = v.person_id"
BY_LANGUAGE = (
    "SELECT account_id, locale, SUM(n) AS people FROM (SELECT account_id, locale, COUNT(*) AS n FROM customer_place"
    " GROUP BY account_id, locale UNION ALL SELECT account_id, locale, -SUM(people) FROM language_headcount"
    " GROUP BY account_id, locale) AS l GROUP BY account_id, locale HAVING SUM(n) <> 0"
)
MISPLACED = f"SELECT v.id, c.account_id FROM {METRICS} WHERE COALESCE(v.place, -3) <> COALESCE(c.account_id, -3)"
KEPT = "SELECT person_id, account_id, until FROM counted_apart"
APART = (
    f"SELECT m.person_id, m.account_id, m.until FROM membership m JOIN person p ON p.id = m.person_id WHERE {LIVING}"
    " AND (m.until IS NOT NULL OR EXISTS (SELECT 1 FROM membership o WHERE o.person_id = m.person_id AND o.id <> m.id))"
)


async def fold() -> int:
    """The rows of each company become one. What others add meanwhile stays beside it. Returns how many rows went."""
    return sum([await _fold(ledger, key) for ledger, key in LEDGERS.items()])


async def _fold(ledger: str, key: tuple[str, ...]) -> int:
    by, people_at = ", ".join(key), len(key)
    async with transaction():
        await lock("customers.headcount")
        gone = await write(f"DELETE FROM {ledger} WHERE ({by}) IN (SELECT {by} FROM {ledger} GROUP BY {by}"
                           f" HAVING COUNT(*) > 1) RETURNING {by}, people")  # fmt: skip
        sums: Counter[tuple[Any, ...]] = Counter()
        for row in gone:
            sums[tuple(row)[:people_at]] += int(row[people_at])
        left = [(*of, people) for of, people in sorted(sums.items()) if people]
        await insert_rows(ledger, (*key, "people"), left)
    return len(gone) - len(left)


async def differences() -> dict[int, int]:
    """Company → how many people too few are kept, worked out from the memberships; a million take seconds."""
    found = await rows(
        f"SELECT account_id, SUM(n) FROM (SELECT place AS account_id, COUNT(*) AS n FROM ({PLACES}) AS x GROUP BY place"
        " UNION ALL SELECT account_id, -SUM(people) FROM headcount GROUP BY account_id"
        f" UNION ALL SELECT {ODD}, COUNT(*) FROM ({_between(KEPT, APART)}) AS y"
        f" UNION ALL SELECT {ODD}, COUNT(*) FROM ({_between(PLACES_KEPT, PLACED)}) AS y"
        f" UNION ALL SELECT {ODD}, COUNT(*) FROM ({MISPLACED}) AS y"
        f" UNION ALL SELECT {ODD}, COUNT(*) FROM ({BY_LANGUAGE}) AS y"
        ") AS z GROUP BY account_id HAVING SUM(n) <> 0")  # fmt: skip
    return {int(row[0]): int(row[1]) for row in found}


def _between(kept: str, true: str) -> str:
    """Rows that only one of the two has."""
    return f"SELECT * FROM ({kept} EXCEPT {true}) AS a UNION ALL SELECT * FROM ({true} EXCEPT {kept}) AS b"


async def recount() -> int:
    """Look whether what is kept is true, and mend it. Returns how many companies were wrong: none, one hopes."""
    if not await differences():
        return 0
    async with transaction():
        await lock("customers.headcount")
        if dialect() == "postgresql":
            await write("LOCK TABLE person, membership IN SHARE ROW EXCLUSIVE MODE")
        wrong = await differences()
        mended = [(account_id, n) for account_id, n in wrong.items() if account_id != ODD]
        await insert_rows("headcount", ("account_id", "people"), mended)
        await write("DELETE FROM counted_apart")
        await write(f"INSERT INTO counted_apart (person_id, account_id, until) {APART}")
        # Only those that are wrong: each that changes is looked for in `person_metric`.
        await write(f"DELETE FROM customer_place WHERE id IN (SELECT id FROM ({PLACES_KEPT} EXCEPT {PLACED}) AS x)")
        await write(f"INSERT INTO customer_place (id, account_id, locale) {PLACED} EXCEPT {PLACES_KEPT}")
        await write(f"INSERT INTO language_headcount (account_id, locale, people) {BY_LANGUAGE}")
        await write(f"UPDATE person_metric SET place = m.account_id FROM ({MISPLACED}) AS m"
                    " WHERE person_metric.id = m.id")  # fmt: skip
    log.warning("the headcount of %d companies was wrong and is mended", len(wrong))
    return len(wrong)
