"""The permission table of docs/community.md, cell by cell: who × what, on a granted and on another board."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from access.actions.grants import grant
from community import actions, policy, records, rules
from community_house import a_board, aged, an_ambassador, as_person
from core.clock import now
from core.database import rows, write
from core.errors import Forbidden, Refused
from core.principal import NOBODY, SYSTEM
from factories import a_person, an_account, staff

RANKS = ("visitor", "member", "ambassador", "elsewhere", "csm", "admin")
#                 visitor member ambassador elsewhere csm admin   (elsewhere: an ambassador of another board)
TABLE = {
    "read": "yyyyyy",
    "read private": "nnynyy",
    "post": "nyyyyy",
    "like": "nyyyyy",
    "vote": "nyyyyy",
    "flag": "nyyyyy",
    "edit another's text": "nnnnyy",
    "retitle": "nnynyy",
    "accept early": "nnnnyy",
    "accept after 72 h": "nnynyy",
    "ask for more": "nnynyy",
    "hide": "nnynyy",
    "delete another's": "nnnnyy",
    "close": "nnynyy",
    "pin": "nnynyy",
    "move": "nnynyy",
    "resolve flags": "nnynyy",
    "pause on the board": "nnynyy",
    "pause everywhere": "nnnnyy",
    "idea status": "nnnnyy",
    "verify": "nnnnyy",
    "deleted text": "nnnnyy",
    "flaggers' names": "nnnnyy",
    "manage boards": "nnnnny",
}


@pytest.fixture
async def place(house: Any, board: Any) -> dict[str, Any]:
    tips, ideas = await a_board("tips", "discussion"), await a_board("ideas", "idea")
    private = await a_board("private", "question", audience=["staff"])
    ambassador = await an_ambassador([board, tips, private])
    other = await a_person("別", "", handle="べつ")
    await grant(other.id, ideas.scope, [policy.MODERATE], reason="別のボード", by=SYSTEM)
    people = {"visitor": NOBODY, "member": await as_person(await a_person()), "ambassador": await as_person(ambassador),
              "elsewhere": await as_person(other), "csm": await as_person(await staff("csm")),
              "admin": await as_person(await staff("admin", "井上", "長"))}  # fmt: skip
    asker, helper = await as_person(await a_person("質", "問")), await as_person(await a_person("回", "答"))
    ago = now() - timedelta(hours=100)
    old = await actions.publish(asker, board.id, "締め日を変えたい", "末日から15日に変える手順は。", at=ago)
    new = await actions.publish(asker, board.id, "有給を繰り越したい", "翌年に繰り越す手順を知りたい。", at=now())
    idea = await actions.publish(asker, ideas.id, "位置情報を切りたい", "部署ごとに切れるとうれしいです。", at=ago)
    answers = [
        await actions.reply(helper, one.id, f"設定の「締め日」で変えられます{one.id}。", at=now()) for one in (old, new)
    ]
    return {"board": board, "tips": tips, "ideas": ideas, "private": private, "people": people, "old": old, "new": new,
            "idea": idea, "old_answer": answers[0], "new_answer": answers[1]}  # fmt: skip


def verdict(what: str, who: Any, p: dict[str, Any]) -> bool:
    board, old, answer = p["board"], p["old"], p["old_answer"]
    asked = {
        "read": lambda: policy.can_read(who, board, old),
        "read private": lambda: policy.can_see(who, p["private"]),
        "post": lambda: policy.can_post(who, board),
        "like": lambda: policy.can_like(who, board, old, answer),
        "vote": lambda: policy.can_react(who, board, old),
        "flag": lambda: policy.can_flag(who, board, old, answer),
        "edit another's text": lambda: policy.can_edit(who, board, old, answer),
        "retitle": lambda: policy.can_retitle(who, board, old),
        "accept early": lambda: policy.can_accept(who, board, p["new"], p["new_answer"]),
        "accept after 72 h": lambda: policy.can_accept(who, board, old, answer),
        "ask for more": lambda: policy.can_ask_for_more(who, board, old),
        "hide": lambda: policy.can_hide(who, board, answer),
        "delete another's": lambda: policy.can_delete(who, board, old, answer),
        "close": lambda: policy.can_close(who, board, old),
        "pin": lambda: policy.can_pin(who, board, old),
        "move": lambda: policy.can_move(who, board, p["tips"], old),
        "resolve flags": lambda: policy.can_resolve(who, board, answer),
        "pause on the board": lambda: policy.can_pause(who, board),
        "pause everywhere": lambda: policy.can_pause(who, None),
        "idea status": lambda: policy.can_set_idea_status(who, p["ideas"]),
        "verify": lambda: policy.can_verify(who, board),
        "deleted text": lambda: policy.can_see_deleted(who),
        "flaggers' names": lambda: policy.can_see_flaggers(who),
        "manage boards": lambda: policy.can_manage(who),
    }
    return bool(asked[what]())


async def test_the_table(place):
    found = {
        what: "".join("y" if verdict(what, place["people"][rank], place) else "n" for rank in RANKS) for what in TABLE
    }
    assert found == TABLE


async def test_moving_needs_both_boards(place):
    ambassador = place["people"]["ambassador"]
    assert not policy.can_move(ambassador, place["board"], place["ideas"], place["old"])
    with pytest.raises(Forbidden):
        await actions.move(ambassador, place["old"].id, place["ideas"].id)
    await actions.move(ambassador, place["old"].id, place["tips"].id)
    assert (await records.thread(place["old"].id)).board_id == place["tips"].id


async def test_a_child_board_needs_a_grant_of_its_own(place):
    child = await a_board("child", parent_id=place["board"].id)
    assert not policy.moderates(place["people"]["ambassador"], child)


async def test_nobody_decides_about_themselves(place):
    ambassador, board = place["people"]["ambassador"], place["board"]
    own = await actions.publish(
        ambassador, board.id, "自分でも聞きたい", "アンバサダーの質問です。どうですか。", at=now()
    )
    post = (await rows("SELECT id FROM post WHERE thread_id = ?", own.id))[0][0]
    for doing in (
        actions.hide(ambassador, post, "other"),
        actions.close(ambassador, own.id),
        actions.pin(ambassador, own.id),
    ):
        with pytest.raises(Forbidden):
            await doing
    csm = place["people"]["csm"]
    mine = await actions.publish(csm, board.id, "お知らせがあります", "スタッフからのお知らせです。", at=now())
    with pytest.raises(Forbidden):
        await actions.hide(csm, (await rows("SELECT id FROM post WHERE thread_id = ?", mine.id))[0][0], "other")


async def test_an_ambassador_never_accepts_an_own_answer(place):
    ambassador = place["people"]["ambassador"]
    own = await actions.reply(ambassador, place["old"].id, "わたしの回答を自分で選びます。", at=now())
    with pytest.raises(Forbidden):
        await actions.accept(ambassador, own.id)


async def test_a_colleague_is_a_conflict_of_interest(board):
    company = await an_account()
    friend = await a_person("同", "僚", account=company)
    ambassador = await as_person(await an_ambassador([board], account=company))
    thread = await actions.publish(
        await as_person(friend), board.id, "同僚の質問です", "同僚の質問の本文です。", at=now()
    )
    post = (await rows("SELECT id FROM post WHERE thread_id = ?", thread.id))[0][0]
    with pytest.raises(Forbidden, match="同じ会社"):
        await actions.hide(ambassador, post, "other")


async def test_somebody_who_flagged_does_not_decide(place):
    ambassador = place["people"]["ambassador"]
    await actions.flag(ambassador, place["old_answer"].id, "wrong")
    with pytest.raises(Forbidden, match="報告"):
        await actions.resolve_flags(ambassador, place["old_answer"].id, "agreed", "wrong")


async def test_twenty_hides_a_day(place, monkeypatch):
    monkeypatch.setattr(rules, "HIDES_A_DAY", 1)
    ambassador = place["people"]["ambassador"]
    await actions.hide(ambassador, place["old_answer"].id, "other")
    with pytest.raises(Refused, match="1件まで"):
        await actions.hide(ambassador, place["new_answer"].id, "other")
    await actions.hide(place["people"]["csm"], place["new_answer"].id, "other")


async def test_a_grant_rests_after_three_overturned_decisions(place):
    ambassador, csm = place["people"]["ambassador"], place["people"]["csm"]
    for _n in range(rules.OVERTURNED):
        await actions.undo(csm, await actions.hide(ambassador, place["old_answer"].id, "other"))
    with pytest.raises(Forbidden, match="休止"):
        await actions.hide(ambassador, place["old_answer"].id, "other")


async def test_an_ambassador_pins_for_seven_days_at_most(place):
    with pytest.raises(Refused):
        await actions.pin(place["people"]["ambassador"], place["old"].id, 8)
    await actions.pin(place["people"]["ambassador"], place["old"].id, 7)
    assert (await records.thread(place["old"].id)).is_pinned


async def test_one_s_own_text_for_24_hours(place):
    asker = place["people"]["member"]
    thread = await actions.publish(asker, place["board"].id, "自分の質問です", "自分の質問の本文です。", at=now())
    post = (await rows("SELECT id FROM post WHERE thread_id = ?", thread.id))[0][0]
    await actions.edit(asker, post, "直した自分の質問の本文です。", 1)
    await aged("post", post, hours=25)
    with pytest.raises(Forbidden, match="24時間"):
        await actions.edit(asker, post, "もう一度直した本文です。", 2)


async def test_a_paused_person_waits(place):
    ambassador, member = place["people"]["ambassador"], place["people"]["member"]
    await actions.pause(ambassador, member.person_id, place["board"].id, 24, "spam")
    with pytest.raises(Refused, match="時間をおいて"):
        await actions.reply(member, place["old"].id, "書けますか。どうでしょうか。")
    await actions.publish(member, place["tips"].id, "別のボードです", "別のボードには書けます。")
    with pytest.raises(Refused):
        await actions.pause(ambassador, member.person_id, place["board"].id, 24, "spam")
    with pytest.raises(Refused):
        await actions.pause(ambassador, member.person_id, place["tips"].id, 25, "spam")


async def test_pages_never_give_an_ambassador_what_is_not_theirs(place, web, sign_in):
    """E-mail, company, flaggers' names and deleted text never reach the page."""
    company = await an_account("株式会社ひみつ商事")
    secret = await a_person("秘密", "守", account=company, email="secret@himitsu.example", handle="ひみ")
    who = await as_person(secret)
    post = await actions.reply(who, place["old"].id, "消す前の秘密の本文でした。", at=now())
    kept = await actions.reply(who, place["old"].id, "残る本文です。これは見えます。", at=now())
    await actions.flag(await as_person(await a_person("通報", "者子", handle="つうほう")), kept.id, "spam")
    await actions.delete(who, post.id)
    found = await rows("SELECT person_id FROM scoped_grant WHERE scope = ?", place["board"].scope)
    from customers.models import Person

    await sign_in(await Person.get(id=found[0][0]))
    for path in (
        f"/community/{place['old'].id}",
        "/community/duty",
        "/community/duty/actions",
        f"/community/posts/{post.id}/hiding",
    ):
        text = (await web.get(path)).text
        for secret_text in ("himitsu.example", "ひみつ商事", "秘密の本文", "つうほう"):
            assert secret_text not in text, (path, secret_text)
    assert (await web.get(f"/community/posts/{post.id}/history")).status_code == 403
    assert (await web.get("/staff/community")).status_code == 403


async def test_private_boards_are_not_found(place, web, sign_in):
    thread = await actions.publish(
        place["people"]["csm"], place["private"].id, "内々の話です", "内々の話の本文です。", at=now()
    )
    await write("UPDATE thread SET visibility = 'visible' WHERE id = ?", thread.id)
    paths = [f"/community/{thread.id}", "/community/b/private", "/community/b/private/feed.atom"]
    await sign_in(await a_person())
    for path in paths:
        assert (await web.get(path)).status_code == 404
    for path in ("/community", "/community/feed.atom"):
        assert "内々の話です" not in (await web.get(path)).text
    assert (await web.submit(f"/community/{thread.id}/replies", {"body": "見えないはずの返信です。"})).status_code in (
        403,
        404,
    )
