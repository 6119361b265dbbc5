"""What a guide does: who reached its goal after seeing it, compared with those who would have seen it and did not.

Both are counted from the same moment: the browser asked for the guide, every rule allowed it, and chance alone said yes
or no (`Live.is_held_out`). So the difference is the guide's doing, which going through it is not: who goes through a
guide was often about to do it anyway.
"""

from __future__ import annotations

from math import log, sqrt

import msgspec

from core.clock import days_ago
from core.database import dialect, rows
from core.i18n import _, number
from guides.models import Guide

ENOUGH = 20  # people in each group, before anything is said
DOUBT = 0.05
TUNED = 2_000.0  # the intrinsic time at which the interval is narrowest: some hundreds to a few thousand people
# Those shown it (since the share was set, not in its pilot, never held out before), and those held out until today.
EXPOSED = (
    "SELECT v.person_id AS person_id, MIN(v.started_at) AS at, 1 AS is_shown FROM guide_view v WHERE v.guide_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM guide_seen s WHERE s.guide_id = v.guide_id AND s.person_id = v.person_id"
    " AND s.held_out_at IS NOT NULL) GROUP BY v.person_id HAVING MIN(v.started_at) >= ?"
    " AND SUM(CASE WHEN v.is_pilot THEN 1 ELSE 0 END) = 0"
    " UNION ALL SELECT person_id, held_out_at, 0 FROM guide_seen WHERE guide_id = ? AND views = 0 AND held_out_at >= ?"
)


class Group(msgspec.Struct, frozen=True):
    name: str
    people: int
    reached: int

    @property
    def rate(self) -> float:
        return self.reached / self.people if self.people else 0.0

    @property
    def share(self) -> str:
        return f"{100 * self.rate:.1f} %" if self.people else "–"


class Effect(msgspec.Struct, frozen=True):
    """`sentence` is what may be said; `waiting` people have days left in which they may reach the goal."""

    groups: list[Group]
    sentence: str
    tone: str
    meaning: str
    waiting: int


async def effect(guide: Guide) -> Effect | None:
    """None for a guide without a goal. Over everybody, whoever looks: there are only sums."""
    if not guide.goal or guide.kind == "survey":
        return None
    shown, held, waiting = await _counted(guide)
    sentence, tone = _said(guide, shown, held)
    meaning = _(
        "Reached the goal: caused %(event)s within %(days)s days of the moment at which the guide was shown the first"
        " time, or would have been. The trial's people are not counted.", event=guide.goal, days=guide.goal_days,
    )  # fmt: skip
    groups = [shown, held] if guide.holdout or held.people else [shown]
    return Effect(groups, sentence, tone, meaning, waiting)


async def _counted(guide: Guide) -> tuple[Group, Group, int]:
    since = guide.held_since or guide.created_at
    end = {
        "sqlite": f"strftime('%Y-%m-%d %H:%M:%f', x.at, '+{int(guide.goal_days)} days')",
        "postgresql": f"x.at + interval '{int(guide.goal_days)} days'",
    }[dialect()]
    found = await rows(
        "SELECT x.is_shown, CASE WHEN x.at > ? THEN 1 ELSE 0 END AS is_waiting, COUNT(*), SUM(CASE WHEN EXISTS (SELECT"
        f" 1 FROM event e WHERE e.person_id = x.person_id AND e.name = ? AND e.at >= x.at AND e.at < {end})"
        f" THEN 1 ELSE 0 END) FROM ({EXPOSED}) x GROUP BY 1, 2",
        days_ago(guide.goal_days), guide.goal, guide.id, since, guide.id, since,
    )  # fmt: skip
    over = {int(row[0]): (int(row[2]), int(row[3])) for row in found if not row[1]}
    waiting = sum(int(row[2]) for row in found if row[1])
    return (Group(_("Saw it"), *over.get(1, (0, 0))), Group(_("Would have seen it"), *over.get(0, (0, 0))), waiting)


def _said(guide: Guide, shown: Group, held: Group) -> tuple[str, str]:
    if not guide.holdout and not held.people:
        return _("Nobody is held out, so nobody knows how many would have done it anyway."), ""
    if min(shown.people, held.people) < ENOUGH:
        return _("Too few yet: from %(n)s people in each group a difference can be told.", n=ENOUGH), ""
    low, high = bounds(shown, held)
    if low > 0:
        return _("It helps: of 100 people %(low)s to %(high)s more reach the goal.", low=_per_100(low),
                 high=_per_100(high)), "good"  # fmt: skip
    if high < 0:
        return _("It does harm: of 100 people %(low)s to %(high)s fewer reach the goal.", low=_per_100(-high),
                 high=_per_100(-low)), "bad"  # fmt: skip
    return _("No difference that chance could not make: of 100 people between %(low)s and %(high)s more.",
             low=_per_100(low), high=_per_100(high)), ""  # fmt: skip


def _per_100(share: float) -> str:
    return number(round(100 * share, 1)).replace("-", "−")


def bounds(shown: Group, held: Group) -> tuple[float, float]:
    """Of the difference of the two shares, right in 95 of 100 guides however often and whenever somebody looks.

    An ordinary interval is right when one looks once; on a page that is open every day it finds a difference in nearly
    every guide at last. This one is an asymptotic confidence sequence: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas,
    "Time-uniform central limit theory and asymptotic confidence sequences" (2021), theorem 2.2, with the variance of
    the difference. Shares of 0 and 1 are drawn a little inwards, as they have no variance otherwise.
    """
    difference = shown.rate - held.rate
    variance = _variance(shown) + _variance(held)
    people = shown.people + held.people
    time = people * people * variance
    tuning = (-2 * log(DOUBT) + log(-2 * log(DOUBT) + 1)) / TUNED
    grown = time * tuning + 1
    half = sqrt(2 * grown / (people * people * tuning) * log(sqrt(grown) / DOUBT))
    return max(-1.0, difference - half), min(1.0, difference + half)


def _variance(group: Group) -> float:
    rate = (group.reached + 1) / (group.people + 2)
    return rate * (1 - rate) / group.people
