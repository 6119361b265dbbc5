"""From a draft to everybody: the pilot, its verdict, going live, pausing, ending."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from access.team import who_may
from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction, write
from core.errors import Conflict, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import notices, pilots
from customers.models import Pilot
from guides import linting, policy, sights
from guides.contents import freeze, revision_of
from guides.models import Guide
from guides.published import forget_after_commit

MOST_IN_A_PILOT = 200


def about(guide: Guide) -> Ref:
    return Ref("guide", guide.id)


async def start_pilot(guide: Guide, group_name: str, people: Sequence[int]) -> Pilot:
    """Freeze what is written and show it to a named group, now."""
    ensure(policy.can_write(current_principal()))
    if len(people) > MOST_IN_A_PILOT:
        raise Refused(_("A pilot is for a few: choose at most %(n)s people.", n=MOST_IN_A_PILOT))
    linting.ensure_complete(guide)
    async with transaction():
        await _move(guide, ("draft", "paused"), "pilot")
        await freeze(guide)
        pilot = await pilots.start(about(guide), revision_of(guide), group_name, people)
    await guide.refresh_from_db()
    return pilot


async def pilot_of(guide: Guide) -> Pilot | None:
    """The last pilot, whatever its revision."""
    return await Pilot.filter(about_kind="guide", about_id=guide.id).order_by("-id").first()


async def has_passed(guide: Guide) -> bool:
    """Whether exactly what is written now passed a pilot."""
    return await pilots.passed(about(guide), revision_of(guide))


async def judge(guide: Guide, passed: bool, note: str) -> Pilot:
    """Record the verdict. The trial ends with it: a guide that failed is a draft again, one that passed may go live."""
    ensure(policy.can_write(current_principal()))
    pilot = await pilot_of(guide)
    if pilot is None or pilot.revision != guide.revision or guide.state != "pilot":
        raise Conflict(_("There is no trial under way."))
    async with transaction():
        judged = await pilots.judge(pilot.id, passed, note)
        await _move(guide, ("pilot",), "draft")
    await guide.refresh_from_db()
    return judged


async def call_off(guide: Guide) -> None:
    """A trial without a verdict: nobody sees it any more, and it is a draft again."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        await _move(guide, ("pilot",), "draft")
        await write("UPDATE pilot SET state = 'void' WHERE about_kind = 'guide' AND about_id = ? AND state = 'running'",
                    guide.id)  # fmt: skip
    await guide.refresh_from_db()


async def publish(guide: Guide) -> None:
    """For its segment. Refused until exactly this content has passed a pilot."""
    ensure(policy.can_write(current_principal()))
    linting.ensure_complete(guide)
    if guide.segment_id is None:
        raise Refused(_("Choose a segment first."))
    if guide.ends_at and guide.ends_at <= now():
        raise Refused(_("Its last day is over. Choose another one."))
    if not await has_passed(guide):
        raise Refused(_("Try it on a few people first, and record how it went."))
    async with transaction():
        await _move(guide, ("draft", "paused"), "live")
        await freeze(guide)
        await write("UPDATE guide SET published_at = ?, broken = NULL WHERE id = ?", now(), guide.id)
        await sights.start_anew(guide.id)
    await guide.refresh_from_db()


async def pause(guide: Guide) -> None:
    """Nobody is shown it from now on; it may be changed, and go on."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        await _move(guide, ("live",), "paused")
    await guide.refresh_from_db()


async def pause_broken(guide_id: int, found: sights.Broken) -> bool:
    """The place that it points at is missing: it is shown no more, and its author learns why. False: it is not live.

    Where the author is gone, or writes no guides any more, everybody who does is told.
    """
    writers, broken = await who_may("guides.write"), msgspec.to_builtins(found)
    async with transaction():
        paused = await write(
            "UPDATE guide SET state = 'paused', broken = ?, updated_at = ?, version = version + 1 WHERE id = ?"
            " AND state = 'live' RETURNING name, created_by_id, version",
            broken, now(), guide_id,
        )  # fmt: skip
        if not paused:
            return False
        name, author, version = paused[0]
        if author not in writers:
            await write("UPDATE guide SET broken = ? WHERE id = ?", broken | {"is_orphan": True}, guide_id)
        await audit("guide.broken", Ref("guide", guide_id), before={"state": "live"}, after=broken)
        await notices.tell(
            [author] if author in writers else writers, about=Ref("guide", guide_id), kind="guide.broken",
            key=f"guide.broken:{guide_id}:{version}", url=f"/staff/guides/{guide_id}/publication",
            data={"name": name, "step": found.step, "missing": found.missing, "visits": found.visits},
        )  # fmt: skip
        forget_after_commit()
    return True


async def end(guide: Guide) -> None:
    """For good. The report stays."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        await _move(guide, ("live", "paused"), "ended")
    await guide.refresh_from_db()


async def _move(guide: Guide, before: tuple[str, ...], after: str) -> None:
    """Only from one of these states, and only if nobody has written into it since it was read."""
    marks = ", ".join(f"'{state}'" for state in before)
    moved = await write(
        "UPDATE guide SET state = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?"
        f" AND state IN ({marks}) RETURNING id", after, now(), guide.id, guide.version,
    )  # fmt: skip
    if not moved:
        raise Conflict(_("Somebody else has changed this guide meanwhile. Reload the page."))
    await audit(f"guide.{after}", about(guide), before={"state": guide.state})
    forget_after_commit()
