"""Answers of surveys as voices for requests."""

from __future__ import annotations

from core.context import current_principal
from core.database import rows
from core.i18n import lazy
from core.principal import Principal
from customers.requests import sources
from customers.requests.sources import Said
from customers.requests.voices import LONGEST
from guides.models import Answer
from guides.policy import can_write, own_rows


async def said(answer_id: int) -> Said | None:
    who = current_principal()
    if answer_id not in await _seen(who, [answer_id]):
        return None
    one = await Answer.get(id=answer_id)
    return Said(one.comment[:LONGEST], one.at, f"/staff/guides/{one.guide_id}/report", one.person_id, one.account_id)


async def links(ids: list[int]) -> dict[int, str]:
    return {id: f"/staff/guides/{guide}/report" for id, guide in (await _seen(current_principal(), ids)).items()}


async def _seen(who: Principal, ids: list[int]) -> dict[int, int]:
    """answer → guide, of answers with words that this member of staff may read."""
    if not ids or not can_write(who):
        return {}
    marks = ", ".join("?" * len(ids))
    found = await rows(f"SELECT id, guide_id FROM guide_answer WHERE comment <> '' AND id IN ({marks})"
                       + own_rows(who, "account_id"), *ids)  # fmt: skip
    return {int(row[0]): int(row[1]) for row in found}


sources.register("answer", sources.Source(lazy("Survey"), said, links))
