"""The clock of a question: after some hours without a reply experts are asked, then moderators, then staff.

A stage is a row that only one transaction can write; who is told is decided in it, with the thread held.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from access.team import who_may
from community import grants, policy, records, rules
from community.jobs import ask_the_next
from community.records import BoardRow, ThreadRow, post_path
from community.routing import experts as knowing
from community.routing.models import WAITING
from community.telling import name_of, who_may_see
from core.clock import days_ago, now, when
from core.database import rows, transaction, write
from core.errors import NotFound
from core.i18n import _
from core.principal import Principal
from core.refs import Ref
from customers import departments, tasks
from customers.departments.standing import ANSWERED
from customers.notices import tell
from customers.timeline import primary_account


async def due() -> list[tuple[int, str]]:
    """Threads whose clock has reached a stage that was not called yet, the longest waiting first."""
    found = await rows(
        "SELECT t.id, t.created_at, b.calls_after, e.id, m.id, s.id FROM thread t JOIN board b ON b.id = t.board_id"
        " LEFT JOIN question_call e ON e.thread_id = t.id AND e.stage = 'experts'"
        " LEFT JOIN question_call m ON m.thread_id = t.id AND m.stage = 'moderators'"
        " LEFT JOIN question_call s ON s.thread_id = t.id AND s.stage = 'staff'"
        f" WHERE {WAITING} AND t.created_at > ? AND (e.id IS NULL OR m.id IS NULL OR s.id IS NULL)"
        " ORDER BY t.last_post_at, t.id LIMIT 500", days_ago(rules.CALLED_WITHIN.days),
    )  # fmt: skip
    return [(int(row[0]), stage) for row in found for stage in _reached(row)]


def _reached(row: Any) -> list[str]:
    _id, asked_at, hours, *called = tuple(row)
    waited = now() - (when(asked_at) or now())
    after = {"experts": timedelta(hours=hours), "moderators": timedelta(hours=hours * rules.MODERATORS_AFTER),
             "staff": timedelta(hours=hours * rules.STAFF_AFTER)}  # fmt: skip
    return [stage for (stage, wait), id in zip(after.items(), called, strict=True) if id is None and waited >= wait]


async def call(thread_id: int, stage: str) -> int:
    """Tell whom this stage tells, if the question still waits; how many those were."""
    thread = await records.thread(thread_id)
    board = await records.board(thread.board_id)
    if stage == "experts":
        return await ask_experts(thread, board)
    people = await _moderators(thread, board) if stage == "moderators" else await _staff()
    async with transaction():
        held = await _held_waiting(thread_id, board)
        if held is None or not await _reach(held.id, stage, len(people)):
            return 0
        if stage == "staff":
            account = await primary_account(held.author_id)
            if _is_open_to_all(board):
                await departments.tell("question.unanswered", key=f"question:{held.id}", account_id=account,
                                       url=post_path(held.id, 1), title=held.title)  # fmt: skip
            if await _open_task(held, account):
                return 1  # whoever looks after the company has it now
        await _tell(held, people, "community.waiting", f"waiting:{held.id}:{stage}")
    return len(people)


@departments.stands("question.unanswered")
async def unanswered(key: str) -> str:
    """Nor is it posted when its board's readers have become fewer than those of the channel."""
    thread_id = int(key.removeprefix("question:"))
    found = await rows(f"SELECT b.id FROM thread t JOIN board b ON b.id = t.board_id WHERE t.id = ? AND {WAITING}",
                       thread_id)  # fmt: skip
    return "" if found and _is_open_to_all(await records.board(found[0][0])) else ANSWERED


def _is_open_to_all(board: BoardRow) -> bool:
    """Whoever reads a department's channel need not read a private board."""
    return bool({"public", "members"} & board.audience)


async def ask_experts(thread: ThreadRow, board: BoardRow) -> int:
    """Ask as many who know as are still wanted. Who sleeps is asked when they do not; without anybody it is over."""
    known = await knowing.experts(thread, board)
    awake = [one for one in known if not one.waits]
    async with transaction():
        held = await _held_waiting(thread.id, board)
        if held is None:
            return 0
        open_ones = await rows("SELECT COUNT(*) FROM question_invitation WHERE thread_id = ? AND state = 'asked'",
                               thread.id)  # fmt: skip
        asked = [one for one in awake[: max(0, rules.ASKED_AT_ONCE - open_ones[0][0])]
                 if await _invite(held, one)]  # fmt: skip
        if asked or not known:
            await _reach(held.id, "experts", len(asked))
        for one in asked:
            await _tell(held, [one.person_id], "community.called", f"called:{held.id}", **one.why)
    return len(asked)


async def _invite(thread: ThreadRow, one: knowing.Expert) -> bool:
    return bool(await write(
        "INSERT INTO question_invitation (thread_id, person_id, why, state, at) VALUES (?, ?, ?, 'asked', ?)"
        " ON CONFLICT (thread_id, person_id) DO NOTHING RETURNING id", thread.id, one.person_id, one.why, now(),
    ))  # fmt: skip


async def _held_waiting(thread_id: int, board: BoardRow) -> ThreadRow | None:
    """The thread, held, if it still waits for its first reply, on the board whose readers were looked through: whoever
    was found before it was moved may not read it any more, and hears no title of it."""
    held = await records.hold_thread(thread_id)
    still = await rows(f"SELECT 1 FROM thread t JOIN board b ON b.id = t.board_id WHERE t.id = ? AND {WAITING}",
                       thread_id)  # fmt: skip
    return held if still and held.board_id == board.id else None


async def _reach(thread_id: int, stage: str, people: int) -> bool:
    return bool(await write(
        "INSERT INTO question_call (thread_id, stage, told, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (thread_id, stage) DO NOTHING RETURNING id", thread_id, stage, people, now(),
    ))  # fmt: skip


async def _moderators(thread: ThreadRow, board: BoardRow) -> list[int]:
    """Customers who look after this board; staff come with the next stage."""
    people = (await grants.moderators_of(board.scope)) - {thread.author_id}
    return await who_may_see(thread, people)


async def _staff() -> list[int]:
    return await who_may(policy.MODERATE)


async def _open_task(thread: ThreadRow, account: int | None) -> bool:
    if account is None or await tasks.usual_owner(account) is None:
        return False
    made = await tasks.open_itself("question", account, Ref("thread", thread.id), key=f"question:{thread.id}",
                                   person_id=thread.author_id, is_news=True, title=thread.title)  # fmt: skip
    return made is not None


async def _tell(thread: ThreadRow, people: list[int], kind: str, key: str, **data: Any) -> None:
    await tell(people, about=Ref("thread", thread.id), kind=kind, key=key, url=post_path(thread.id, 1),
               data={"title": thread.title, "by": await name_of(thread.author_id), **data})  # fmt: skip


# What the asked do -------------------------------------------------------------------------------------------


async def decline(who: Principal, thread_id: int) -> None:
    """'Not this one': the next who knows is asked instead. Raises NotFound where nobody asked."""
    async with transaction():
        if not await _change(thread_id, who.person_id or 0, "declined"):
            raise NotFound(_("You were not asked to answer this question."))
        await ask_the_next.later(thread_id=thread_id, key=f"ask:{thread_id}")


async def answered(thread_id: int, person_id: int) -> None:
    await _change(thread_id, person_id, "answered")


async def _change(thread_id: int, person_id: int, state: str) -> bool:
    """Whoever declined and answers after all has answered."""
    before = "('asked')" if state == "declined" else "('asked', 'declined')"
    return bool(await write(
        "UPDATE question_invitation SET state = ?, changed_at = ? WHERE thread_id = ? AND person_id = ?"
        f" AND state IN {before} RETURNING id", state, now(), thread_id, person_id,
    ))  # fmt: skip
