"""Departments hear on Slack what concerns them: once, with the company's record, and what became of each message."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from channels import connections
from community import actions
from community.routing import calling
from community_house import a_board
from community_house import as_person as principal_of
from core.clock import local_day, now, when
from core.database import rows, write
from core.i18n import speaking
from customers import alerts, departments
from customers.departments import ended, posting
from customers.models import Department, DepartmentPost, ProductRequest
from customers.requests import deciding, writing
from customers.requests.deciding import Verdict
from customers.requests.writing import Wanted
from factories import a_contract, a_person, an_account, staff
from inbox import escalation
from inbox.models import Conversation
from requests_parts import a_manager, a_voice
from wires import *  # noqa: F403

pytestmark = pytest.mark.anyio
HOME = "/staff/settings/departments"


def form(slack_team: Any, **more: Any) -> dict[str, Any]:
    return {"name": "営業部", "connection": slack_team.id, "channel": "C0SALES", "language": "ja",
            "kinds": ["health.fell", "contract.ended"], "tiers": ["high"]} | more  # fmt: skip


async def a_channel(slack: Any, slack_team: Any, **more: Any) -> Department:
    values = {"name": "営業部", "connection_id": slack_team.id, "channel": slack.channel("sales"),
              "kinds": list(departments.KINDS), "tiers": [], "created_at": now(), "updated_at": now()}  # fmt: skip
    return await Department.create(**(values | more))


async def fell(account: Any, key: str = "1") -> int:
    return await departments.tell("health.fell", key=f"health_alert:{key}", account_id=account.id, before=78, after=41)


async def states() -> list[str]:
    return [one.state for one in await DepartmentPost.all().order_by("id")]


async def test_an_administrator_chooses_and_the_channel_hears_with_the_record(
    web: Any, sign_in: Any, slack: Any, slack_team: Any, run_jobs: Any
) -> None:
    await sign_in(await staff("admin"))
    channel = slack.channel("sales")
    assert (await web.submit(HOME, form(slack_team, channel="#sales"))).status_code == 422
    assert (await web.submit(HOME, form(slack_team, kinds=[]))).status_code == 422
    assert (await web.submit(HOME, form(slack_team, kinds=["health.fell", "nonsense"]))).status_code == 422
    assert (await web.submit(HOME, form(slack_team, connection=slack_team.id + 9))).status_code == 422
    assert await Department.all().count() == 0
    made = await web.submit(HOME, form(slack_team, channel=channel))
    assert made.status_code == 303
    one = await Department.get()
    assert (await web.submit(f"{HOME}/{one.id}/test")).status_code == 303
    await run_jobs()
    [post] = slack.sent
    assert post.channel == channel and "テスト" in post.text
    csm = await staff("csm")
    account = await an_account("株式会社<水面>", tier="high", phase="renewal", health=41, csm_id=csm.id)
    await a_contract(account, renews_on=local_day() + timedelta(days=40), amount=987_654)
    await write("UPDATE pace SET next_at = ?", now() - timedelta(seconds=5))
    assert await fell(account) == 1 and await fell(account) == 0
    await run_jobs()
    post = slack.sent[-1]
    assert len(slack.sent) == 2 and slack.refused == []
    assert post.text == "株式会社&lt;水面&gt;: 健康度が78から41に下がりました"
    said = "\n".join(block["text"]["text"] for block in post.blocks)
    assert (
        f"/staff/customers/{account.id}|株式会社&lt;水面&gt;" in said and "ハイタッチ" in said and "41（危険）" in said
    )
    assert csm.family_name in said and "987" not in said  # no amounts: a channel has no role
    assert (await web.get(f"{HOME}/{one.id}")).text.count("届いた") == 2 and await states() == ["sent", "sent"]
    audited = await rows("SELECT action FROM audit_entry WHERE action LIKE 'department.%'")
    assert [row[0] for row in audited] == ["department.add"]


async def test_what_a_customer_calls_a_question_calls_nobody_on_slack(
    slack: Any, slack_team: Any, run_jobs: Any
) -> None:
    await a_channel(slack, slack_team)
    title = "<!channel> <https://evil.example|Engawa> & 請求書"
    await a_silent_question(await a_board(), title)
    await run_jobs()
    [post] = slack.sent
    said = post.text + "".join(block["text"]["text"] for block in post.blocks)
    assert said.count("&lt;!channel&gt;") == 2 and "<!" not in said and "<https://evil" not in said


async def test_a_night_in_which_much_happens_is_posted_second_by_second(
    slack: Any, slack_team: Any, run_jobs: Any
) -> None:
    await a_channel(slack, slack_team)
    account = await an_account()
    await fell(account, "first")
    await run_jobs()
    assert len(slack.sent) == 1
    # As in the second after a post; an hour long, so that a slow machine does not get through with all of them.
    await write("UPDATE pace SET next_at = ?", now() + timedelta(hours=1))
    for n in range(12):
        await fell(account, str(n))
    await run_jobs()
    waiting = await rows("SELECT due_at FROM promise WHERE name LIKE '%departments.posting.deliver'"
                         " AND state = 'waiting' ORDER BY due_at")  # fmt: skip
    assert len(waiting) == 12 and len(slack.sent) == 1
    # Each comes in its own second; were it all of them in every one, a hundred would be five thousand runs.
    due = [when(row[0]) for row in waiting]
    assert [one - due[0] for one in due] == [timedelta(seconds=n) for n in range(12)]


async def test_only_what_was_chosen_of_the_tiers_that_were_chosen(slack: Any, slack_team: Any, run_jobs: Any) -> None:
    one = await a_channel(slack, slack_team, kinds=["contract.ended"], tiers=["high"])
    high, low = await an_account(tier="high"), await an_account(tier="low")
    assert await fell(high) == 0
    for account in (high, low):
        await a_contract(account, starts_on=local_day() - timedelta(days=400), ended_on=local_day(),
                         end_reason="could_not_master")  # fmt: skip
    await a_contract(high, starts_on=local_day() - timedelta(days=400), ended_on=local_day() - timedelta(days=20))
    assert await ended.tell_of_ends() == 1 and await ended.tell_of_ends() == 0
    await run_jobs()
    assert "使いこなせなかった" in slack.sent[0].text and len(slack.sent) == 1
    await Department.filter(id=one.id).update(state="paused")
    await a_contract(high, starts_on=local_day() - timedelta(days=400), ended_on=local_day())
    assert await ended.tell_of_ends() == 0


@pytest.mark.parametrize(
    "fault, state",
    [({"status": 200, "body": {"ok": False, "error": "not_in_channel"}}, "failed"),
     ({"drop": True, "after": True}, "uncertain"), ({"status": 503, "body": {"ok": False}}, "uncertain")],
)  # fmt: skip
async def test_what_slack_does_not_certainly_take_is_left_to_a_person(
    web: Any, sign_in: Any, slack: Any, slack_team: Any, run_jobs: Any, fault: dict[str, Any], state: str
) -> None:
    one = await a_channel(slack, slack_team)
    slack.faults.next("chat.postMessage", **fault)
    await fell(await an_account())
    await run_jobs()
    assert await states() == [state]
    posted = len(slack.sent)
    await sign_in(await staff("admin"))
    post = await DepartmentPost.get()
    assert "もう一度送る" in (await web.get(f"{HOME}/{one.id}")).text
    await write("UPDATE pace SET next_at = ?", now() - timedelta(seconds=5))
    both = [web.submit(f"{HOME}/{one.id}/posts/{post.id}/repetition") for _n in range(2)]
    assert {answer.status_code for answer in await asyncio.gather(*both)} == {303}
    await run_jobs()
    assert await states() == ["sent"] and len(slack.sent) == posted + 1
    assert (await rows("SELECT COUNT(*) FROM audit_entry WHERE action = 'department.repeat'"))[0][0] == 1


async def test_slack_says_later_and_who_died_while_posting_does_not_post_again(
    slack: Any, slack_team: Any, run_jobs: Any
) -> None:
    await a_channel(slack, slack_team)
    slack.faults.next("chat.postMessage", status=429, headers={"Retry-After": "3"},
                      body={"ok": False, "error": "ratelimited"})  # fmt: skip
    await fell(await an_account())
    await run_jobs()
    assert await states() == ["waiting"] and slack.sent == []
    await write("UPDATE promise SET due_at = ? WHERE state = 'waiting'", now())
    await write("UPDATE pace SET next_at = ?", now() - timedelta(seconds=5))
    await run_jobs()
    assert await states() == ["sent"]
    await fell(await an_account(), "2")
    await write("UPDATE department_post SET state = 'attempting' WHERE key = 'health_alert:2'")
    await run_jobs()
    assert await states() == ["sent", "uncertain"] and len(slack.sent) == 1


async def test_what_happens_reaches_the_ledger_of_its_own_accord(slack: Any, slack_team: Any, run_jobs: Any) -> None:
    await a_channel(slack, slack_team)
    account = await an_account()
    await alerts._raise(account.id, 90, 30, [])
    await run_jobs()
    assert [(one.kind, one.account_id) for one in await DepartmentPost.all()] == [("health.fell", account.id)]


async def test_a_disconnected_workspace_leaves_it_out_and_says_so(slack: Any, slack_team: Any, run_jobs: Any) -> None:
    await a_channel(slack, slack_team)
    await connections.set_state(slack_team.id, "paused")
    await fell(await an_account())
    await run_jobs()
    [post] = await DepartmentPost.all()
    assert (post.state, post.reason) == ("skipped", "Slack is not connected") and slack.sent == []


async def test_every_kind_has_its_sentence_in_both_languages(house: Any) -> None:
    said = {"before": 9, "after": 1, "title": "題", "score": 3, "product": "勤怠", "day": "2026-12-01", "companies": 4}
    for kind in [*departments.KINDS, posting.TEST]:
        sentences = set()
        for language in ("ja", "en"):
            with speaking(language):
                sentences.add(posting.sentence_of(kind, said))
        assert len(sentences) == 2, kind


async def test_who_may_not_change_settings_sees_nothing_of_it(web: Any, sign_in: Any, slack_team: Any) -> None:
    await sign_in(await staff("csm"))
    assert (await web.get(HOME)).status_code == 403
    assert (await web.submit(HOME, form(slack_team))).status_code == 403


async def test_a_late_conversation_a_silent_question_and_a_shipped_request_reach_it(
    slack: Any, slack_team: Any, run_jobs: Any
) -> None:
    await a_channel(slack, slack_team)
    account = await an_account("株式会社水面", csm=await staff("csm"))
    talk = await Conversation.create(
        customer_key="k", account_id=account.id, channel="web", state="waiting", preview="まだですか", epoch=3,
        bot_since=now(), last_message_at=now(), created_at=now(),
    )  # fmt: skip
    for _turn in range(2):
        await escalation.escalate(conversation_id=talk.id, epoch=3)
    board, asker = await a_board(), await a_person("三崎", "", account=account)
    thread = await actions.publish(await principal_of(asker), board.id, "宛名を変えたい", "支社にしたいのですが。",
                                   at=now() - timedelta(hours=49))  # fmt: skip
    await calling.call(thread.id, "staff")
    await a_manager()
    request = await writing.open_request(Wanted("一括承認"))
    await a_voice(request, account)
    await deciding.decide(await ProductRequest.get(id=request.id), Verdict("shipped", message="できました"))
    told = [(one.kind, one.account_id) for one in await DepartmentPost.all().order_by("id")]
    assert told == [("conversation.late", account.id), ("question.unanswered", account.id), ("request.shipped", None)]
    await run_jobs()
    assert "1社" in posting.sentence_of("request.shipped", (await DepartmentPost.get(kind="request.shipped")).data)


async def test_what_is_no_longer_true_when_its_turn_comes_is_not_posted(
    web: Any, sign_in: Any, slack: Any, slack_team: Any, run_jobs: Any
) -> None:
    one = await a_channel(slack, slack_team)
    account = await an_account()
    talk = await Conversation.create(
        customer_key="k", account_id=account.id, channel="web", state="waiting", preview="まだですか", epoch=3,
        bot_since=now(), last_message_at=now(), created_at=now(),
    )  # fmt: skip
    await escalation.escalate(conversation_id=talk.id, epoch=3)
    threads = [await a_silent_question(await a_board(slug)) for slug in ("answered", "withdrawn")]
    for contract in [await a_contract(account, starts_on=local_day() - timedelta(days=400), ended_on=local_day(),
                                      end_reason="price") for _n in range(2)]:  # fmt: skip
        assert contract.ended_on
    assert await ended.tell_of_ends() == 2
    await Conversation.filter(id=talk.id).update(state="human", epoch=4)
    csm = await principal_of(await staff("csm"))
    await actions.reply(csm, threads[0].id, "設定の画面で変えられます。")
    await write("UPDATE board SET audience = ? WHERE id = ?", ["staff"], threads[1].board_id)
    await write("UPDATE contract SET ended_on = NULL WHERE id = (SELECT MIN(id) FROM contract)")
    await run_jobs()
    lapsed = {post.kind: post.reason for post in await DepartmentPost.filter(state="lapsed")}
    assert set(lapsed) == {"conversation.late", "question.unanswered", "contract.ended"} and all(lapsed.values())
    assert [post.kind for post in await DepartmentPost.exclude(state="lapsed")] == ["contract.ended"]
    assert len(slack.sent) == 1
    await sign_in(await staff("admin"))
    shown = (await web.get(f"{HOME}/{one.id}")).text
    assert shown.count("もう当てはまらない") == 4 and "この質問はもう回答を待っていません" in shown


async def a_silent_question(board: Any, title: str = "宛名を変えたい") -> Any:
    asker = await principal_of(await a_person("三崎", "", account=await an_account("株式会社岬")))
    thread = await actions.publish(asker, board.id, title, "支社にしたいのですが。",
                                   at=now() - timedelta(hours=49))  # fmt: skip
    await calling.call(thread.id, "staff")
    return thread


def version_in(page: Any) -> str:
    return str(re.search(r'name="version" value="([^"]+)"', page.text)[1])


async def test_of_two_who_change_a_channel_at_once_the_later_is_told(
    web: Any, sign_in: Any, slack: Any, slack_team: Any
) -> None:
    await sign_in(await staff("admin"))
    one = await a_channel(slack, slack_team)
    path = f"{HOME}/{one.id}"
    seen = version_in(await web.get(path))
    first = await web.submit(path, form(slack_team, name="営業", version=seen))
    late = await web.submit(path, form(slack_team, name="開発", version=seen))
    assert (first.status_code, late.status_code) == (303, 409) and "ほかの人" in late.text
    assert (await Department.get()).name == "営業"
    assert (await web.submit(path, form(slack_team, version="99999999999999999999"))).status_code == 422
    seen = version_in(await web.get(path))
    both = [web.submit(path, form(slack_team, name=name, version=seen)) for name in ("一", "二")]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [303, 409]


async def test_no_department_reads_the_title_of_a_private_board(slack: Any, slack_team: Any, run_jobs: Any) -> None:
    await a_channel(slack, slack_team)
    inside, public = await a_board("inside", audience=["staff"]), await a_board("public")
    for board in (inside, public):
        who = await principal_of(await staff("csm"))
        thread = await actions.publish(
            who, board.id, "宛名を変えたい", "支社にしたいのですが。", at=now() - timedelta(hours=49)
        )
        await calling.call(thread.id, "staff")
    told = await rows("SELECT key FROM department_post")
    assert [row[0] for row in told] == [f"question:{thread.id}"]
