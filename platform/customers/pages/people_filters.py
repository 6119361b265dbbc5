"""Filters of the list of people, each said so that an index answers it at a million."""

from __future__ import annotations

from datetime import date
from typing import Any

from tortoise.expressions import Q

from core.clock import local_day
from core.database import dialect, rows
from core.i18n import _
from core.listing import Choice
from core.listing_said import Said

FEW = 20_000  # memberships that are sorted at once; of more, enough stand near the beginning of any order
AT_ONE = "a.tier = ? AND (m.until IS NULL OR m.until >= ?)"


class OneOf(Choice, frozen=True):
    """A choice whose rare values stand in an index of their own, which only knows them said in plain SQL."""

    said: Any = ()

    def conditions(self, chosen: list[str]) -> list[Any]:
        return [Said(self.said[chosen[0]])] if chosen[0] in self.said else super().conditions(chosen)


class TierToday(Choice, frozen=True):
    """People who belong to a company of this tier today, each once."""

    is_rare: bool = False

    def conditions(self, chosen: list[str]) -> list[Any]:
        return [_at_company_of(chosen[0], self.is_rare)]


async def people_filters(tier: str, is_searched: bool = False) -> list[Choice]:
    """`tier` is the one that is asked for, if one is. Of whom a search finds, each is asked for their own company."""
    kinds = {"customer": _("Customers"), "staff": _("Staff")}
    tiers = {"high": _("High touch"), "low": _("Low touch"), "tech": _("Tech touch")}
    return [
        OneOf("kind", _("Who"), kinds, said={"staff": "{t}.kind = 'staff'"}),
        OneOf("locale", _("Language"), {"ja": "日本語", "en": "English"},
              said={"en": "{t}.locale = 'en' AND {t}.locale <> 'ja'"}),
        TierToday("tier", _("Tier"), tiers, is_rare=tier in tiers and not is_searched and await _is_rare(tier)),
    ]  # fmt: skip


async def _is_rare(tier: str) -> bool:
    found = await rows("SELECT COUNT(*) FROM (SELECT 1 FROM account a JOIN membership m ON m.account_id = a.id"
                       f" WHERE a.tier = ? LIMIT {FEW + 1}) AS few", tier)  # fmt: skip
    return int(found[0][0]) <= FEW


def _at_company_of(tier: str, is_rare: bool) -> Q:
    """A rare tier is asked from its companies; else people are gone through in order: enough are found soon."""
    day: date | str = local_day() if dialect() == "postgresql" else local_day().isoformat()
    if is_rare:
        return Said("{t}.id IN (SELECT m.person_id FROM account a JOIN membership m ON m.account_id = a.id"
                    f" WHERE {AT_ONE})", tier, day)  # fmt: skip
    return Said("EXISTS (SELECT 1 FROM membership m JOIN account a ON a.id = m.account_id"
                f" WHERE m.person_id = {{t}}.id AND {AT_ONE})", tier, day)  # fmt: skip
