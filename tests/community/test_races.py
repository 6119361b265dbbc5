"""What others lose when two people are quick: everybody starts at one barrier, on both engines."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from access.actions.grants import revoke
from community import actions, counters, records
from community_house import an_ambassador, as_person, seasoned
from core.database import rows
from core.errors import Conflict, Refused
from factories import a_person

Doing = Callable[[], Awaitable[Any]]


async def together(*doings: Doing) -> list[Any]:
    """All at once; what is refused is returned, not raised."""
    barrier = asyncio.Barrier(len(doings))

    async def one(do: Doing) -> Any:
        await barrier.wait()
        return await do()

    found = await asyncio.gather(*(one(do) for do in doings), return_exceptions=True)
    for answer in found:
        if isinstance(answer, BaseException) and not isinstance(answer, Refused):
            raise answer
    return found


def refused(found: list[Any]) -> int:
    return sum(isinstance(one, Refused) for one in found)


@pytest.fixture
async def thread(board, asker):
    return await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。")


async def test_ten_identical_posts_with_one_key_make_one_thread(board, asker):
    who = await as_person(asker)

    async def post() -> Any:
        return await actions.publish(who, board.id, "締め日を変えたい", "末日から15日に変える手順は。", key="form-1")

    found = await together(*[post] * 10)
    assert refused(found) == 0
    assert len({thread.id for thread in found}) == 1
    assert (await rows("SELECT COUNT(*) FROM thread"))[0][0] == 1


async def test_ten_identical_posts_without_a_key_make_one_thread(board, helper):
    who = await as_person(helper)
    before = (await rows("SELECT COUNT(*) FROM thread"))[0][0]

    async def post() -> Any:
        return await actions.publish(who, board.id, "締め日を変えたい", "末日から15日に変える手順は。")

    assert refused(await together(*[post] * 10)) == 9
    assert (await rows("SELECT COUNT(*) FROM thread"))[0][0] == before + 1


async def test_fifty_parallel_replies_have_fifty_numbers(board, thread):
    people = [await as_person(await a_person(f"人{n}", "")) for n in range(50)]

    def reply(n: int) -> Doing:
        return lambda: actions.reply(people[n], thread.id, f"わたしは{n}番目の返信です。")

    found = await together(*[reply(n) for n in range(50)])
    assert refused(found) == 0
    assert sorted(post.number for post in found) == list(range(2, 52))
    assert (await records.thread(thread.id)).reply_count == 50
    assert await counters.wrong() == []


async def test_a_like_toggled_by_many_counts_right(board, thread, helper):
    post = await actions.reply(await as_person(helper), thread.id, "設定の「締め日」で変えられます。")
    people = [await as_person(await a_person(f"人{n}", "")) for n in range(8)]
    doings: list[Doing] = []
    for who in people:
        doings += [lambda who=who: actions.like(who, post.id), lambda who=who: actions.unlike(who, post.id),
                   lambda who=who: actions.like(who, post.id)]  # fmt: skip
    await together(*doings)
    assert await counters.wrong() == []
    await together(*[lambda who=who: actions.like(who, post.id) for who in people])
    assert (await records.post(post.id)).like_count == 8


async def test_of_two_edits_at_once_one_sees_the_other(board, thread, asker):
    who = await as_person(asker)
    first = (await rows("SELECT id FROM post WHERE thread_id = ?", thread.id))[0][0]
    found = await together(lambda: actions.edit(who, first, "ひとつめの窓から直した文です。", 1),
                           lambda: actions.edit(who, first, "ふたつめの窓から直した文です。", 1))  # fmt: skip
    lost = [one for one in found if isinstance(one, actions.EditConflict)]
    assert len(lost) == 1
    assert {line.kind for line in lost[0].lines} == {"in", "out"}


async def test_after_a_close_no_reply_arrives(board, thread, helper, csm):
    writer, closer = await as_person(helper), await as_person(csm)
    found = await together(lambda: actions.close(closer, thread.id),
                           lambda: actions.reply(writer, thread.id, "閉じる前に間に合いますか。"))  # fmt: skip
    assert not isinstance(found[0], Refused)
    now = await records.thread(thread.id)
    assert now.state == "closed"
    assert now.reply_count == (0 if isinstance(found[1], Refused) else 1)
    with pytest.raises(Refused):
        await actions.reply(writer, thread.id, "もう閉じていますか。どうでしょう。")
    assert await counters.wrong() == []


async def test_a_deleted_answer_is_never_the_accepted_one(board, thread, asker, helper):
    answerer, chooser = await as_person(helper), await as_person(asker)
    post = await actions.reply(answerer, thread.id, "設定の「締め日」で変えられます。")
    await together(lambda: actions.delete(answerer, post.id), lambda: actions.accept(chooser, post.id))
    assert (await records.post(post.id)).state == "deleted"
    now = await records.thread(thread.id)
    assert now.accepted_post_id is None
    assert now.status != "accepted"


async def test_a_grant_revoked_meanwhile_no_longer_counts(board, thread, helper):
    post = await actions.reply(await as_person(helper), thread.id, "設定の「締め日」で変えられます。")
    who = await as_person(await an_ambassador([board]))
    await revoke(who.grants[0].id)
    with pytest.raises(Refused):
        await actions.hide(who, post.id, "spam")  # the principal still holds the grant it was made with
    assert (await records.post(post.id)).state == "visible"


async def test_two_moderators_on_one_report_decide_once(board, thread, helper, csm):
    post = await actions.reply(await as_person(helper), thread.id, "激安の時計を買いませんか。いますぐ。")
    await actions.flag(await as_person(await a_person("通報", "者")), post.id, "spam")
    first, second = await as_person(await an_ambassador([board])), await as_person(csm)
    found = await together(lambda: actions.resolve_flags(first, post.id, "agreed", "spam"),
                           lambda: actions.resolve_flags(second, post.id, "rejected"))  # fmt: skip
    assert sum(isinstance(one, Conflict) for one in found) == 1
    assert (await rows("SELECT COUNT(*) FROM flag WHERE state = 'open'"))[0][0] == 0


async def test_an_undo_never_overwrites_a_later_change(board, thread, helper, csm):
    who = await as_person(csm)
    post = await actions.reply(await as_person(helper), thread.id, "設定の「締め日」で変えられます。")
    done = await actions.hide(who, post.id, "off_topic")
    await actions.unhide(who, post.id)
    with pytest.raises(Conflict):
        await actions.undo(who, done)


async def mixed(board: Any, csm: Any, n: int) -> None:
    """Many kinds of change by many people at once, eight at a time."""
    dice = random.Random(7)
    staff = await as_person(csm)
    people = [await as_person(await seasoned(await a_person(f"人{k}", ""), board)) for k in range(6)]
    threads = [
        await actions.publish(people[k], board.id, f"質問その{k}について", f"本文その{k}です。どうしますか。")
        for k in range(4)
    ]
    for k, thread in enumerate(threads):
        await actions.reply(people[k + 1], thread.id, f"最初の返信その{k}です。はい。")

    async def step(k: int) -> None:
        who, thread = dice.choice(people), dice.choice(threads)
        found = await rows("SELECT id FROM post WHERE thread_id = ? ORDER BY number DESC LIMIT 8", thread.id)
        post = dice.choice(found)[0]
        do: Doing = dice.choice([
            lambda: actions.reply(who, thread.id, f"返信{k}を書きます。番号{k}。"),
            lambda: actions.reply(who, thread.id, f"続きの返信{k}です。番号{k}。"),
            lambda: actions.like(who, post), lambda: actions.unlike(who, post),
            lambda: actions.vote(who, thread.id), lambda: actions.unvote(who, thread.id),
            lambda: actions.hide(staff, post, "other"), lambda: actions.unhide(staff, post),
            lambda: actions.accept(staff, post), lambda: actions.delete(who, post),
        ])  # fmt: skip
        with contextlib.suppress(Refused):
            await do()

    for begin in range(0, n, 8):
        await asyncio.gather(*(step(k) for k in range(begin, min(n, begin + 8))))
    assert await counters.wrong() == []


async def test_counters_equal_a_recount_after_300_mixed_operations(board, csm):
    await mixed(board, csm, 300)


@pytest.mark.slow
async def test_counters_equal_a_recount_after_1000_mixed_operations(board, csm):
    await mixed(board, csm, 1000)
