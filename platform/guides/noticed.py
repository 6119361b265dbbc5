"""Notices of guides that leave the house: of one that broke, to who writes guides; of an answer, to who sees whose."""

from __future__ import annotations

from collections.abc import Sequence

from core.database import rows
from core.principal import Principal
from customers import policy as customers_policy
from customers.models import Notice
from customers.noticing.groups import Standing, stands
from guides import policy
from guides.models import Guide


@stands("guide")
async def guides(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    known = {one.id: one for one in await Guide.filter(id__in=sorted({one.about_id for one in found}))}
    told = {}
    for one in found:
        guide = known.get(one.about_id)
        if guide is None:
            continue
        if one.kind == "guide.broken" and policy.can_write(reader) and guide.state == "paused":
            told[one.id] = Standing(brand=guide.brand)
        if one.kind == "guide.detractor" and (comment := await _comment(reader, one)) is not None:
            told[one.id] = Standing(comment, str(one.data.get("account", "")), guide.brand)
    return told


async def _comment(reader: Principal, notice: Notice) -> str | None:
    """What the answer says; None where the reader does not see who gave it (any more)."""
    _kind, _colon, answer_id = notice.key.partition(":")
    found = await rows("SELECT person_id, comment FROM guide_answer WHERE id = ?",
                       int(answer_id) if answer_id.isdecimal() else 0)  # fmt: skip
    if not found or not reader.may("customers.read"):
        return None
    seen = await customers_policy.visible_people(reader).filter(id=found[0][0]).exists()
    return str(found[0][1] or "") if seen else None
