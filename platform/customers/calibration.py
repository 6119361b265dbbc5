"""Is the health score worth anything? Held against what really happened: contracts that were renewed, or ended.

A decision is the last anniversary of a contract that still runs, or the day on which one ended. The score is that of
the snapshot AHEAD days before, so that it could not know. AUC is the chance that of a renewed and an ended contract
the renewed one had the higher score (½ for a tie; .5 is a coin): Mann–Whitney U ÷ (renewed × ended).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from core.clock import local_day
from core.database import rows
from core.i18n import _
from customers.days import a_day, as_day
from customers.health import PERIOD, band
from customers.rules import HealthRule, rule

AHEAD = 30  # days
FEWEST = 20  # decisions; fewer say nothing
BETTER = 0.02  # of AUC: less is chance


class Decision(msgspec.Struct):
    account: int
    day: date
    is_renewed: bool
    score: int | None = None
    logins: int = 0


class Calibration(msgspec.Struct):
    """`bands`: (band, decisions, renewed share). AUC is None while there are too few of either outcome."""

    decisions: int
    renewed: int
    auc: float | None
    auc_of_logins: float | None
    bands: list[tuple[str, int, float]]

    @property
    def sentence(self) -> str:
        if self.auc is None or self.auc_of_logins is None:
            return _("Too little has happened to judge the score: %(n)s contracts were renewed or ended with a score"
                     " %(days)s days before, and %(fewest)s of both kinds are needed.",
                     n=self.decisions, days=AHEAD, fewest=FEWEST)  # fmt: skip
        numbers = {"n": self.decisions, "score": f"{self.auc:.2f}", "logins": f"{self.auc_of_logins:.2f}"}
        if self.auc <= self.auc_of_logins + BETTER:
            return _("The score foretells renewals no better than the number of sign-ins does: %(score)s against"
                     " %(logins)s over %(n)s contracts (1 is always right, 0.5 a coin).", **numbers)  # fmt: skip
        return _("The score foretells renewals better than the number of sign-ins does: %(score)s against %(logins)s"
                 " over %(n)s contracts (1 is always right, 0.5 a coin).", **numbers)  # fmt: skip


def auc(renewed: Sequence[float], ended: Sequence[float]) -> float | None:
    if not renewed or not ended:
        return None
    below = sorted(ended)
    won = sum(bisect_left(below, one) + (bisect_right(below, one) - bisect_left(below, one)) / 2 for one in renewed)
    return won / (len(renewed) * len(ended))


async def calibration() -> Calibration:
    """From every decision that has a score before it."""
    found = [one for one in await _with_scores(await _decisions()) if one.score is not None]
    renewed, ended = [one for one in found if one.is_renewed], [one for one in found if not one.is_renewed]
    enough = len(found) >= FEWEST and bool(renewed) and bool(ended)
    bands = []
    for name in ("good", "watch", "risk"):
        inside = [one for one in found if band(one.score) == name]
        if inside:
            bands.append((name, len(inside), sum(one.is_renewed for one in inside) / len(inside)))
    return Calibration(
        len(found), len(renewed),
        auc([one.score or 0 for one in renewed], [one.score or 0 for one in ended]) if enough else None,
        auc([one.logins for one in renewed], [one.logins for one in ended]) if enough else None, bands)  # fmt: skip


async def _decisions() -> list[Decision]:
    today = local_day()
    made = []
    for row in await rows("SELECT account_id, starts_on, ended_on FROM contract ORDER BY id"):
        starts, ended = a_day(row[1]), a_day(row[2])
        if ended is not None and ended <= today:
            made.append(Decision(int(row[0]), ended, False))
        elif starts is not None and (day := _anniversary(starts, today)) is not None:
            made.append(Decision(int(row[0]), day, True))
    return made


def _anniversary(starts: date, today: date) -> date | None:
    """The last one until today; None in the first year. 29 February is kept on the 28th."""
    for year in (today.year, today.year - 1):
        day = date(year, starts.month, min(starts.day, 28) if starts.month == 2 else starts.day)
        if starts < day <= today and year > starts.year:
            return day
    return None


async def _with_scores(decisions: list[Decision]) -> list[Decision]:
    login = (await rule("health")).login if decisions else HealthRule.login
    for one in decisions:
        before = one.day - timedelta(days=AHEAD)
        snapshot = await rows("SELECT score FROM health_snapshot WHERE account_id = ? AND day <= ? AND day > ?"
                              " ORDER BY day DESC LIMIT 1", one.account, as_day(before),
                              as_day(before - timedelta(days=PERIOD)))  # fmt: skip
        if snapshot and snapshot[0][0] is not None:
            one.score = int(snapshot[0][0])
            logins = await rows("SELECT COALESCE(SUM(count), 0) FROM usage_day WHERE account_id = ? AND name = ?"
                                " AND day <= ? AND day > ?", one.account, login, as_day(before),
                                as_day(before - timedelta(days=PERIOD)))  # fmt: skip
            one.logins = int(logins[0][0])
    return decisions
