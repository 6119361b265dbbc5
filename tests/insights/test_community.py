"""The community's numbers are what a naive count of threads and posts gives."""

from __future__ import annotations

import random
from datetime import timedelta

from community import actions
from community.models import Board, Moderation, Post, Thread
from community_house import a_board, an_ambassador, as_person
from core.clock import as_of, now
from factories import a_person, staff
from insights.spans import chosen
from numbers_page import opened, per_cent, shown, tabled


def waits(hours: list[float]) -> str:
    """The median and the 90th percentile, by nearest rank, as the page writes them."""
    ranked = sorted(hours)
    values = [ranked[(len(ranked) * share + 9) // 10 - 1] if ranked else None for share in (5, 9)]
    return "/".join("–" if one is None else f"{one:,.{1 if one < 10 else 0}f}" for one in values)


async def test_the_page_says_what_a_recount_says(web, sign_in):
    chance = random.Random(9)
    board, ideas = await a_board(), await a_board("ideas", "idea")
    helper = await an_ambassador([board])
    admin = await staff("admin", email="admin@example.com")
    askers = [await a_person("三崎", f"{n}", handle=f"みさき{n}") for n in range(3)]
    for n in range(14):
        asked_at = now() - timedelta(minutes=chance.randrange(3000, 60 * 1440))
        asker = chance.choice(askers)
        thread = await actions.publish(await as_person(asker), board.id if n else ideas.id, f"締めの質問その{n}番です",
                                       f"締めの本文{n}。どうすればよいですか", at=asked_at)  # fmt: skip
        if chance.random() < 0.7:
            writer = chance.choice([helper, admin, *(one for one in askers if one.id != asker.id)])
            answered_at = asked_at + timedelta(minutes=chance.randrange(1, 1400))
            post = await actions.reply(await as_person(writer), thread.id, f"答え{n}はこちらです。", at=answered_at)
            if n and chance.random() < 0.6:
                with as_of(answered_at + timedelta(minutes=chance.randrange(1, 1400))):
                    await actions.accept(await as_person(asker), post.id)
            elif chance.random() < 0.6 and writer.id != admin.id:
                await actions.hide(await as_person(admin), post.id, "off_topic")
    await sign_in(admin)
    for days in (28, 90):
        span, period = chosen({"days": str(days)}), f"days={days}"

        def inside(moment, span=span) -> bool:
            return span.begins <= moment < span.ends

        threads = {one.id: one for one in await Thread.filter(visibility="visible")}
        asked = [one for one in threads.values() if one.board_id == board.id and inside(one.created_at)]
        posts = [one for one in await Post.filter(state="visible") if inside(one.created_at)]
        replies = [one for one in posts if one.number > 1]
        own = {one.id for one in (helper, *askers)}
        rows = {
            "questions": asked, "answered": [one for one in asked if one.first_reply_at],
            "accepted": [one for one in asked if one.accepted_post_id],
            "unanswered": [one for one in asked if not one.first_reply_at],
            "members": {one.author_id for one in posts} & own, "replies": replies,
            "ambassadors": [one for one in replies if one.author_id == helper.id],
            "hidden": [one for one in await Moderation.filter(action="hide") if inside(one.at)],
        }  # fmt: skip
        said = await shown(web, "community", period)
        for name in ("questions", "unanswered", "members", "replies", "hidden"):
            assert said[name] == str(len(rows[name])), name
        for name, whole in (("answered", asked), ("accepted", asked), ("ambassadors", replies)):
            assert said[name] == per_cent(len(rows[name]), len(whole)), name
        hours = [(one.first_reply_at - one.created_at).total_seconds() / 3600 for one in rows["answered"]]
        assert said["first"] == waits(hours)
        hours = [(one.accepted_at - one.created_at).total_seconds() / 3600 for one in rows["accepted"]]
        assert said["acceptance"] == waits(hours)
        for name, of in rows.items():
            assert len(await opened(web, "community", name, period)) == len(of), name
        boards = await tabled(web, "community", "boards", period)
        assert [list(row.values())[1] for row in boards] == [str(len(asked))]


async def test_what_is_held_or_archived_is_not_counted(web, sign_in):
    board, closed = await a_board(), await a_board("closed")
    asker = await as_person(await a_person(handle="みさき"))
    shown_to_all = await actions.publish(
        asker, board.id, "みんなへの質問です", "締めの本文です。どうすれば", at=now() - timedelta(days=3)
    )
    held = await actions.publish(
        asker, board.id, "承認待ちの質問です", "有給の残りはどこで見られますか", at=now() - timedelta(days=2)
    )
    await actions.publish(
        asker, closed.id, "しまった板の質問です", "打刻を忘れたときはどうしますか", at=now() - timedelta(days=1)
    )
    await Thread.filter(id=held.id).update(visibility="held")
    await Board.filter(id=closed.id).update(state="archived")
    await sign_in(await staff("csm"))
    assert (await shown(web, "community"))["questions"] == "1"
    page = (await web.get("/staff/insights/community/rows/questions")).text
    assert shown_to_all.title in page
    assert held.title not in page
    assert "しまった板" not in page
