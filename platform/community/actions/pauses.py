"""A pause for a member: an ambassador on one board for 24 hours, staff for up to 30 days anywhere."""

from __future__ import annotations

from datetime import timedelta

from community import policy, records, rules
from community.actions import desk
from community.actions.composing import hold_writer
from community.events import PersonPaused
from core.audit import audit
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Refused
from core.events import announce
from core.i18n import _
from core.principal import Principal
from core.refs import Ref


async def pause(who: Principal, person_id: int, board_id: int | None, hours: int, reason: str) -> None:
    """Whoever is writing at this moment finishes first or is refused: both hold the person."""
    desk.check_reason(reason)
    longest = policy.longest_pause(who)
    if not timedelta() < timedelta(hours=hours) <= longest:
        raise Refused(_("A pause lasts at most %(hours)s hours.", hours=int(longest.total_seconds() // 3600)))
    async with transaction():
        await hold_writer(person_id)
        board = await records.board(board_id) if board_id else None
        verdict = policy.can_pause(who, board, await desk.party_of(who, person_id))
        await desk.ensure_now(who, verdict)
        if not policy.is_staff(who):
            await _refuse_second(person_id)
        await write(
            "INSERT INTO pause (person_id, board_id, until, reason, paused_by_id, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            person_id, board_id, now() + timedelta(hours=hours), reason, who.person_id, now(),
        )  # fmt: skip
        await audit("community.pause", Ref("person", person_id), after={"board_id": board_id, "hours": hours},
                    reason=reason, grant_id=verdict.grant_id)  # fmt: skip
        await announce(PersonPaused(person_id, board_id, who.person_id or 0))


async def _refuse_second(person_id: int) -> None:
    if await rows(
        "SELECT 1 FROM pause WHERE person_id = ? AND created_at > ?", person_id, now() - rules.PAUSE_BY_STAFF
    ):
        raise Refused(_("This person was paused in the last 30 days. Ask staff."))
