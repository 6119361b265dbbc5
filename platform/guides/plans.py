"""From when to when guides are shown, for the calendar. Imported for what it registers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.principal import Principal
from core.refs import Ref
from customers.planned import Plan, add_source
from guides import policy
from guides.models import Guide
from guides.words import STATES, TONES

MOST = 200


async def ask(who: Principal, start: datetime, end: datetime) -> list[Plan]:
    """What is live at some time of this; a guide without a first day began when it went live."""
    found = await policy.visible_guides(who).filter(state="live").order_by("id").limit(MOST)
    return [_plan(one) for one in found if _begins(one) < end and (one.ends_at is None or one.ends_at >= start)]


def _begins(guide: Guide) -> datetime:
    return max(filter(None, (guide.starts_at, guide.published_at)), default=guide.created_at)


def _plan(guide: Guide) -> Plan:
    return Plan(
        Ref("guide", guide.id), guide.name, f"/staff/guides/{guide.id}/report", "in_app",
        "survey" if guide.kind == "survey" else "guide", _begins(guide), guide.ends_at, guide.segment_id, None,
        str(STATES.get(guide.state, guide.state)), TONES.get(guide.state, ""),
    )  # fmt: skip


async def name(who: Principal, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    found = await policy.visible_guides(who).filter(id__in=list(ids)).only("id", "name")
    return {one.id: (one.name, f"/staff/guides/{one.id}/report") for one in found}


add_source("guide", ask, name)
