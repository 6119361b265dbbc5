"""What enough reports do besides holding a post: the thread closes, a newcomer pauses; until a moderator has looked.

Nobody is the actor of it, so a moderator takes it back without overruling anybody: by rejecting the reports, or by
undoing the step.
"""

from __future__ import annotations

from collections.abc import Sequence

from community import limits, records, rules
from community.actions import desk
from community.actions.composing import hold_writer
from community.events import PersonPaused
from community.jobs import tell_of_closing, tell_of_pause
from community.records import PostRow, ThreadRow
from core.audit import audit
from core.clock import now
from core.database import rows, transaction, write
from core.events import announce
from core.policy import Verdict, allow
from core.principal import SYSTEM, Principal
from core.refs import Ref

REASON = "flags"  # of rules.GIVEN
OPEN = ("SELECT f.person_id, f.kind FROM flag f JOIN post p ON p.id = f.post_id JOIN person a ON a.id = p.author_id"
        " WHERE f.state = 'open' AND a.kind <> 'staff' AND p.state <> 'deleted' AND")  # fmt: skip


async def is_heavy(flags: Sequence[tuple[int, str]], enough: float) -> bool:
    """Each flagger counts once, by the heaviest of theirs; as many as the sum says are enough, were they all new."""
    weights: dict[int, float] = {}
    for person, kind in flags:
        weights[person] = max(weights.get(person, 0.0), rules.FLAG_WEIGHT[kind])
    if len(weights) < enough:
        return False
    total = 0.0
    for person, weight in weights.items():
        total += weight * (rules.NEWCOMERS_WEIGH if (await limits.writer(person)).is_new else 1.0)
    return total >= enough * rules.NEWCOMERS_WEIGH


async def _is_thread_heavy(thread_id: int) -> bool:
    """By what was reported since a moderator last opened it."""
    found = await rows(
        f"{OPEN} p.thread_id = ? AND NOT EXISTS (SELECT 1 FROM moderation m WHERE m.thread_id = p.thread_id"
        " AND (m.action = 'close' AND m.undone_at >= f.created_at OR m.action = 'reopen' AND m.at >= f.created_at))",
        thread_id,
    )  # fmt: skip
    return await is_heavy([(row[0], row[1]) for row in found], rules.FLAGS_TO_CLOSE)


async def _flaggers(author_id: int) -> int:
    return len({row[0] for row in await rows(f"{OPEN} p.author_id = ?", author_id)})


async def close_if_heavy(thread_id: int) -> None:
    async with transaction():
        thread = await records.hold_thread(thread_id)
        if thread.state != "open" or not await _is_thread_heavy(thread_id):
            return
        await write("UPDATE thread SET state = 'closed', version = version + 1 WHERE id = ?", thread.id)
        await desk.log(SYSTEM, allow(), "close", thread, before={"state": "open"}, after={"state": "closed"},
                       reason=REASON)  # fmt: skip
        await tell_of_closing.later(thread_id=thread.id)


async def pause_if_flagged(author_id: int) -> None:
    async with transaction():
        await hold_writer(author_id)
        if not (await limits.writer(author_id)).is_new or await _flaggers(author_id) < rules.FLAGGERS_TO_PAUSE:
            return
        if await rows("SELECT 1 FROM pause WHERE person_id = ? AND board_id IS NULL AND until > ?", author_id, now()):
            return
        made = await write(
            "INSERT INTO pause (person_id, board_id, until, reason, paused_by_id, created_at)"
            " VALUES (?, NULL, ?, ?, NULL, ?) RETURNING id",
            author_id, now() + rules.PAUSE_BY_FLAGS, REASON, now(),
        )  # fmt: skip
        hours = int(rules.PAUSE_BY_FLAGS.total_seconds() // 3600)
        await audit("community.pause", Ref("person", author_id), after={"board_id": None, "hours": hours},
                    reason=REASON)  # fmt: skip
        await announce(PersonPaused(author_id, None, 0))
        await tell_of_pause.later(pause_id=int(made[0][0]))


async def lift(who: Principal, verdict: Verdict, thread: ThreadRow, post: PostRow) -> None:
    """Reports of this post were rejected: what stands on them alone is taken back."""
    if thread.state == "closed" and await _closed_by_flags(thread.id) and not await _is_thread_heavy(thread.id):
        await write("UPDATE thread SET state = 'open', version = version + 1 WHERE id = ?", thread.id)
        await desk.log(who, verdict, "reopen", thread, before={"state": "closed"}, after={"state": "open"},
                       reason=REASON)  # fmt: skip
    if await _flaggers(post.author_id) < rules.FLAGGERS_TO_PAUSE:
        ended = await write(
            "UPDATE pause SET until = ? WHERE person_id = ? AND paused_by_id IS NULL AND until > ? RETURNING id",
            now(), post.author_id, now(),
        )  # fmt: skip
        if ended:
            await audit("community.unpause", Ref("person", post.author_id), reason=REASON, grant_id=verdict.grant_id)


async def _closed_by_flags(thread_id: int) -> bool:
    """Whether the last who closed or opened it was nobody."""
    found = await rows(
        "SELECT actor_id FROM moderation WHERE thread_id = ? AND action IN ('close', 'reopen') AND undone_at IS NULL"
        " ORDER BY id DESC LIMIT 1", thread_id)  # fmt: skip
    return bool(found) and found[0][0] is None
