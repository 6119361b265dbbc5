"""A question on Slack: by event, by command, by button; the CSM answers from the inbox."""

from channels import connections
from core.clock import now
from core.database import rows
from customers.models import Identity, Notice
from customers.people import link
from factories import a_person, an_account, staff
from inbox.actions import replies
from inbox.models import Conversation, Message, Outgoing
from wires import *  # noqa: F403
from wires import SLACK, as_person


async def test_a_known_question_is_answered_with_buttons(web, slack, slack_team, faq, run_jobs):
    mika = slack.person("Mika")
    await slack.deliver(SLACK, slack.message(mika, "パスワードを忘れたときはどうすればいいですか"), client=web)
    await run_jobs()
    [post] = slack.sent
    assert "/help/1" in post.blocks[0]["text"]["text"]
    assert [one["text"]["text"] for one in post.blocks[1]["elements"]] == ["解決した", "まだ解決しない", "人に聞く"]
    assert slack.refused == []
    click = slack.block_actions(mika, "engawa_0", post.blocks[1]["elements"][0]["value"], message=post)
    await slack.interact(SLACK, click, client=web)
    await run_jobs()
    assert [row[0] for row in await rows("SELECT outcome FROM search_query")] == ["solved"]


async def test_a_mention_in_a_channel_is_answered_once_in_its_thread(web, slack, slack_team, faq, run_jobs):
    mika, channel = slack.person("Mika"), slack.channel("help")
    mention = slack.app_mention(mika, "請求書をダウンロードするには", channel)
    message = slack.event(mention["event"] | {"type": "message", "channel_type": "channel"})
    for envelope in (mention, message):
        await slack.deliver(SLACK, envelope, client=web)
    await run_jobs()
    [post] = slack.sent
    assert post.thread_ts == mention["event"]["ts"]
    assert await Message.filter(sender="person").count() == 1


async def test_a_command_is_answered_in_the_direct_message(web, slack, slack_team, faq, run_jobs):
    mika = slack.person("Mika")
    command = slack.slash_command(mika, "/engawa", "請求書をダウンロードする")
    await slack.command(SLACK, command, client=web)
    await run_jobs()
    assert "/help/2" in slack.sent[0].text
    assert slack.responses == []


async def test_a_team_stands_for_its_account_and_the_csm_replies(web, slack, slack_team, faq, run_jobs, open_hours):
    csm = await staff("csm")
    account = await an_account("株式会社青葉渡工業", tier="high", tier_source="manual", csm_id=csm.id)
    guest = slack.add_team("Aobato")
    await connections.change_settings(slack_team.id, teams={guest.id: account.id})
    channel = slack.channel("shared")
    envelope = slack.app_mention(guest.person("Satsuki"), "パスワードを忘れました", channel)
    envelope["event"] |= {"team": guest.id, "user_team": guest.id}
    await slack.deliver(SLACK, envelope, client=web)
    await run_jobs()
    conversation = await Conversation.get()
    assert (conversation.state, conversation.owner_id) == ("waiting", csm.id)
    assert slack.sent == []
    assert await Notice.filter(person_id=csm.id, kind="inbox.waiting").count() == 1
    as_person(csm)
    await replies.reply(conversation.id, "再設定のメールを送りました。", key="k")
    await run_jobs()
    [post] = slack.sent
    assert (post.text, post.thread_ts) == ("再設定のメールを送りました。", envelope["event"]["ts"])
    assert (await Conversation.get()).state == "human"


async def test_what_one_of_us_writes_in_the_thread_is_a_note(web, slack, slack_team, faq, run_jobs):
    colleague = await staff("csm")
    hana = slack.person("Hana")
    await link("slack", f"{slack.team.id}:{hana}", colleague.id, source="test", verified_at=now())
    channel = slack.channel("shared")
    mention = slack.app_mention(slack.person("Mika"), "人と話したいです", channel)
    await slack.deliver(SLACK, mention, client=web)
    await run_jobs()
    before = len(slack.sent)
    note = slack.message(hana, "4月の取り込みを見てください", channel, thread_ts=mention["event"]["ts"])
    await slack.deliver(SLACK, note, client=web)
    await run_jobs()
    assert [m.body for m in await Message.filter(sender="note")] == ["4月の取り込みを見てください"]
    assert len(slack.sent) == before


async def test_an_email_links_only_where_the_directory_is_trusted(web, slack, slack_team, faq, run_jobs):
    person = await a_person(email="mika@example.com")
    mika = slack.person("Mika", email="mika@example.com")
    await slack.deliver(SLACK, slack.message(mika, "こんにちは"), client=web)
    await run_jobs()
    assert not await Identity.filter(kind="slack").exists()
    await connections.change_settings(slack_team.id, trusts_email=[slack.team.id])
    ken = slack.person("Ken", email="mika@example.com")
    await slack.deliver(SLACK, slack.message(ken, "こんにちは"), client=web)
    await run_jobs()
    assert (await Identity.get(kind="slack")).person_id == person.id


async def test_slack_asks_to_come_back_later_and_is_obeyed(web, slack, slack_team, faq, run_jobs):
    body = {"ok": False, "error": "ratelimited"}
    slack.faults.next("chat.postMessage", status=429, headers={"Retry-After": "1"}, body=body)
    await slack.deliver(SLACK, slack.message(slack.person("Mika"), "請求書をダウンロードする"), client=web)
    await run_jobs()
    assert (await Outgoing.get()).state == "queued"
    import asyncio

    await asyncio.sleep(1.2)
    await run_jobs()
    assert (await Outgoing.get()).state == "sent"
    assert len(slack.sent) == 1


async def test_an_unclear_end_is_not_repeated_on_slack(web, slack, slack_team, faq, run_jobs):
    slack.faults.next("chat.postMessage", drop=True, after=True)
    await slack.deliver(SLACK, slack.message(slack.person("Mika"), "請求書をダウンロードする"), client=web)
    await run_jobs()
    assert (await Outgoing.get()).state == "uncertain"
    assert len(slack.sent) == 1


async def test_one_message_a_second_and_channel(web, slack, slack_team, faq, run_jobs):
    import asyncio

    slack.rate_limiting = True
    channel = slack.channel("busy")
    for n in range(3):
        mention = slack.app_mention(slack.person(f"P{n}"), "請求書をダウンロードする", channel)
        await slack.deliver(SLACK, mention, client=web)
    for _ in range(6):
        await run_jobs()
        await asyncio.sleep(0.6)
    assert len(slack.sent) == 3
    assert slack.throttled == []


async def test_a_removed_app_revokes_the_connection(web, slack, slack_team, run_jobs):
    await slack.deliver(SLACK, slack.app_uninstalled(), client=web)
    await run_jobs()
    assert (await connections.by_id(slack_team.id)).state == "revoked"
