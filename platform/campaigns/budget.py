"""The budget of attention for a whole claim."""

from __future__ import annotations

import json

from campaigns.ledger import ids_sql
from core.database import rows, write
from customers.touches import reserve_touches


async def reserve(ids: str, is_counted: bool) -> None:
    """Take a touch for each claimed delivery of `ids` (JSON); who has none left is skipped as `capped`."""
    if not is_counted:
        return
    found = await rows(f"SELECT id, person_id FROM delivery WHERE id IN ({ids_sql()}) AND state = 'claimed'", ids)
    keys = {f"delivery:{row[0]}": int(row[0]) for row in found}
    got = await reserve_touches("email", "campaign", [(int(row[1]), f"delivery:{row[0]}") for row in found])
    if capped := [id for key, id in keys.items() if key not in got]:
        await write(
            "UPDATE delivery SET state = 'skipped', reason = 'capped', worker = NULL, lease_until = NULL"
            f" WHERE id IN ({ids_sql()}) AND state = 'claimed'", json.dumps(capped),
        )  # fmt: skip
