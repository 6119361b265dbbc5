"""What may be written, by whom, how often; and hostile text that stays harmless."""

from __future__ import annotations

from datetime import timedelta

import pytest

from community import actions, counters, records
from community.differences import changed, differences
from community.writing import digest_of, handles_of, language_of, mentions_in, tags_of
from community_house import a_board, as_person
from core.clock import now
from core.database import rows
from core.errors import Conflict, Refused, TooMany
from factories import a_person

HOSTILE = [
    "<script>alert(1)</script> と書いてみます", "[押す](javascript:alert(1)) リンクです",
    "<img src=x onerror=alert(1)> 画像です",
    "![x](https://evil.example/x.png) 外の画像です", "</script><svg onload=alert(1)> これはどう",
    "[x](data:text/html,<script>alert(1)</script>) データです", "`</code><script>alert(1)</script>` コードです",
    "> " * 40 + "深い引用です",
    "[" * 3000 + "かっこだらけ", "**" * 500 + "強調だらけ", "\u202e右から左へ\u202c 書きます",
    '" onmouseover="alert(1) 属性から抜ける', "<a href='//evil.example' onclick=x>罠のリンクです</a>",
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
async def test_hostile_text_is_stored_harmless(house, board, asker, web, body):
    thread = await actions.publish(
        await as_person(asker), board.id, f"題に{body[:40]}", body + "。本文です。", at=now()
    )
    page = (await web.get(f"/community/{thread.id}")).text
    prose = page[page.index('class="prose"') : page.index("</article>")]
    for sign in ("<script", "javascript:", "onerror=alert", "<svg onload", "<img", "data:text/html,<", "onclick=x>"):
        assert sign not in prose.replace("&lt;img", "").replace("&lt;script", "").replace("&lt;svg", "") or sign in (
            "onerror=alert", "onclick=x>", "javascript:"), sign  # fmt: skip
    assert 'href="javascript:' not in prose
    assert "<script>alert" not in page
    assert "</script><svg" not in page


async def test_a_newcomer_has_limits(board, asker):
    who = await as_person(asker)
    links = "https://a.example https://b.example https://c.example これを見てください"
    with pytest.raises(Refused, match="リンク"):
        await actions.publish(who, board.id, "リンクだらけの題", links)
    thread = await actions.publish(who, board.id, "締め日を変えたい", "末日から15日に変える手順は。")
    with pytest.raises(TooMany):
        await actions.publish(who, board.id, "つづけて聞きたい", "つづけての質問の本文です。")
    await actions.reply(who, thread.id, "自分で追記します。よろしく。")
    with pytest.raises(TooMany):
        await actions.reply(who, thread.id, "もうひとつ追記します。はい。")


async def test_the_same_text_twice_is_refused(board, helper):
    who = await as_person(helper)
    thread = await actions.publish(who, board.id, "締め日を変えたい", "末日から15日に変える手順は。")
    await actions.reply(who, thread.id, "おなじ文を二度書きます。")
    with pytest.raises(Conflict, match="同じ内容"):
        await actions.reply(who, thread.id, "おなじ文を 二度書きます。")


async def test_first_posts_wait_where_a_board_says_so(house, asker, csm, run_jobs):
    board = await a_board("careful", holds="newcomers")
    who, moderator = await as_person(asker), await as_person(csm)
    thread = await actions.publish(who, board.id, "はじめての質問です", "はじめての質問の本文です。")
    assert thread.visibility == "held"
    assert (await records.board(board.id)).thread_count == 0
    post = (await rows("SELECT id FROM post"))[0][0]
    done = await actions.approve(moderator, post)
    await run_jobs()
    assert (await records.thread(thread.id)).visibility == "visible"
    assert await counters.wrong() == []
    assert await rows("SELECT 1 FROM touchpoint WHERE kind = 'community.asked'")
    await actions.undo(moderator, done)
    assert (await records.thread(thread.id)).visibility == "held"
    assert await counters.wrong() == []


async def test_three_reports_hold_a_post(board, asker, helper):
    thread = await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。")
    spam = await actions.reply(await as_person(helper), thread.id, "激安の時計を買いませんか。いますぐ。")
    for n in range(3):
        await actions.flag(await as_person(await a_person(f"人{n}", "")), spam.id, "spam")
    assert (await records.post(spam.id)).state == "held"
    assert (await records.thread(thread.id)).reply_count == 0


async def test_a_small_quick_edit_leaves_no_revision(board, asker):
    who = await as_person(asker)
    await actions.publish(who, board.id, "締め日を変えたい", "末日から15日に変える手順は。")
    post = (await rows("SELECT id FROM post"))[0][0]
    await actions.edit(who, post, "月末から15日に変える手順は。", 1)
    assert await rows("SELECT 1 FROM post_revision") == []
    await actions.edit(who, post, "まったく別の長い文に書き直します。" * 10, 2)
    assert len(await rows("SELECT 1 FROM post_revision")) == 1


async def test_long_threads_come_in_chunks(house, board, asker, helper, web):
    thread = await actions.publish(
        await as_person(asker), board.id, "長いスレッドです", "長いスレッドの本文です。", at=now()
    )
    who = await as_person(helper)
    for n in range(45):
        await actions.reply(who, thread.id, f"返信の{n}番目です。どうぞ。", at=now())
    first = (await web.get(f"/community/{thread.id}")).text
    assert 'id="post-20"' in first
    assert 'id="post-21"' not in first
    last = (await web.get(f"/community/{thread.id}?from=44")).text
    assert 'id="post-41"' in last
    assert 'id="post-46"' in last
    assert records.post_path(thread.id, 46) == f"/community/{thread.id}?from=41#post-46"


async def test_votes_are_capped(house, board, asker, helper, monkeypatch):
    from community import rules

    monkeypatch.setattr(rules, "VOTES", 2)
    ideas = await a_board("ideas", "idea")
    who, voter = await as_person(asker), await as_person(helper)
    made = [
        await actions.publish(who, ideas.id, f"ほしい機能その{n}", f"ほしい機能の本文{n}です。", at=now())
        for n in range(3)
    ]
    await actions.vote(voter, made[0].id)
    await actions.vote(voter, made[0].id)
    await actions.vote(voter, made[1].id)
    with pytest.raises(Refused, match="2件まで"):
        await actions.vote(voter, made[2].id)
    await actions.unvote(voter, made[0].id)
    await actions.vote(voter, made[2].id)
    assert await counters.wrong() == []


async def test_a_hidden_thread_leaves_the_search_at_once(house, board, asker, csm, run_jobs):
    from search import find

    thread = await actions.publish(await as_person(asker), board.id, "激安の時計の話", "激安の時計を買いませんか。")
    await run_jobs()
    assert (await find("激安の時計", tokens={"public"}, kinds={"thread"})).total == 1
    post = (await rows("SELECT id FROM post WHERE thread_id = ?", thread.id))[0][0]
    done = await actions.hide(await as_person(csm), post, "spam")
    assert (await find("激安の時計", tokens={"public"}, kinds={"thread"})).total == 0
    await actions.undo(await as_person(csm), done)
    await run_jobs()
    assert (await find("激安の時計", tokens={"public"}, kinds={"thread"})).total == 1


async def test_the_mentioned_are_told(board, asker, helper, run_jobs):
    thread = await actions.publish(
        await as_person(asker), board.id, "締め日を変えたい", "@けいとさん 教えてください。手順は。"
    )
    await run_jobs()
    assert [row[0] for row in await rows("SELECT person_id FROM notice")] == [helper.id]
    assert thread.reply_count == 0


def test_small_words():
    assert tags_of("#締め日、 給与 , 残業 有給") == ["締め日", "給与", "残業"]
    assert mentions_in("@みちくささん、`@code` mail@example.com") == ("みちくささん",)
    assert "みちくさ" in handles_of(("みちくささん",))
    assert language_of("How do I close a month?") == "en"
    assert language_of("締め日の変更") == "ja"
    assert digest_of("おなじ 文") == digest_of("おなじ文")
    assert changed("abcdef", "abXdef") == 1
    assert [line.kind for line in differences("a\nb", "a\nc")] == ["same", "out", "in"]


async def test_the_sitemap_and_the_nightly_recount(house, board, asker, run_jobs):
    from community.in_help import addresses
    from community.jobs import clear_up, recount_all
    from core.database import write

    ago = now() - timedelta(days=200)
    thread = await actions.publish(
        await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。", at=ago
    )
    await actions.keep_draft(await as_person(asker), "new", 1, title="古い下書き")
    await write("UPDATE draft SET updated_at = ?", ago)
    await write("UPDATE thread SET reply_count = 7, like_count = 3")
    await write("UPDATE board SET thread_count = 9")
    assert len(await counters.wrong()) == 3
    await recount_all()
    await clear_up()
    await run_jobs()
    assert await counters.wrong() == []
    assert await rows("SELECT 1 FROM draft") == []
    assert f"/community/{thread.id}" in [one.path for one in await addresses()]
