"""How much each CSM has to look after, against what one person can.

load = Σ over tiers of accounts ÷ capacity of the tier, in percent: 5 of 10 high and 25 of 50 low make 100 %. Accounts
of a deputy are not counted, because their CSM works on them; they are shown beside.
"""

from __future__ import annotations

from typing import Any

import msgspec

from core.database import rows
from core.principal import Principal
from customers.rules import CapacityRule, rule

FULL, NEARLY = 100, 85  # percent


class Load(msgspec.Struct):
    """`person_id` None: nobody looks after these. `is_gone`: no longer active staff."""

    person_id: int | None
    name: str
    counts: dict[str, int]
    deputy_of: int
    percent: int
    is_gone: bool = False

    @property
    def tone(self) -> str:
        return "bad" if self.percent > FULL or self.is_gone else "warn" if self.percent >= NEARLY else ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def percent_of(counts: dict[str, int], given: CapacityRule) -> int:
    most = {"high": given.high, "low": given.low, "tech": given.tech}
    return round(sum(100 * n / max(1, most.get(tier, 1)) for tier, n in counts.items()))


async def loads(who: Principal | None = None) -> list[Load]:
    """Everybody who looks after accounts, the fullest first; staff of own accounts see only themselves."""
    given: CapacityRule = await rule("capacity")
    counted: dict[int | None, dict[str, int]] = {}
    for row in await rows("SELECT csm_id, tier, COUNT(*) FROM account WHERE state = 'active' GROUP BY csm_id, tier"):
        counted.setdefault(row[0], {"high": 0, "low": 0, "tech": 0})[row[1]] = int(row[2])
    found = await rows("SELECT deputy_id, COUNT(*) FROM account WHERE state = 'active' GROUP BY deputy_id")
    deputies = {int(row[0]): int(row[1]) for row in found if row[0] is not None}
    wanted = sorted({id for id in [*counted, *deputies] if id is not None})
    if who is not None and not who.all_accounts:
        wanted = [id for id in wanted if id == who.person_id]
    named = await _names(wanted)
    made = [_load(id, counted.get(id, {}), deputies.get(id, 0), named.get(id), given) for id in wanted]
    return sorted(made, key=lambda one: (-one.percent, one.name))


def _load(id: int, counts: dict[str, int], deputy_of: int, person: Any, given: CapacityRule) -> Load:
    name, is_gone = person or ("–", True)
    return Load(id, name, {"high": 0, "low": 0, "tech": 0} | counts, deputy_of, percent_of(counts, given), is_gone)


async def _names(ids: list[int]) -> dict[int, tuple[str, bool]]:
    from customers.models import Person

    found = await Person.filter(id__in=ids)
    return {one.id: (one.full_name, one.kind != "staff" or one.state != "active") for one in found}


async def unowned() -> dict[str, int]:
    """tier → accounts that nobody looks after; a high one among them is a hole."""
    found = await rows("SELECT tier, COUNT(*) FROM account WHERE state = 'active' AND csm_id IS NULL GROUP BY tier")
    return {"high": 0, "low": 0, "tech": 0} | {row[0]: int(row[1]) for row in found}


async def overfull(person_id: int | None) -> Load | None:
    """The load of this person when it is above what one can look after: for a warning after an assignment."""
    found = [one for one in await loads() if one.person_id == person_id and one.percent > FULL]
    return found[0] if found else None
