"""A question on LINE: answered with its source, or in a person's hands."""

from datetime import timedelta

from core.clock import now
from core.database import rows
from customers.models import Notice
from customers.people import link
from factories import a_person, an_account, member_of, staff
from fakes.line import FakeLine
from inbox.actions import ownership, replies
from inbox.models import Conversation, Message, Outgoing
from wires import *  # noqa: F403
from wires import LINE, as_person


async def ask(line: FakeLine, web, run_jobs, user: str, *texts: str) -> Conversation:
    for text in texts:
        assert (await line.deliver(LINE, [line.text(user, text)], client=web)).status_code == 200
        await run_jobs()
    return await Conversation.all().order_by("-id").first()


async def test_a_known_question_is_answered_for_free_with_its_source(web, line, line_channel, faq, run_jobs):
    mika = line.person("Mika")
    conversation = await ask(line, web, run_jobs, mika, "パスワードを忘れたときはどうすればいいですか")
    [sent] = line.sent
    assert sent.kind == "reply"
    assert "http://127.0.0.1:8000/help/1" in sent.texts[0]
    assert [item["action"]["label"] for item in sent.messages[0]["quickReply"]["items"]] == [
        "解決した", "まだ解決しない", "人に聞く",
    ]  # fmt: skip
    assert (conversation.state, conversation.name) == ("bot", "Mika")
    assert line.refused == []
    assert (await Outgoing.get()).state == "sent"
    assert [row[0] for row in await rows("SELECT surface FROM search_query")] == ["bot"]


async def test_it_helped_is_recorded(web, line, line_channel, faq, run_jobs):
    mika = line.person("Mika")
    await ask(line, web, run_jobs, mika, "パスワードを忘れたときはどうすればいいですか")
    data = line.sent[0].messages[0]["quickReply"]["items"][0]["action"]["data"]
    await line.deliver(LINE, [line.postback(mika, data)], client=web)
    await run_jobs()
    assert [row[0] for row in await rows("SELECT outcome FROM search_query")] == ["solved"]
    assert len(line.sent) == 2


async def test_not_yet_twice_goes_to_a_person(web, line, line_channel, faq, run_jobs, open_hours):
    mika = line.person("Mika")
    for _ in range(2):
        await ask(line, web, run_jobs, mika, "パスワードを忘れたときはどうすればいいですか")
        data = line.sent[-1].messages[0]["quickReply"]["items"][1]["action"]["data"]
        await line.deliver(LINE, [line.postback(mika, data)], client=web)
        await run_jobs()
    conversation = await Conversation.get()
    assert conversation.state in ("bot", "waiting")


async def test_an_unknown_question_goes_to_a_person_with_a_summary(web, line, line_channel, faq, run_jobs, open_hours):
    conversation = await ask(line, web, run_jobs, line.person("Mika"), "宇宙船の操縦桿が重いです")
    assert (conversation.state, conversation.waiting_reason) == ("waiting", "unknown")
    assert conversation.waiting_since is not None
    assert conversation.sla_due_at is not None
    assert conversation.summary["question"] == "宇宙船の操縦桿が重いです"
    assert line.sent[0].texts == ["担当者が返信します。目安は4営業時間以内です。"]


async def test_asking_for_a_person(web, line, line_channel, faq, run_jobs):
    conversation = await ask(line, web, run_jobs, line.person("Mika"), "パスワードの件、人と話したいです")
    assert (conversation.state, conversation.waiting_reason, conversation.priority) == ("waiting", "asked", 0)


async def test_cancelling_comes_first(web, line, line_channel, faq, run_jobs):
    conversation = await ask(line, web, run_jobs, line.person("Mika"), "解約したいので手続きを教えてください")
    assert (conversation.state, conversation.waiting_reason, conversation.priority) == ("waiting", "cancel", 1)


async def test_a_high_touch_account_goes_to_its_csm_and_the_bot_is_silent(
    web, line, line_channel, faq, run_jobs, open_hours
):
    csm = await staff("csm")
    account = await an_account("株式会社青葉渡工業", tier="high", tier_source="manual", csm_id=csm.id)
    person = await a_person("三輪", "さつき", account=account)
    mika = line.person("Mika")
    await link("line", mika, person.id, source="test", verified_at=now())
    conversation = await ask(line, web, run_jobs, mika, "パスワードを忘れたときはどうすればいいですか")
    assert (conversation.state, conversation.owner_id, conversation.account_id) == ("waiting", csm.id, account.id)
    assert conversation.waiting_reason == "high_tier"
    assert line.sent == []
    assert [notice.person_id for notice in await Notice.filter(kind="inbox.waiting")] == [csm.id]


async def test_somebody_unlinked_who_claims_such_a_company_goes_to_a_person(web, line, line_channel, faq, run_jobs):
    await an_account("株式会社青葉渡工業", tier="high", tier_source="manual")
    conversation = await ask(line, web, run_jobs, line.person("Mika"), "青葉渡工業の田中です。パスワードを忘れました")
    assert (conversation.state, conversation.waiting_reason) == ("waiting", "claims_account")


async def test_members_articles_are_for_members(web, line, line_channel, faq, run_jobs):
    from wires import an_article

    account = await an_account()
    await an_article("特別な機能の使い方", "特別な機能はここです。", number=9, audience={f"account:{account.id}"})
    stranger, member = line.person("Stranger"), line.person("Member")
    person = await a_person(account=account)
    await link("line", member, person.id, source="test", verified_at=now())
    assert (await ask(line, web, run_jobs, stranger, "特別な機能の使い方")).state == "waiting"
    assert (await ask(line, web, run_jobs, member, "特別な機能の使い方")).state == "bot"
    assert not any("/help/9" in text for sent in line.sent if stranger in sent.to for text in sent.texts)
    assert any("/help/9" in text for sent in line.sent if member in sent.to for text in sent.texts)


async def test_a_person_takes_over_and_the_reply_arrives_once(web, line, line_channel, faq, run_jobs):
    mika = line.person("Mika")
    conversation = await ask(line, web, run_jobs, mika, "人と話したいです")
    as_person(await staff("csm"))
    before = len(line.sent)
    for _ in range(2):  # a double click
        await replies.reply(conversation.id, "お待たせしました。確認しています。", key="k1")
    await run_jobs()
    assert [sent.texts for sent in line.sent[before:]] == [["お待たせしました。確認しています。"]]
    assert line.sent[-1].kind == "push"
    assert line.sent[-1].retry_key
    conversation = await Conversation.get()
    assert conversation.state == "human"
    assert conversation.first_response_at is not None
    await ask(line, web, run_jobs, mika, "パスワードを忘れたときはどうすればいいですか")
    assert len(line.sent) == before + 1, "the bot is silent while a person has it"


async def test_what_was_queued_by_the_bot_is_cancelled_by_a_takeover(web, line, line_channel, faq, run_jobs):
    from bots.considering import consider

    mika = line.person("Mika")
    await line.deliver(LINE, [line.text(mika, "こんにちは")], client=web)
    await run_jobs()
    await line.deliver(LINE, [line.text(mika, "パスワードを忘れたとき")], client=web)
    from bots.jobs import take_in
    from channels.models import Arrival

    arrival = await Arrival.filter(state="waiting").first()
    await take_in(arrival_id=arrival.id)
    message = await Message.filter(sender="person").order_by("-id").first()
    conversation = await Conversation.get()
    assert await consider(conversation.id, message.id, conversation.epoch) == "answer"
    before = len(line.sent)
    as_person(await staff("csm"))
    await ownership.take_over(conversation.id)
    await run_jobs()
    assert len(line.sent) == before
    assert (await Outgoing.all().order_by("-id").first()).state == "cancelled"


async def test_given_back_the_bot_answers_later_questions_only(web, line, line_channel, faq, run_jobs):
    mika = line.person("Mika")
    conversation = await ask(line, web, run_jobs, mika, "人と話したいです")
    as_person(await staff("csm"))
    await ownership.take_over(conversation.id)
    await ownership.hand_back(conversation.id)
    early = line.text(mika, "請求書をダウンロードする", at=int((now() - timedelta(minutes=10)).timestamp() * 1000))
    before = len(line.sent)
    await line.deliver(LINE, [early], client=web)
    await run_jobs()
    assert (await Conversation.get()).waiting_reason == "late"
    assert not any("/help/2" in text for sent in line.sent[before:] for text in sent.texts)


async def test_a_picture_is_copied_at_once(web, line, line_channel, run_jobs):
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(buffer, "PNG")
    await line.deliver(LINE, [line.image(line.person("Mika"), buffer.getvalue(), "image/png")], client=web)
    await run_jobs()
    message = await Message.filter(sender="person").first()
    assert message.data["attachments"][0]["media"].endswith(".png")
    assert (await Conversation.get()).waiting_reason == "attachment"


async def test_an_unsent_message_loses_its_words(web, line, line_channel, run_jobs):
    mika = line.person("Mika")
    event = line.text(mika, "秘密の番号は1234です")
    await line.deliver(LINE, [event], client=web)
    await run_jobs()
    await line.deliver(LINE, [line.unsend(mika, event)], client=web)
    await run_jobs()
    message = await Message.filter(sender="person").first()
    assert (message.body, message.state) == ("", "taken_back")


async def test_standby_and_groups_are_left_alone(web, line, line_channel, faq, run_jobs):
    mika = line.person("Mika")
    await line.deliver(LINE, [line.text(mika, "パスワードを忘れた", mode="standby")], client=web)
    await line.deliver(LINE, [line.text(mika, "パスワードを忘れた", group="C" + "a" * 32)], client=web)
    await run_jobs()
    assert await Conversation.all().count() == 0
    assert line.sent == []


async def test_a_late_answer_spends_the_token_on_a_button_and_the_tap_frees_it(
    web, line, line_channel, faq, run_jobs, open_hours
):
    from bots.jobs import offer_button

    csm = await staff("csm")
    account = await an_account("株式会社青葉渡工業", tier="high", tier_source="manual", csm_id=csm.id)
    person = await a_person("三輪", "さつき", account=account)
    mika = line.person("Mika")
    await link("line", mika, person.id, source="test", verified_at=now())
    conversation = await ask(line, web, run_jobs, mika, "教えてください")
    message = await Message.filter(sender="person").first()
    await offer_button(conversation_id=conversation.id, message_id=message.id, token=conversation.reply_token)
    await run_jobs()
    [sent] = line.sent
    assert (sent.kind, sent.messages[0]["type"]) == ("reply", "template")
    tap = sent.messages[0]["template"]["actions"][0]["data"]
    await line.deliver(LINE, [line.postback(mika, tap)], client=web)
    await run_jobs()
    as_person(csm)
    await replies.reply(conversation.id, "こちらです。", key="k")
    await run_jobs()
    assert line.sent[-1].texts == ["こちらです。"]
    assert line.channel.consumed <= 1


async def test_two_accounts_of_one_person_the_high_one_counts(web, line, line_channel, faq, run_jobs):
    low, high = await an_account(), await an_account("株式会社高い", tier="high", tier_source="manual")
    person = await a_person(account=low)
    await member_of(person, high)
    mika = line.person("Mika")
    await link("line", mika, person.id, source="test", verified_at=now())
    assert (await ask(line, web, run_jobs, mika, "パスワードを忘れた")).waiting_reason == "high_tier"
