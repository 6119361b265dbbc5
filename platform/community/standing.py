"""How an account takes part in the community: what health is told.

value = (days of the last 90 on which somebody of the account wrote + 2 × answers of theirs that were chosen) ÷ 6, not
above 1. Accounts of whom nobody ever wrote say nothing: most customers never do, and are well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from core.clock import local_day, when
from core.database import rows
from core.i18n import _, ngettext
from core.settings import settings
from customers import health
from customers.days import as_day

DAYS = 90
ENOUGH = 6  # days, or three chosen answers, earn all points
CHOSEN = 2  # days that a chosen answer counts like


async def community(ids: Sequence[int], day: date) -> dict[int, tuple[float, dict[str, Any]]]:
    """What was visible and chosen on an earlier day is not kept: that is as it stands now."""
    marks = ", ".join("?" * len(ids))
    begins, ends = (_midnight(day + timedelta(days=n)) for n in (1 - DAYS, 1))
    whose = (
        "FROM membership m JOIN post p ON p.author_id = m.person_id"
        f" WHERE m.account_id IN ({marks}) AND (m.until IS NULL OR m.until >= ?) AND p.state = 'visible'"
        " AND p.created_at < ?"
    )
    known = await rows(f"SELECT DISTINCT m.account_id {whose}", *ids, as_day(day), ends)
    lately = await rows(
        "SELECT m.account_id, p.created_at, CASE WHEN EXISTS (SELECT 1 FROM thread t WHERE t.accepted_post_id = p.id"
        f" AND t.author_id <> p.author_id) THEN 1 ELSE 0 END {whose} AND p.created_at >= ?",
        *ids, as_day(day), ends, begins,
    )  # fmt: skip
    written: dict[int, set[date]] = {int(row[0]): set() for row in known}
    chosen: dict[int, int] = {}
    for id, at, is_chosen in lately:
        written[int(id)].add(local_day(when(at)))
        chosen[int(id)] = chosen.get(int(id), 0) + int(is_chosen)
    return {id: (min(1.0, (len(days) + CHOSEN * chosen.get(id, 0)) / ENOUGH),
                 {"days": len(days), "chosen": chosen.get(id, 0)}) for id, days in written.items()}  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), settings().zone)


def _say(facts: dict[str, Any]) -> str:
    said = ngettext("wrote on %(n)s day of 90", "wrote on %(n)s days of 90", facts["days"])
    if not facts["chosen"]:
        return said
    return _("%(said)s, %(chosen)s", said=said,
             chosen=ngettext("%(n)s answer was chosen", "%(n)s answers were chosen", facts["chosen"]))  # fmt: skip


health.add_measure(health.Measure("community", 5, lambda: _("Community"), community, _say))
