"""What runs later."""

from __future__ import annotations

from typing import Any

from core.database import rows, transaction
from core.events import on
from core.jobs import every, job
from core.refs import Ref
from customers import departments, notices, tasks
from customers.events import MergeUndone, PeopleMerged
from guides import noticed, opinions, pictures, rollout, sights, voices
from guides.models import Guide, Product
from guides.recounting import recount

__all__ = ["look_for_places", "noticed", "opinions", "pictures", "recount", "tell_csm", "voices"]


@job
async def tell_csm(answer_id: int) -> None:
    """Somebody is unhappy: the CSM of their account, or the deputy, learns it at the bell and is to ask why."""
    found = await rows(
        "SELECT x.guide_id, x.person_id, x.score, a.id, a.csm_id, a.deputy_id, a.name, p.family_name, p.given_name,"
        " p.locale"
        " FROM guide_answer x JOIN person p ON p.id = x.person_id LEFT JOIN account a ON a.id = x.account_id"
        " WHERE x.id = ?", answer_id,
    )  # fmt: skip
    if not found or not found[0]["id"]:
        return
    async with transaction():
        await departments.tell("survey.unhappy", key=f"guide.answer:{answer_id}", account_id=found[0]["id"],
                               score=found[0]["score"])  # fmt: skip
        await tasks.open_itself("detractor", found[0]["id"], Ref("guide_answer", answer_id),
                                key=f"guide.answer:{answer_id}", person_id=found[0]["person_id"],
                                score=found[0]["score"])  # fmt: skip
        await _tell(answer_id, found[0])


async def _tell(answer_id: int, one: Any) -> None:
    if not (one["csm_id"] or one["deputy_id"]):
        return
    names = (one["family_name"], one["given_name"])
    who = " ".join(part for part in (names if one["locale"] == "ja" else names[::-1]) if part)
    await notices.tell(
        [one["csm_id"] or one["deputy_id"]], about=Ref("guide", one["guide_id"]), kind="guide.detractor",
        key=f"guide.answer:{answer_id}", url=f"/staff/customers/people/{one['person_id']}",
        data={"person": who, "account": one["name"], "score": one["score"]},
    )  # fmt: skip


@job
async def look_for_places(guide_id: int) -> str:
    """A step's place was missing: often enough, by the product's rule, that the guide pauses itself."""
    guide = await Guide.get_or_none(id=guide_id, state="live")
    product = await Product.get_or_none(brand=guide.brand) if guide else None
    if guide is None or product is None or not product.miss_visits:
        return ""
    found = await sights.broken(guide.id, product.miss_visits, product.miss_share)
    return "paused" if found and await rollout.pause_broken(guide.id, found) else ""


@every(hours=24, at="04:30", lane="bulk")
async def forget_sights() -> None:
    await sights.forget_old()


@on(PeopleMerged)
async def count_after_a_merge(event: PeopleMerged) -> None:
    """Views have moved with their person (guides.personal); what was closed as the other stays closed."""
    await recount([event.kept_id])


@on(MergeUndone)
async def count_after_an_undo(event: MergeUndone) -> None:
    if event.kind == "person":
        await recount([event.kept_id, event.back_id])
