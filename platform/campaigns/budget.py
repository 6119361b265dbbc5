"""The budget of attention for a whole claim: `customers.touches.reserve_touch`, five hundred at once.

One call for each person costs more than rendering and sending the mail; the rule and the table are the same.
"""

from __future__ import annotations

from campaigns.ledger import ids_sql, typed
from core.clock import days_ago, now
from core.database import dialect, write
from customers.rules import rule

USED = "(SELECT COUNT(*) FROM touch u WHERE u.person_id = d.person_id AND u.at > {since})"


async def reserve(ids: str, is_counted: bool) -> None:
    """Take a touch for each claimed delivery of `ids` (JSON); who has none left is skipped as `capped`."""
    if not is_counted:
        return
    limits = await rule("attention")
    if dialect() == "postgresql":
        # The lock that reserve_touch takes, for all of them and always in the same order.
        await write(
            "SELECT pg_advisory_xact_lock(hashtextextended('touch:' || who.person_id, 0)) FROM (SELECT DISTINCT"
            f" person_id FROM delivery WHERE id IN ({ids_sql()}) ORDER BY person_id) AS who", ids,
        )  # fmt: skip
    at = typed("timestamptz")
    room = " AND ".join(f"{USED.format(since=at)} < {int(most)}"
                        for most in (limits.per_day, limits.per_week, limits.per_month))  # fmt: skip
    await write(
        "INSERT INTO touch (person_id, channel, kind, key, at)"
        f" SELECT d.person_id, 'email', 'campaign', 'delivery:' || CAST(d.id AS text), {at} FROM delivery d"
        f" WHERE d.id IN ({ids_sql()}) AND d.state = 'claimed' AND {room} ON CONFLICT (key) DO NOTHING",
        now(), ids, days_ago(1), days_ago(7), days_ago(30),
    )  # fmt: skip
    await write(
        "UPDATE delivery SET state = 'skipped', reason = 'capped', worker = NULL, lease_until = NULL"
        f" WHERE id IN ({ids_sql()}) AND state = 'claimed' AND NOT EXISTS"
        " (SELECT 1 FROM touch u WHERE u.key = 'delivery:' || CAST(delivery.id AS text))", ids,
    )  # fmt: skip
