"""How support goes for an account: what health is told by the inbox.

value = 1 − ¼ × conversations a person must still answer − ¼ × those of them past their deadline, not below 0. Accounts
that have never asked anything say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from core.clock import now
from core.database import rows
from core.i18n import _, ngettext
from customers import health

EACH = 0.25


async def support(ids: Sequence[int], day: date) -> dict[int, tuple[float, dict[str, Any]]]:
    """As it stands now: what was open on an earlier day is not kept."""
    marks = ", ".join("?" * len(ids))
    found = await rows(
        "SELECT account_id, SUM(CASE WHEN state IN ('waiting', 'human') THEN 1 ELSE 0 END),"
        " SUM(CASE WHEN state = 'waiting' AND sla_due_at < ? THEN 1 ELSE 0 END)"
        f" FROM conversation WHERE account_id IN ({marks}) GROUP BY account_id", now(), *ids,
    )  # fmt: skip
    return {int(row[0]): (max(0.0, 1 - EACH * (int(row[1]) + int(row[2]))), {"open": int(row[1]), "late": int(row[2])})
            for row in found}  # fmt: skip


def _say(facts: dict[str, Any]) -> str:
    said = ngettext("%(n)s open conversation", "%(n)s open conversations", facts["open"])
    return _("%(said)s, %(late)s of them late", said=said, late=facts["late"]) if facts["late"] else said


health.add_measure(health.Measure("support", 15, lambda: _("Support"), support, _say))
