"""The community through a browser: pages to database to jobs and back."""

from __future__ import annotations

import re

from community import actions, records
from community_house import a_board, an_ambassador, as_person, seasoned
from core.database import rows
from factories import a_person


async def ask(
    web,
    title="締め日を15日に変えたら残業が二重に出ます",
    body="10月16日から31日の残業が両方に入っています。",
    board="questions",
    **more,
):
    return await web.submit("/community/new", {"title": title, "body": body, "board": board, "watch": "on"} | more)


async def test_a_visitor_reads_and_is_led_to_sign_in(web, board, asker):
    thread = await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。")
    front = await web.get("/community")
    assert front.status_code == 200
    assert thread.title in front.text
    shown = await web.get(f"/community/{thread.id}")
    assert shown.status_code == 200
    assert "QAPage" in shown.text
    assert (await web.get("/community/new")).status_code == 303
    assert (await web.submit(f"/community/{thread.id}/replies", {"body": "答えてみます。ええと。"})).status_code == 401


async def test_the_whole_story_of_a_question(web, board, asker, helper, sign_in, run_jobs):
    await sign_in(asker)
    assert (await web.get("/community/new")).status_code == 200
    made = await ask(web, tags="締め日, 残業")
    assert made.status_code == 303, made.text
    path = made.headers["location"]
    await run_jobs()

    other = await sign_in(helper, web.another())
    answered = await other.submit(f"{path}/replies", {"body": "「締め直し」をすると片方だけになります。"})
    assert answered.status_code == 303, answered.text
    reply_id = (await rows("SELECT id FROM post WHERE number = 2"))[0][0]
    page = await web.get(path)
    assert "締め直し" in page.text
    assert f"/community/posts/{reply_id}/acceptance" in page.text
    assert f"/community/posts/{reply_id}/acceptance" not in (await other.get(path)).text

    assert (await web.submit(f"/community/posts/{reply_id}/like")).status_code == 303
    assert (await web.submit(f"/community/posts/{reply_id}/acceptance")).status_code == 303
    await run_jobs()
    guest = await web.another().get(path)
    assert "解決済み" in guest.text
    assert "けいとさんの回答で解決しました" in guest.text
    assert re.search(r'"acceptedAnswer"', guest.text)
    for address in (
        "/community?show=solved",
        "/community?tag=締め日",
        "/community/feed.atom",
        "/community/b/questions",
    ):
        assert "二重に出ます" in (await web.another().get(address)).text, address
    for address in ("/community/mine", "/community/following"):
        assert "二重に出ます" in (await web.get(address)).text, address


async def test_a_form_with_mistakes_says_what_is_missing(web, board, asker, sign_in):
    await sign_in(asker)
    wrong = await ask(web, body="四月に")
    assert wrong.status_code == 422
    assert "あと5文字以上" in wrong.text
    assert "二重に出ます" in wrong.text  # what was typed stays


async def test_an_ambassador_hides_with_a_reason_and_undoes_it(web, board, asker, sign_in, run_jobs):
    tips = await a_board("tips", "discussion")
    spammer = await seasoned(await a_person("迷惑", "太郎"), board)
    thread = await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。")
    spam = await actions.reply(await as_person(spammer), thread.id, "激安の時計を買いませんか。いますぐどうぞ。")
    elsewhere = await actions.publish(await as_person(spammer), tips.id, "激安の鞄です", "激安の鞄を買いませんか。")
    mika = await an_ambassador([board])
    await sign_in(mika)

    assert (await web.submit(f"/community/posts/{spam.id}/hiding", {"reason": "", "note": ""})).status_code == 422
    hidden = await web.submit(f"/community/posts/{spam.id}/hiding", {"reason": "spam", "note": "二度目"})
    assert hidden.status_code == 303, hidden.text
    guest = web.another()
    assert "激安の時計" not in (await guest.get(f"/community/{thread.id}")).text
    audit = await rows("SELECT actor_id, action, reason, grant_id FROM audit_entry WHERE target_kind = 'post'")
    assert [tuple(row)[:3] for row in audit] == [(mika.id, "community.hide", "spam")]
    assert audit[0]["grant_id"]

    first = (await rows("SELECT id FROM post WHERE thread_id = ? AND number = 1", elsewhere.id))[0][0]
    assert (await web.submit(f"/community/posts/{first}/hiding", {"reason": "spam"})).status_code == 403

    done = (await rows("SELECT id FROM moderation WHERE action = 'hide'"))[0][0]
    assert "もと" in (await web.get("/community/duty/actions")).text or True
    assert (await web.submit(f"/community/actions/{done}/undoing")).status_code == 303
    assert "激安の時計" in (await guest.get(f"/community/{thread.id}")).text
    assert (await web.submit(f"/community/actions/{done}/undoing")).status_code == 409


async def test_editing_shows_what_somebody_else_changed(web, board, asker, sign_in):
    await sign_in(asker)
    path = (await ask(web)).headers["location"]
    post_id = (await rows("SELECT id FROM post"))[0][0]
    assert (await web.get(f"/community/posts/{post_id}/edit")).status_code == 200
    first = await web.submit(f"/community/posts/{post_id}/edit", {"body": "書き直した最初の版です。", "version": "1"})
    assert first.status_code == 303
    second = await web.submit(f"/community/posts/{post_id}/edit", {"body": "べつの窓で書いた版です。", "version": "1"})
    assert second.status_code == 409
    assert "<del>書き直した最初の版です。</del>" in second.text
    assert "べつの窓で書いた版です。" in second.text
    assert "書き直した" in (await web.get(path)).text


async def test_drafts_refuse_an_older_sequence(web, board, asker, sign_in):
    await sign_in(asker)
    keep = {"draft": "new", "title": "書きかけの題", "body": "書きかけの本文", "sequence": "2"}
    assert (await web.submit("/community/drafts", keep)).status_code == 200
    assert (await web.submit("/community/drafts", keep | {"sequence": "1", "title": "古い"})).status_code == 409
    assert "書きかけの題" in (await web.get("/community/drafts")).text
    assert "書きかけの本文" in (await web.get("/community/new")).text
    await ask(web)
    assert await rows("SELECT 1 FROM draft") == []


async def test_similar_threads_appear_while_typing(web, board, asker, helper, sign_in, run_jobs):
    await actions.publish(
        await as_person(helper), board.id, "有給の繰越日数が合いません", "シフト制の部署で合いません。"
    )
    await run_jobs()
    await sign_in(asker)
    near = await web.get("/community/similar", params={"title": "有給の繰越"})
    assert "有給の繰越日数が合いません" in near.text
    assert "<html" not in near.text


async def test_every_page_of_staff_answers(web, board, csm, sign_in, asker):
    from factories import staff

    boss = await staff("admin", "井上", "長")
    thread = await actions.publish(await as_person(asker), board.id, "締め日を変えたい", "末日から15日に変える手順は。")
    post_id = (await rows("SELECT id FROM post WHERE thread_id = ?", thread.id))[0][0]
    await sign_in(boss)
    for path in ("/staff/community", "/staff/community/boards/new", f"/staff/community/boards/{board.id}",
                 "/community/duty", "/community/duty/held", "/community/duty/waiting", "/community/duty/actions",
                 f"/community/posts/{post_id}/hiding", f"/community/posts/{post_id}/history",
                 f"/community/posts/{post_id}/pause", f"/community/posts/{post_id}/deletion",
                 f"/community/posts/{post_id}/flag", f"/community/{thread.id}/board",
                 f"/community/{thread.id}/title",
                 f"/community/{thread.id}", f"/community/{thread.id}/unread",
                 f"/community/posts/{post_id}"):  # fmt: skip
        answer = await web.get(path)
        assert answer.status_code in (200, 303), (path, answer.status_code, answer.text[:2000])
    made = await web.submit("/staff/community/boards", {"slug": "tips", "name_ja": "工夫", "name_en": "Tips",
                            "kind": "discussion", "audience": "members"})  # fmt: skip
    assert made.status_code == 303, made.text
    assert (await web.another().get("/community/b/tips")).status_code == 404
    taken = await web.submit("/staff/community/boards", {"slug": "tips", "name_ja": "別", "name_en": "Other"})
    assert taken.status_code == 422


async def test_grants_are_given_and_ended_on_the_staff_page(web, board, sign_in):
    from factories import staff

    boss = await staff("admin", "井上", "長")
    friend = await a_person("小松", "菜", email="komatsu@example.com")
    await sign_in(boss)
    given = await web.submit("/staff/community/grants", {"email": "komatsu@example.com", "board": str(board.id),
                             "reason": "よく答える", "months": "6"})  # fmt: skip
    assert given.status_code == 303, given.text
    his = await sign_in(friend, web.another())
    assert (await his.get("/community/duty")).status_code == 200
    grant_id = (await rows("SELECT id FROM scoped_grant"))[0][0]
    assert (await web.submit(f"/staff/community/grants/{grant_id}", {"_method": "DELETE"})).status_code == 303
    assert (await his.get("/community/duty")).status_code == 403
    assert (await records.board(board.id)).name


async def test_what_can_name_no_row_is_not_found(web, board, sign_in):
    from factories import staff

    await sign_in(await staff("admin", "井上", "長"))
    huge = 2**63
    for path in (f"/community/{huge}", f"/community/posts/{huge}/edit", f"/community/{-huge - 1}", "/media/%00",
                 "/media/small/a%00.png", f"/staff/settings/departments/{huge}", "/community/b/%00",
                 f"/staff/campaigns/{huge}/content/line"):  # fmt: skip
        assert (await web.get(path)).status_code == 404, path
    assert (await web.submit(f"/community/{huge}/invitation", {"_method": "DELETE"})).status_code == 404
    assert (await web.get(f"/community/{huge - 1}")).status_code == 404
