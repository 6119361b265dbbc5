"""Likes, votes, flags, following, reading."""

from __future__ import annotations

from community import points, policy, records, rules
from community.actions import flagging
from community.consequences import set_post_state
from community.events import PostFlagged, PostHidden
from community.jobs import weigh_flags
from community.records import BoardRow, PostRow, ThreadRow
from core.clock import now
from core.database import lock, rows, transaction, write
from core.errors import Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.principal import Principal

LEVELS = ("muted", "normal", "tracking", "watching")


async def _post_place(post_id: int) -> tuple[BoardRow, ThreadRow, PostRow]:
    thread, post = await records.hold_post(post_id)
    return await records.board(thread.board_id), thread, post


async def like(who: Principal, post_id: int) -> PostRow:
    """'This helped'; twice is once. The asker's like of a reply answers the question."""
    async with transaction():
        board, thread, post = await _post_place(post_id)
        ensure(policy.can_like(who, board, thread, post))
        made = await write(
            "INSERT INTO post_like (post_id, person_id, created_at) VALUES (?, ?, ?)"
            " ON CONFLICT (post_id, person_id) DO NOTHING RETURNING id",
            post_id, who.person_id, now(),
        )  # fmt: skip
        if made:
            await _count_like(thread, post, 1)
            await points.award(post.author_id, "community.liked", f"like:{post_id}:{who.person_id}")
            if who.person_id == thread.author_id and thread.status == "new" and post.number > 1:
                await write("UPDATE thread SET status = 'answered' WHERE id = ?", thread.id)
    return post


async def unlike(who: Principal, post_id: int) -> PostRow:
    async with transaction():
        board, thread, post = await _post_place(post_id)
        ensure(policy.can_react(who, board, thread))
        gone = await write(
            "DELETE FROM post_like WHERE post_id = ? AND person_id = ? RETURNING id", post_id, who.person_id
        )
        if gone:
            await _count_like(thread, post, -1)
            await points.withdraw(f"like:{post_id}:{who.person_id}")
    return post


async def _count_like(thread: ThreadRow, post: PostRow, by: int) -> None:
    await write("UPDATE post SET like_count = like_count + ? WHERE id = ?", by, post.id)
    if post.state == "visible":
        await write("UPDATE thread SET like_count = like_count + ? WHERE id = ?", by, thread.id)


async def vote(who: Principal, thread_id: int) -> ThreadRow:
    """For an idea (at most rules.VOTES open ones a person), or 'I want to know too' on a question."""
    async with transaction():
        thread = await records.hold_thread(thread_id)
        board = await records.board(thread.board_id)
        ensure(policy.can_react(who, board, thread))
        if thread.author_id == who.person_id and board.kind != "idea":
            raise Refused(_("This is your own question."))
        if board.kind == "idea":
            await _refuse_more_votes(who.person_id, thread.id)
        made = await write(
            "INSERT INTO thread_vote (thread_id, person_id, created_at) VALUES (?, ?, ?)"
            " ON CONFLICT (thread_id, person_id) DO NOTHING RETURNING id",
            thread_id, who.person_id, now(),
        )  # fmt: skip
        if made:
            await write("UPDATE thread SET vote_count = vote_count + 1 WHERE id = ?", thread_id)
    return thread


async def _refuse_more_votes(person_id: int | None, thread_id: int) -> None:
    await lock(f"community.voter:{person_id}")
    found = await rows(
        "SELECT COUNT(*) FROM thread_vote v JOIN thread t ON t.id = v.thread_id JOIN board b ON b.id = t.board_id"
        " WHERE v.person_id = ? AND v.thread_id <> ? AND b.kind = 'idea'"
        " AND t.status IN ('open', 'reviewing', 'planned')",
        person_id, thread_id,
    )  # fmt: skip
    if found[0][0] >= rules.VOTES:
        raise Refused(_("You have %(most)s votes. Take one back from another idea first.", most=rules.VOTES))


async def unvote(who: Principal, thread_id: int) -> ThreadRow:
    async with transaction():
        thread = await records.hold_thread(thread_id)
        ensure(policy.can_react(who, await records.board(thread.board_id), thread))
        gone = await write("DELETE FROM thread_vote WHERE thread_id = ? AND person_id = ? RETURNING id",
                           thread_id, who.person_id)  # fmt: skip
        if gone:
            await write("UPDATE thread SET vote_count = vote_count - 1 WHERE id = ?", thread_id)
    return thread


async def flag(who: Principal, post_id: int, kind: str, note: str = "") -> PostRow:
    """Tell the moderators. Enough weight from different people holds the post until somebody has looked."""
    if kind not in rules.REASONS:
        raise Refused(_("Choose a reason."))
    async with transaction():
        board, thread, post = await _post_place(post_id)
        ensure(policy.can_flag(who, board, thread, post))
        made = await write(
            "INSERT INTO flag (post_id, person_id, kind, note, state, created_at) VALUES (?, ?, ?, ?, 'open', ?)"
            " ON CONFLICT (post_id, person_id) DO NOTHING RETURNING id",
            post_id, who.person_id, kind, note.strip()[:500], now(),
        )  # fmt: skip
        if made:
            await announce(PostFlagged(post.id, thread.id, kind))
            await _hold_if_heavy(thread, post)
            await weigh_flags.later(thread_id=thread.id, author_id=post.author_id)
    return post


async def _hold_if_heavy(thread: ThreadRow, post: PostRow) -> None:
    by_staff = await rows("SELECT 1 FROM person WHERE id = ? AND kind = 'staff'", post.author_id)
    if by_staff or post.state != "visible":
        return
    found = await rows("SELECT person_id, kind FROM flag WHERE post_id = ? AND state = 'open'", post.id)
    if await flagging.is_heavy([(row[0], row[1]) for row in found], rules.FLAGS_TO_HOLD):
        await set_post_state(thread, post, "held", "flags")
        await announce(PostHidden(post.id, thread.id, "flags"))


async def follow(who: Principal, kind: str, about_id: int, level: str) -> None:
    """`kind` is thread or board; level is one of LEVELS."""
    if level not in LEVELS or kind not in ("thread", "board"):
        raise Refused(_("Choose one of the list."))
    async with transaction():
        if kind == "thread":
            thread = await records.thread(about_id)
            ensure(policy.can_react(who, await records.board(thread.board_id), thread))
        else:
            ensure(policy.allow() if who.is_signed_in and policy.can_see(who, await records.board(about_id))
                   else policy.deny())  # fmt: skip
        assert who.person_id is not None
        await set_follow(who.person_id, kind, about_id, level)


async def be_asked(who: Principal, wanted: bool) -> None:
    """One's own choice: to be asked about questions one may know the answer to, or never."""
    ensure(policy.allow() if who.is_signed_in else policy.sign_in_first())
    assert who.person_id is not None
    async with transaction():
        await set_follow(who.person_id, "questions", 0, "normal" if wanted else "muted")


async def set_follow(person_id: int, kind: str, about_id: int, level: str, *, only_new: bool = False) -> None:
    change = "NOTHING" if only_new else "UPDATE SET level = excluded.level"
    await write(
        "INSERT INTO follow (person_id, about_kind, about_id, level, created_at) VALUES (?, ?, ?, ?, ?)"
        f" ON CONFLICT (person_id, about_kind, about_id) DO {change}",
        person_id, kind, about_id, level, now(),
    )  # fmt: skip


async def read_to(who: Principal, thread_id: int, number: int) -> None:
    """Remember how far somebody has read. It never goes back."""
    if who.person_id is not None:
        await set_read(who.person_id, thread_id, number)


async def set_read(person_id: int, thread_id: int, number: int) -> None:
    await write(
        "INSERT INTO thread_read (person_id, thread_id, last_number, read_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (person_id, thread_id) DO UPDATE SET last_number = excluded.last_number,"
        " read_at = excluded.read_at"
        " WHERE excluded.last_number > thread_read.last_number",
        person_id, thread_id, number, now(),
    )  # fmt: skip
