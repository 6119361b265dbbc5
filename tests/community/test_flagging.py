"""What reports do by their weight: hold a post, close a thread, pause a newcomer; and how a moderator takes it back."""

from __future__ import annotations

from typing import Any

import pytest

from community import actions, records
from community_house import aged, an_ambassador, as_person
from core.database import rows
from core.errors import Conflict, Refused
from factories import a_person

pytestmark = pytest.mark.anyio
TEXT = "激安の時計を買いませんか。いますぐ。"


async def flag(web: Any, sign_in: Any, post_id: int, people: int, kind: str = "spam") -> None:
    for n in range(people):
        await sign_in(await a_person(f"通報{n}", ""))
        answered = await web.submit(f"/community/posts/{post_id}/flag", {"reason": kind, "note": ""})
        assert answered.status_code == 303


async def told(person: Any) -> list[str]:
    return [row[0] for row in await rows("SELECT kind FROM notice WHERE person_id = ? ORDER BY id", person.id)]


async def two_replies(author: Any, thread: Any) -> list[Any]:
    who = await as_person(author)
    return [await actions.reply(who, thread.id, f"{TEXT}その{n}") for n in range(2)]


@pytest.fixture
async def thread(board: Any, asker: Any) -> Any:
    return await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。")


async def test_five_people_close_a_thread_and_a_moderator_undoes_it(
    web: Any, sign_in: Any, run_jobs: Any, board: Any, asker: Any, helper: Any, csm: Any, thread: Any
) -> None:
    reply, more = await two_replies(helper, thread)
    await flag(web, sign_in, reply.id, 3)
    await flag(web, sign_in, more.id, 1)
    await run_jobs()
    assert (await records.post(reply.id)).state == "held"
    assert (await records.thread(thread.id)).state == "open"
    await flag(web, sign_in, more.id, 1)
    await run_jobs()
    assert (await records.thread(thread.id)).state == "closed"
    done = (await rows("SELECT id, actor_id, action, reason FROM moderation"))[0]
    assert tuple(done)[1:] == (None, "close", "flags")
    audited = await rows("SELECT actor_id, reason FROM audit_entry WHERE action = 'community.close'")
    assert [tuple(row) for row in audited] == [(None, "flags")]
    assert "community.closed" in await told(asker)
    await sign_in(asker)
    assert "複数の人が報告したため" in (await web.get("/notices")).text
    # A moderator sees who did it (nobody) and takes it back; no grant of anybody rests for it.
    await sign_in(csm)
    for page in ("/community/duty/actions", "/staff/community"):
        assert "自動 · 閉じました" in (await web.get(page)).text
    assert (await web.submit(f"/community/actions/{done[0]}/undoing", {})).status_code == 303
    assert (await records.thread(thread.id)).state == "open"
    # What was reported before somebody looked does not close it again.
    await flag(web, sign_in, (await rows("SELECT id FROM post WHERE thread_id = ? AND number = 1", thread.id))[0][0], 1)
    await run_jobs()
    assert (await records.thread(thread.id)).state == "open"
    with pytest.raises(Conflict):
        await actions.undo(await as_person(csm), done[0])


async def test_one_who_reports_many_posts_counts_once(
    web: Any, sign_in: Any, run_jobs: Any, asker: Any, helper: Any, thread: Any
) -> None:
    reply, more = await two_replies(helper, thread)
    people = [await a_person(f"通報{n}", "") for n in range(4)]
    for post, some in ((more, people[:2]), (reply, people[:3]), (more, people[3:])):
        for person in some:
            await actions.flag(await as_person(person), post.id, "personal_data")
    await run_jobs()
    assert (await records.thread(thread.id)).state == "open"


async def test_light_reports_do_not_close(web: Any, sign_in: Any, run_jobs: Any, helper: Any, thread: Any) -> None:
    reply, more = await two_replies(helper, thread)
    await flag(web, sign_in, reply.id, 3, "off_topic")
    await flag(web, sign_in, more.id, 3, "off_topic")
    await run_jobs()
    assert (await records.thread(thread.id)).state == "open"


async def test_three_reports_pause_a_newcomer_until_a_moderator_rejects_them(
    web: Any, sign_in: Any, run_jobs: Any, board: Any, thread: Any
) -> None:
    newcomer = await a_person("新田", "", handle="にった")
    moderator = await an_ambassador([board])
    reply = await actions.reply(await as_person(newcomer), thread.id, TEXT)
    await flag(web, sign_in, reply.id, 2)
    await run_jobs()
    assert await rows("SELECT 1 FROM pause") == []
    await flag(web, sign_in, reply.id, 1)
    await run_jobs()
    assert [tuple(row) for row in await rows("SELECT person_id, board_id, paused_by_id, reason FROM pause")] == [
        (newcomer.id, None, None, "flags")]  # fmt: skip
    assert "community.paused" in await told(newcomer)
    await aged("post", reply.id, hours=1)
    with pytest.raises(Refused, match="報告|reported"):
        await actions.reply(await as_person(newcomer), thread.id, "ほかのことも書きたいのですが。")
    await sign_in(newcomer)
    assert "複数の人が報告しました" in (await web.get("/notices")).text
    # More reports do not make it longer.
    await flag(web, sign_in, thread.id and (await rows("SELECT id FROM post WHERE number = 1"))[0][0], 1)
    await run_jobs()
    assert len(await rows("SELECT 1 FROM pause")) == 1
    await actions.resolve_flags(await as_person(moderator), reply.id, "rejected")
    assert await actions.reply(await as_person(newcomer), thread.id, "ほかのことも書きたいのですが。")
    assert (await rows("SELECT COUNT(*) FROM audit_entry WHERE action = 'community.unpause'"))[0][0] == 1


async def test_rejecting_the_reports_opens_the_thread_again(
    web: Any, sign_in: Any, run_jobs: Any, asker: Any, helper: Any, csm: Any, thread: Any
) -> None:
    reply, more = await two_replies(helper, thread)
    await flag(web, sign_in, reply.id, 3)
    await flag(web, sign_in, more.id, 2)
    await run_jobs()
    assert (await records.thread(thread.id)).state == "closed"
    assert await rows("SELECT 1 FROM pause") == []  # who has written enough is not paused
    await sign_in(csm)
    answered = await web.submit(
        f"/community/posts/{reply.id}/resolution", {"decision": "rejected", "reason": "", "note": ""}
    )
    assert answered.status_code == 303
    assert (await records.thread(thread.id)).state == "open"
    assert (await records.post(reply.id)).state == "visible"


async def test_what_a_moderator_closed_stays_closed(
    run_jobs: Any, asker: Any, helper: Any, csm: Any, thread: Any
) -> None:
    reply = await actions.reply(await as_person(helper), thread.id, TEXT)
    await actions.close(await as_person(csm), thread.id)
    await actions.flag(await as_person(await a_person("通報", "")), reply.id, "spam")
    await run_jobs()
    await actions.resolve_flags(await as_person(csm), reply.id, "rejected")
    assert (await records.thread(thread.id)).state == "closed"


async def test_posts_of_staff_neither_close_nor_pause(
    web: Any, sign_in: Any, run_jobs: Any, board: Any, csm: Any, thread: Any
) -> None:
    reply = await actions.reply(await as_person(csm), thread.id, "設定の画面から変えられます。")
    await flag(web, sign_in, reply.id, 6)
    await run_jobs()
    assert (await records.thread(thread.id)).state == "open"
    assert await rows("SELECT 1 FROM pause") == []
