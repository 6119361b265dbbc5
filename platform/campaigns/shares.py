"""How many people of a sending get it by which channel: of a frozen one as its ledger says, before that as it looks."""

from __future__ import annotations

import json
from collections.abc import Sequence

from campaigns.channels import ORDER, line_connections
from campaigns.ledger import ids_sql
from campaigns.models import Step
from channels.providers import providers
from core.database import rows
from customers.models import Topic

Shares = tuple[tuple[str, int], ...]

MEMBERS = "SELECT m.person_id FROM segment_member m WHERE m.segment_id = ?"
EMAIL = "p.email IS NOT NULL AND p.email <> ''"
LINE = (
    "EXISTS (SELECT 1 FROM identity i WHERE i.person_id = p.id AND i.kind = 'line' AND i.verified_at IS NOT NULL"
    " AND ({places}))"
)


async def shares_of(steps: Sequence[Step]) -> dict[int, Shares]:
    """step → (channel, people); with one channel nothing is counted."""
    several = {one.id: one for one in steps if len(ORDER[one.channel]) > 1}
    frozen = await _frozen([id for id, one in several.items() if one.frozen_at])
    found: dict[int, Shares] = {}
    for one in steps:
        if one.id not in several:
            found[one.id] = ((ORDER[one.channel][0], 0),)
        else:
            counted = frozen.get(one.id) or await _expected(one)
            found[one.id] = tuple((channel, counted.get(channel, 0)) for channel in ORDER[one.channel])
    return found


async def _frozen(ids: Sequence[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for row in await rows(f"SELECT step_id, channel, COUNT(*) FROM delivery WHERE step_id IN ({ids_sql()})"
                          " GROUP BY step_id, channel", json.dumps(list(ids))) if ids else ():  # fmt: skip
        found.setdefault(int(row[0]), {})[str(row[1])] = int(row[2])
    return found


async def _expected(step: Step) -> dict[str, int]:
    """Who has the first channel and said yes there; everybody else by the second. Hashes are not made for a page, so
    that whoever bounced or blocked us is counted as if they had not."""
    first, second = ORDER[step.channel]
    here = EMAIL if first == "email" else LINE.format(places=await _places(step.campaign.brand))
    yes = "state = 'given'"
    if await Topic.filter(slug=step.campaign.topic, is_transactional=True).exists():
        yes = "state <> 'refused'"
    agreed = f"COALESCE((SELECT co.{yes} FROM consent co WHERE co.person_id = p.id AND co.channel = '{first}'"
    among, value = (ids_sql(), json.dumps(step.people)) if step.people is not None else (MEMBERS, step.segment_id or 0)
    counted = await rows(
        f"SELECT COUNT(*), SUM(CASE WHEN {here} AND {agreed} AND co.topic = ?), {'true' if '<>' in yes else 'false'})"
        f" THEN 1 ELSE 0 END) FROM person p WHERE p.id IN ({among})", step.campaign.topic, value,
    )  # fmt: skip
    everybody, on_first = int(counted[0][0]), int(counted[0][1] or 0)
    return {first: on_first, second: everybody - on_first}


async def _places(brand: str) -> str:
    """What an id's channel must be so that it is good on one of the brand's."""
    shared = await providers()
    good = sorted({one for on in await line_connections(brand) for one in shared.peers(on)})
    known = f"i.connection_id IN ({', '.join(map(str, good))})" if good else "1 = 0"
    return f"{known} OR i.connection_id IS NULL" if good and shared.is_one else known
