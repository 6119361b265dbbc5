"""A question that nobody answers: experts are asked, then the board's moderators, then staff; once each."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from community import actions, records
from community.jobs import call_for_answers
from community.routing import calling, experts
from community.routing.models import STAGES
from community_house import a_board, aged, an_ambassador, as_person
from core.clock import as_of, now
from core.database import rows, write
from customers.rules import QuietRule, TaskRule, set_rule
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
ASKED = ("請求書の宛名を変えたい", "請求書の宛名を支社にしたいのですが、どこで変えられますか。")


@pytest.fixture(autouse=True)
async def always_awake(house: Any) -> None:
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="00:00"))


async def an_expert(board: Any, name: str, *, answers: int = 1, tags: str = "請求", days: int = 10) -> Any:
    """Somebody whose answers were chosen."""
    expert, asker = await a_person(name, "", handle=name), await a_person("前", "")
    at = now() - timedelta(days=days)
    for n in range(answers):
        thread = await actions.publish(await as_person(asker), board.id, f"{name}に聞いた昔の質問その{n}",
                                       f"昔のことを知りたいのですが。{name}{n}", tags=tags, at=at)  # fmt: skip
        answer = await actions.reply(await as_person(expert), thread.id, f"設定から変えられます。{name}{n}", at=at)
        await actions.accept(await as_person(asker), answer.id)
        await write_accepted(thread.id, at)
    return expert


async def write_accepted(thread_id: int, at: datetime) -> None:
    await write("UPDATE thread SET accepted_at = ? WHERE id = ?", at, thread_id)


async def a_question(asker: Any, board: Any, *, hours: float, tags: str = "請求") -> Any:
    return await actions.publish(await as_person(asker), board.id, *ASKED, tags=tags, at=now() - timedelta(hours=hours))


async def asked(thread: Any) -> set[int]:
    return {row[0] for row in await rows("SELECT person_id FROM question_invitation WHERE thread_id = ?", thread.id)}


async def stages(thread: Any) -> list[tuple[str, int]]:
    found = await rows("SELECT stage, told FROM question_call WHERE thread_id = ?", thread.id)
    return sorted((tuple(row) for row in found), key=lambda one: STAGES.index(one[0]))


async def told(person: Any, kind: str) -> int:
    found = await rows("SELECT COUNT(*) FROM notice WHERE person_id = ? AND kind = ?", person.id, kind)
    return int(found[0][0])


async def the_clock(run_jobs: Any) -> None:
    await call_for_answers()
    await run_jobs()


async def test_those_who_know_are_asked_see_why_and_answer(
    web: Any, sign_in: Any, run_jobs: Any, board: Any, asker: Any, csm: Any
) -> None:
    knows = await an_expert(board, "くわしい", answers=2)
    others = [await an_expert(board, f"ほか{n}", tags="勤怠") for n in range(4)]
    thread = await a_question(asker, board, hours=3.9)
    await run_jobs()
    await the_clock(run_jobs)
    assert await stages(thread) == []
    await aged("thread", thread.id, hours=4.1)
    await the_clock(run_jobs)
    await the_clock(run_jobs)  # once
    people = await asked(thread)
    assert knows.id in people and len(people) == 3 and asker.id not in people
    assert await stages(thread) == [("experts", 3)]
    assert await told(knows, "community.called") == 1
    # Who was asked reads why, at the bell, on their page and at the question.
    await sign_in(knows)
    for page in ("/notices", "/community/asked", f"/community/{thread.id}"):
        assert "#請求 について、あなたの回答が2件選ばれています" in (await web.get(page)).text, page
    # The asker is told how many, not who; staff see who.
    await sign_in(asker)
    page = (await web.get(f"/community/{thread.id}")).text
    assert "3人に回答をお願いしました" in page and "くわしい" not in page
    await sign_in(csm)
    assert "まだ返信がありません" in (await web.get(f"/community/{thread.id}")).text
    assert "請求書の宛名を変えたい" in (await web.get("/staff/community")).text
    # Who has no part in it sees nothing of it.
    await sign_in(await a_person("よそ", ""))
    assert "回答をお願い" not in (await web.get(f"/community/{thread.id}")).text
    await sign_in(knows)
    await web.submit(
        f"/community/{thread.id}/replies", {"body": "設定の「請求先」で支社ごとに変えられます。", "key": "a"}
    )
    await run_jobs()
    assert "この質問" not in (await web.get("/community/asked")).text
    states = dict(tuple(row) for row in await rows("SELECT person_id, state FROM question_invitation"))
    assert states[knows.id] == "answered" and others
    await aged("thread", thread.id, hours=100)
    await the_clock(run_jobs)
    assert await stages(thread) == [("experts", 3)]  # it has a reply: nobody else is called


async def test_not_this_one_asks_the_next_and_never_again(
    web: Any, sign_in: Any, run_jobs: Any, board: Any, asker: Any
) -> None:
    known = [await an_expert(board, f"詳{n}", answers=5 - n) for n in range(4)]
    thread = await a_question(asker, board, hours=5)
    await the_clock(run_jobs)
    assert await asked(thread) == {one.id for one in known[:3]}
    await sign_in(known[0])
    assert (await web.submit(f"/community/{thread.id}/invitation", {"_method": "DELETE"})).status_code == 303
    assert (await web.submit(f"/community/{thread.id}/invitation", {"_method": "DELETE"})).status_code == 404
    await run_jobs()
    assert await asked(thread) == {one.id for one in known}
    # A choice for good.
    await web.submit("/community/asked/rest", {})
    assert "回答をお願いしません" in (await web.get("/community/asked")).text
    more = await a_question(asker, board, hours=5)
    await the_clock(run_jobs)
    assert known[0].id not in await asked(more)
    await web.submit("/community/asked/rest", {"_method": "DELETE"})
    assert known[0].id in {one.person_id for one in await experts.experts(more, board)}


async def test_who_may_not_read_it_or_may_not_write_is_not_asked(
    web: Any, sign_in: Any, run_jobs: Any, house: Any, csm: Any
) -> None:
    account = await an_account("山際")
    inside = await a_board("inside", audience=[f"account:{account.id}"])
    public = await a_board("public")
    asker = await a_person("三崎", "", account=account)
    stranger = await an_expert(public, "よそ", answers=9)
    thread = await a_question(asker, inside, hours=5)
    await the_clock(run_jobs)
    assert stranger.id not in await asked(thread)
    assert await stages(thread) == [("experts", 0)]
    await sign_in(csm)
    assert "まだだれにも" in (await web.get("/staff/community")).text, "a stage that found nobody has told nobody"
    paused = await an_expert(public, "休み", answers=9)
    await actions.pause(await as_person(csm), paused.id, public.id, 24, "spam")
    other = await a_question(asker, public, hours=5)
    await the_clock(run_jobs)
    assert await asked(other) == {stranger.id}


async def test_a_night_and_a_full_day_wait(run_jobs: Any, board: Any, asker: Any) -> None:
    expert = await an_expert(board, "夜")
    await set_rule("quiet", QuietRule(quiet_from="21:00", quiet_until="08:00"))
    thread = await a_question(asker, board, hours=5)
    midnight = now().replace(hour=15, minute=30)  # 0:30 in Tokyo
    with as_of(midnight):
        assert await calling.call(thread.id, "experts") == 0
    assert await stages(thread) == []
    with as_of(midnight + timedelta(hours=9)):
        assert await calling.call(thread.id, "experts") == 1
        for n in range(3):
            more = await actions.publish(await as_person(await a_person(f"問{n}", "")), board.id, f"{ASKED[0]}その{n}",
                                         f"{ASKED[1]}{n}", tags="請求")  # fmt: skip
            assert await calling.call(more.id, "experts") == (1 if n < 2 else 0)
    assert (await rows("SELECT COUNT(*) FROM question_invitation WHERE person_id = ?", expert.id))[0][0] == 3


async def test_after_a_day_the_moderators_and_after_two_whoever_looks_after_the_company(
    web: Any, sign_in: Any, run_jobs: Any, board: Any
) -> None:
    owner = await staff("csm")
    account = await an_account("水面", csm=owner)
    asker = await a_person("三崎", "", account=account)
    moderator = await an_ambassador([board])
    thread = await a_question(asker, board, hours=25)
    await the_clock(run_jobs)
    assert await stages(thread) == [("experts", 0), ("moderators", 1)]
    assert await told(moderator, "community.waiting") == 1
    assert await told(owner, "community.waiting") == 0
    await aged("thread", thread.id, hours=49)
    await the_clock(run_jobs)
    await the_clock(run_jobs)
    made = await rows("SELECT id, owner_id, kind, about_id FROM account_task")
    assert [tuple(row)[1:] for row in made] == [(owner.id, "question", thread.id)]
    await sign_in(owner)
    page = (await web.get(f"/staff/customers/{account.id}/tasks/{made[0][0]}")).text
    assert "コミュニティで回答する：「請求書の宛名を変えたい」" in page and f'href="/community/{thread.id}"' in page
    assert "community.waiting" not in [row[0] for row in await rows("SELECT kind FROM notice WHERE person_id = ?",
                                                                   owner.id)]  # fmt: skip


async def test_without_a_company_or_where_no_task_is_wanted_staff_hear_of_it(
    run_jobs: Any, board: Any, asker: Any, csm: Any
) -> None:
    thread = await a_question(asker, board, hours=49)
    await the_clock(run_jobs)
    assert await told(csm, "community.waiting") == 1
    await set_rule("tasks", TaskRule(question=False))
    account = await an_account("水面", csm=csm)
    other = await a_question(await a_person("別", "", account=account), board, hours=49)
    await the_clock(run_jobs)
    assert await told(csm, "community.waiting") == 2
    assert await rows("SELECT 1 FROM account_task") == []
    assert await stages(thread) == await stages(other)


async def test_what_nobody_should_answer_calls_nobody(run_jobs: Any, board: Any, asker: Any, csm: Any) -> None:
    await an_expert(board, "詳")
    off = await a_board("quiet", calls_after=0)
    ideas = await a_board("ideas", "idea")
    cases = [await a_question(asker, off, hours=60), await a_question(asker, ideas, hours=60)]
    hidden, closed, old = [await a_question(asker, board, hours=60) for _ in range(3)]
    post = (await rows("SELECT id FROM post WHERE thread_id = ?", hidden.id))[0][0]
    await actions.hide(await as_person(csm), post, "spam")
    await actions.close(await as_person(csm), closed.id)
    await aged("thread", old.id, days=15)
    await the_clock(run_jobs)
    for thread in (*cases, hidden, closed, old):
        assert await stages(thread) == []
    assert await rows("SELECT 1 FROM question_invitation") == []


async def test_two_at_once_ask_once(run_jobs: Any, board: Any, asker: Any) -> None:
    for n in range(6):
        await an_expert(board, f"詳{n}")
    thread = await a_question(asker, board, hours=5)
    begin = asyncio.Event()

    async def one() -> int:
        await begin.wait()
        return await calling.call(thread.id, "experts")

    both = [asyncio.create_task(one()) for _ in range(4)]
    begin.set()
    await asyncio.gather(*both)
    assert len(await asked(thread)) == 3 and await stages(thread) == [("experts", 3)]


@pytest.mark.parametrize("stage", ["experts", "moderators"])
async def test_a_question_that_is_made_private_meanwhile_is_told_to_nobody_from_before(
    run_jobs: Any, house: Any, board: Any, asker: Any, csm: Any, monkeypatch: Any, stage: str
) -> None:
    expert, ambassador = await an_expert(board, "詳しい"), await an_ambassador([board])
    inside = await a_board("inside", audience=["staff"])
    thread = await a_question(asker, board, hours=30)
    names = {"experts": (calling.knowing, "experts"), "moderators": (calling, "_moderators")}
    looked_through = getattr(*names[stage])

    async def and_then_it_is_moved(*place: Any) -> Any:
        found = await looked_through(*place)
        if (await records.thread(thread.id)).board_id == board.id:
            assert found, "somebody would have been told"
            await actions.move(await as_person(csm), thread.id, inside.id)
        return found

    monkeypatch.setattr(*names[stage], and_then_it_is_moved)
    assert await calling.call(thread.id, stage) == 0
    assert not await asked(thread) and await stages(thread) == []
    assert await told(expert, "community.called") == await told(ambassador, "community.waiting") == 0


async def test_the_freshest_and_the_least_asked_come_first(run_jobs: Any, board: Any, asker: Any) -> None:
    old, fresh = await an_expert(board, "昔", answers=2, days=700), await an_expert(board, "今", answers=1, days=1)
    gone = await an_expert(board, "去", answers=9, days=800)
    thread = await a_question(asker, board, hours=5)
    found = [one.person_id for one in await experts.experts(thread, board)]
    assert found[0] == fresh.id and gone.id not in found and old.id not in found[:1]
    await calling.call(thread.id, "experts")
    rival = await an_expert(board, "新", answers=1, days=2)
    second = await a_question(await a_person("別", ""), board, hours=5)
    assert [one.person_id for one in await experts.experts(second, board)][0] == rival.id


async def test_a_board_keeps_its_hours(web: Any, sign_in: Any, board: Any) -> None:
    await sign_in(await staff("admin"))
    page = (await web.get(f"/staff/community/boards/{board.id}")).text
    assert "返信がないまま" in page
    data = {"slug": "questions", "name_ja": "質問", "name_en": "Questions", "kind": "question", "audience": "public",
            "posting": "members", "holds": "nobody", "state": "open", "calls_after": "12"}  # fmt: skip
    assert (await web.submit(f"/staff/community/boards/{board.id}", data)).status_code == 303
    assert (await rows("SELECT calls_after FROM board WHERE id = ?", board.id))[0][0] == 12
    assert (await web.submit(f"/staff/community/boards/{board.id}", data | {"calls_after": "900"})).status_code == 422


async def test_a_board_alone_says_nothing_about_another_language(run_jobs: Any, board: Any, asker: Any) -> None:
    await an_expert(board, "詳", tags="勤怠", answers=5)
    said = ("How do you explain carry-over?", "Several colleagues joined us from abroad.")
    english = await actions.publish(await as_person(asker), board.id, *said, at=now() - timedelta(hours=5))
    assert english.lang == "en" and await experts.experts(english, board) == []
