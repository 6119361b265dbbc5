"""What nobody read reaches a colleague on Slack, once; what Slack does not certainly take goes by mail."""

from __future__ import annotations

import asyncio
import email
from datetime import timedelta
from email import policy as mail_policy
from typing import Any

import pytest

from channels import connections
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from core.refs import Ref
from customers import notices
from customers.models import Account, Notice, NoticeChoice, NoticeLetter, Touch
from customers.noticing import direct, rounds
from customers.people import link
from factories import an_account, staff
from wires import *  # noqa: F403

pytestmark = pytest.mark.anyio


async def on_slack(slack: Any, **more: Any) -> tuple[Any, Account]:
    """A CSM with a Slack account who wants signs of risk there, and their company, whose health fell."""
    csm = await staff("csm", **more)
    account = await an_account("株式会社<水面>&フーズ", csm_id=csm.id)
    await link("slack", f"{slack.team.id}:{slack.person('Hiyori')}", csm.id, source="test", verified_at=now())
    await NoticeChoice.create(person_id=csm.id, group_name="risks", way="slack", changed_at=now())
    await fell(csm, account, "health_alert:1")
    return csm, account


async def fell(csm: Any, account: Account, key: str) -> None:
    await notices.tell([csm.id], about=Ref("account", account.id), kind="customers.health_fell", key=key,
                       url=f"/staff/customers/{account.id}",
                       data={"account": account.name, "before": 78, "after": 41})  # fmt: skip


async def minutes_pass(run_jobs: Any) -> None:
    await rounds.begin(now() + timedelta(minutes=11))
    await run_jobs()


async def mails() -> list[Any]:
    found = await rows("SELECT content FROM mail ORDER BY id")
    return [email.message_from_bytes(bytes(row[0]), policy=mail_policy.default) for row in found]


async def test_a_colleague_is_told_in_a_direct_message_with_the_record(
    web: Any, sign_in: Any, slack: Any, slack_team: Any, run_jobs: Any
) -> None:
    csm, account = await on_slack(slack)
    await minutes_pass(run_jobs)
    await minutes_pass(run_jobs)
    [post] = slack.sent
    assert post.channel in slack.team.channels and slack.refused == []
    assert post.text == "株式会社&lt;水面&gt;&amp;フーズの健康度が78から41に下がりました"
    said = post.blocks[0]["text"]["text"]
    assert "*お客様の危険な兆し*" in said and "株式会社&lt;水面&gt;&amp;フーズ" in said
    letter = await NoticeLetter.get()
    assert (letter.way, letter.state, letter.group_names) == ("slack", "sent", ["risks"])
    path = f"/n/{letter.token}/{(await Notice.get()).id}"
    assert path in said
    assert (await web.get(path)).headers["location"] == f"/staff/customers/{account.id}"
    assert [(one.channel, one.kind, one.is_counted) for one in await Touch.all()] == [("slack", "notice", False)]
    assert await mails() == []
    await sign_in(csm)
    assert "すぐに Slack" in (await web.get("/me/notices")).text


@pytest.mark.parametrize(
    "fault, state",
    [({"status": 200, "body": {"ok": False, "error": "channel_not_found"}}, "failed"),
     ({"drop": True, "after": True}, "uncertain"), ({"status": 503, "body": {"ok": False}}, "uncertain")],
)  # fmt: skip
async def test_what_slack_does_not_take_goes_by_mail(
    slack: Any, slack_team: Any, run_jobs: Any, fault: dict[str, Any], state: str
) -> None:
    csm, _account = await on_slack(slack)
    slack.faults.next("chat.postMessage", **fault)
    await minutes_pass(run_jobs)
    [sent] = await mails()
    assert sent["To"] == csm.email
    assert {one.way: one.state for one in await NoticeLetter.all()} == {"slack": state, "email": "sent"}
    posted = len(slack.sent)
    await minutes_pass(run_jobs)
    assert len(await mails()) == 1 and len(slack.sent) == posted, "neither is told again"


async def test_slack_says_later_and_is_obeyed(slack: Any, slack_team: Any, run_jobs: Any) -> None:
    await on_slack(slack)
    body = {"ok": False, "error": "ratelimited"}
    slack.faults.next("chat.postMessage", status=429, headers={"Retry-After": "3"}, body=body)
    await minutes_pass(run_jobs)
    assert (await NoticeLetter.get()).state == "waiting" and slack.sent == []
    await asyncio.sleep(3.2)
    await run_jobs()
    assert len(slack.sent) == 1 and (await NoticeLetter.get()).state == "sent"
    assert await mails() == []


async def test_who_died_while_posting_does_not_post_again(slack: Any, slack_team: Any, run_jobs: Any) -> None:
    csm, _account = await on_slack(slack)
    await rounds.begin(now() + timedelta(minutes=11))
    mark = str((await rows("SELECT due_at FROM notice"))[0][0])
    await rounds.tell_person(person_id=csm.id, mark=mark)
    await write("UPDATE notice_letter SET state = 'attempting'")  # committed, then the process was killed
    await run_jobs()
    assert slack.sent == [] and [one["To"] for one in await mails()] == [csm.email]
    [letter] = await NoticeLetter.filter(way="slack")
    assert letter.state == "uncertain" and await direct.deliver(letter_id=letter.id) == "settled already"


async def test_no_account_a_paused_connection_or_another_csm(slack: Any, slack_team: Any, run_jobs: Any) -> None:
    csm, account = await on_slack(slack)
    enter(Here(principal=SYSTEM))
    await connections.set_state(slack_team.id, "paused")
    await minutes_pass(run_jobs)
    assert [one["To"] for one in await mails()] == [csm.email] and slack.sent == []
    await connections.set_state(slack_team.id, "active")
    await write("UPDATE identity SET verified_at = NULL WHERE kind = 'slack'")
    await fell(csm, account, "health_alert:2")
    await minutes_pass(run_jobs)
    assert len(await mails()) == 2 and slack.sent == [], "what nobody verified is no account"
    await write("UPDATE identity SET verified_at = ? WHERE kind = 'slack'", now())
    await fell(csm, account, "health_alert:3")
    await write("UPDATE account SET csm_id = NULL")
    await minutes_pass(run_jobs)
    assert len(await mails()) == 2 and slack.sent == [], "the company is another's now"
