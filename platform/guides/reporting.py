"""What a guide did: shown, closed, gone through, by step; answers of surveys. Each number with its definition."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from core.charts import Series, bars
from core.clock import local_day, now, when
from core.database import rows
from core.i18n import _, day, ngettext, number
from core.principal import Principal
from guides.models import Guide
from guides.policy import own_rows
from guides.surveys import Nps, nps

DAYS = 28


class Figure(msgspec.Struct, frozen=True):
    label: str
    value: str
    unit: str
    meaning: str


class Reached(msgspec.Struct, frozen=True):
    """A step, how many people came to it, and how often its target was missing in the last 7 days."""

    n: int
    title: str
    people: int
    missing: int


async def figures(guide: Guide, who: Principal) -> list[Figure]:
    """Over all views, the pilot's too; of the accounts that the one who asks may see."""
    own = own_rows(who, "account_id")
    found = (await rows(
        "SELECT COUNT(*) AS views, COUNT(DISTINCT person_id) AS people, COUNT(DISTINCT CASE WHEN dismissed_at IS NOT"
        " NULL THEN person_id END) AS dismissed, COUNT(DISTINCT CASE WHEN completed_at IS NOT NULL THEN person_id END)"
        " AS completed, COUNT(DISTINCT CASE WHEN clicked_at IS NOT NULL THEN person_id END) AS clicked"
        f" FROM guide_view WHERE guide_id = ?{own}", guide.id,
    ))[0]  # fmt: skip
    people = int(found["people"])
    share = (lambda n: _("%(n)s %% of them", n=round(100 * n / people))) if people else (lambda n: "")
    return [
        Figure(_("Shown to"), number(people), _("people"), ngettext(
            "Different people it appeared to, once or more; %(n)s time in all.",
            "Different people it appeared to, once or more; %(n)s times in all.", int(found["views"]))),
        Figure(_("Went through"), number(found["completed"]), share(int(found["completed"])),
               _("People who came to its end: pressed its button, ticked every item, or answered.")),
        Figure(_("Closed it"), number(found["dismissed"]), share(int(found["dismissed"])),
               _("People who closed it before its end, at least once.")),
        Figure(_("Followed the link"), number(found["clicked"]), share(int(found["clicked"])),
               _("People who pressed a link of the guide.")),
    ]  # fmt: skip


async def answers(guide: Guide, who: Principal) -> Nps:
    own = own_rows(who, "account_id")
    return nps([int(row[0]) for row in await rows(f"SELECT score FROM guide_answer WHERE guide_id = ?{own}", guide.id)])


async def comments(guide: Guide, who: Principal) -> list[Any]:
    """The newest that say something."""
    own = own_rows(who, "x.account_id")
    return await rows(
        "SELECT x.id AS id, x.score AS score, x.comment AS comment, x.at AS at, x.person_id AS person_id,"
        " p.family_name AS family_name, p.given_name AS given_name FROM guide_answer x JOIN person p"
        f" ON p.id = x.person_id WHERE x.guide_id = ? AND x.comment <> ''{own} ORDER BY x.at DESC, x.id DESC LIMIT 20",
        guide.id,
    )  # fmt: skip


async def steps(guide: Guide, who: Principal) -> list[Reached]:
    own = own_rows(who, "account_id")
    furthest = await rows("SELECT MAX(step) FROM guide_view WHERE guide_id = ?" + own + " GROUP BY person_id", guide.id)
    reached = [int(row[0]) for row in furthest]
    missing = {int(row[0]): int(row[1]) for row in await rows(
        "SELECT step, SUM(count) FROM guide_miss WHERE guide_id = ? AND day > ? GROUP BY step", guide.id, _week_ago()
    )}  # fmt: skip
    words = guide.texts.get(guide.locale, {})
    return [Reached(n, words.get(str(step["id"]), {}).get("title", ""), sum(one >= n for one in reached),
                    missing.get(n, 0)) for n, step in enumerate(guide.steps, 1)]  # fmt: skip


def _week_ago() -> Any:
    from core.database import dialect

    since = local_day() - timedelta(days=7)
    return since if dialect() == "postgresql" else since.isoformat()


async def chart(guide: Guide, who: Principal) -> Any:
    """Views a day over four weeks."""
    since = now() - timedelta(days=DAYS)
    found = await rows("SELECT started_at FROM guide_view WHERE guide_id = ? AND started_at > ?"
                       + own_rows(who, "account_id"), guide.id, since)  # fmt: skip
    if not found:
        return ""
    days = [local_day() - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    counts = dict.fromkeys(days, 0)
    for row in found:
        at = local_day(when(row[0]))
        if at in counts:
            counts[at] += 1
    best = max(counts, key=lambda one: counts[one])
    finding = _("Shown %(n)s times in %(days)s days, most on %(day)s", n=sum(counts.values()), days=DAYS, day=day(best))
    return bars([Series(_("Shown"), list(counts.values()))], [day(one) for one in days], finding=finding,
                unit=_("times"))  # fmt: skip


PEOPLE = (
    "SELECT v.id AS id, v.person_id AS person_id, v.started_at AS at, v.step AS step, v.is_pilot AS is_pilot,"
    " CASE WHEN v.completed_at IS NOT NULL THEN 'completed' WHEN v.dismissed_at IS NOT NULL THEN 'dismissed'"
    " ELSE 'open' END AS result, p.family_name AS family_name, p.given_name AS given_name, p.email AS email,"
    " COALESCE(a.name, '') AS account_name, x.score AS score FROM guide_view v JOIN person p ON p.id = v.person_id"
    " LEFT JOIN account a ON a.id = v.account_id LEFT JOIN guide_answer x ON x.view_id = v.id WHERE v.guide_id = ?"
)
