"""A bounce and a complaint close an address; a letter becomes a conversation, its answer leaves, and may come back."""

from __future__ import annotations

from io import BytesIO

import pytest
from msgspec.structs import replace
from PIL import Image

from campaigns import rollout
from campaigns.models import Delivery
from campaigns_parts import a_campaign, a_reader, be, piloted
from channels.incoming import keeping
from channels.models import IncomingMail
from core import settings as core_settings
from core.database import rows
from core.models import Brand
from customers import consent
from customers.models import ConsentProof, Notice, Topic, Touchpoint
from customers.rules import AttentionRule, set_rule
from factories import a_person, an_account
from fakes.smtp import FakeSMTP
from inbox.actions.replies import reply
from inbox.models import Conversation, Message, Outgoing
from incoming_mails import bounce, complaint, letter

US = "support@in.tsukimi.example"


@pytest.fixture
async def smtp(house):
    async with FakeSMTP() as server:
        core_settings.use(replace(house.settings, smtp_url=f"smtp://{server.host}:{server.port}?timeout=2",
                                  mail_domains="in.tsukimi.example"))  # fmt: skip
        yield server


@pytest.fixture
async def writer(house):
    await Brand.filter(slug="default").update(
        sender_name="株式会社つきみ計算舎", sender_email="news@tsukimi.example", 
        postal_address="架空県縁側市一丁目1番1号", complaints_contact="support@tsukimi.example",
    )  # fmt: skip
    await Topic.get_or_create(slug="usage", defaults={"name_ja": "使い方", "name_en": "Tips"})
    person = await a_person("白石", "ひより", kind="staff", email="hiyori@tsukimi.example")
    be(person)
    return person


async def comes_in(content: bytes, run_jobs, to: str = US) -> IncomingMail:
    made = await keeping.keep(content, to)
    await run_jobs()
    return await IncomingMail.get(id=made)


async def sent_to(people, run_jobs) -> dict[int, Delivery]:
    campaign = await piloted(await a_campaign(people), [await a_reader(100)], run_jobs)
    step = await rollout.schedule(campaign)
    await run_jobs()
    return {one.person_id: one for one in await Delivery.filter(step_id=step.id)}


async def test_a_bounce_closes_the_address_and_a_forged_one_does_not(house, smtp, writer, run_jobs):
    gone, full, fine = [await a_reader(n) for n in (1, 2, 3)]
    deliveries = await sent_to([gone, full, fine], run_jobs)
    key = deliveries[gone.id].key
    assert smtp.mails_to(gone.email)[0].sender == f"bounce+{key}@tsukimi.example"

    dead = bounce(key, to=gone.email)
    mail = await comes_in(dead, run_jobs, f"bounce+{key}@in.tsukimi.example")
    assert (mail.state, mail.outcome) == ("done", f"delivery {deliveries[gone.id].id}")
    assert await consent.is_suppressed("email", gone.email)
    assert (await Delivery.get(key=key)).state == "failed"
    assert await Touchpoint.filter(person_id=gone.id, kind="campaign.bounced").count() == 1

    soft = deliveries[full.id].key
    await comes_in(
        bounce(soft, status="5.2.2", said="552 5.2.2 mailbox full"), run_jobs, f"bounce+{soft}@in.tsukimi.example"
    )
    assert (await Delivery.get(key=soft)).reason.startswith("soft bounce: 5.2.2")
    assert not await consent.is_suppressed("email", full.email)

    forged = await comes_in(bounce("A" * 32, to=fine.email), run_jobs, f"bounce+{'A' * 32}@in.tsukimi.example")
    assert not await consent.is_suppressed("email", fine.email) and forged.state == "taken"
    assert (await Delivery.get(id=deliveries[fine.id].id)).state == "sent"


async def test_three_soft_bounces_within_two_weeks_close_an_address(house, smtp, writer, run_jobs):
    full = await a_reader(1)
    await set_rule("attention", AttentionRule(per_day=100, per_week=100, per_month=100))
    for n in range(3):
        assert not await consent.is_suppressed("email", full.email)
        campaign = await piloted(await a_campaign([full]), [await a_reader(200 + n)], run_jobs)
        step = await rollout.schedule(campaign)
        await run_jobs()
        delivery = await Delivery.get(step_id=step.id)
        await comes_in(bounce(delivery.key, status="4.2.2"), run_jobs, f"bounce+{delivery.key}@in.tsukimi.example")
    assert await consent.is_suppressed("email", full.email)


async def test_a_complaint_refuses_the_topic_with_its_proof(house, smtp, writer, run_jobs):
    angry = await a_reader(1)
    deliveries = await sent_to([angry], run_jobs)
    await comes_in(complaint(deliveries[angry.id].key), run_jobs, "abuse@in.tsukimi.example")
    assert await consent.is_suppressed("email", angry.email)
    assert await consent.state_of(angry.id, "usage", "email") == "refused"
    assert await ConsentProof.filter(person_id=angry.id, source="complaint").count() == 1


async def test_a_letter_becomes_a_conversation_and_its_answer_a_letter(house, smtp, writer, run_jobs):
    account = await an_account("株式会社水面", tier="high", csm_id=writer.id)
    satsuki = await a_person("三輪", "さつき", account=account, email="satsuki@c.example")
    picture = BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    await comes_in(
        letter("satsuki@c.example", "締めの手順を教えてください。\n\n> 前の文", picture=picture.getvalue()), run_jobs
    )

    conversation = await Conversation.get()
    assert (conversation.person_id, conversation.account_id, conversation.channel) == (satsuki.id, account.id, "email")
    assert (conversation.state, conversation.owner_id) == ("waiting", writer.id)
    [message] = await Message.filter(sender="person")
    assert message.body == "締めの手順を教えてください。"
    names = [(one["kind"], one["name"]) for one in message.data["attachments"]]
    assert names == [("image", "screen.png"), ("file", ".._.._etc_passwd")]

    be(writer)
    said = await reply(conversation.id, "3つの手順があります。", key="1")
    await run_jobs()
    mails = [one.parsed for one in smtp.mails_to("satsuki@c.example")]
    [mail] = [one for one in mails if "3つの手順" in one.get_content()]
    assert mail["Subject"] == "Re: 請求書について" and mail["Reply-To"] == US
    assert mail["In-Reply-To"] in mail["References"] and mail["Auto-Submitted"] is None

    key = mail["Message-ID"].strip("<>").partition("@")[0]
    await comes_in(bounce(key, about=key), run_jobs)
    assert (await Outgoing.get(message_id=said.id)).state == "failed"
    assert await Notice.filter(person_id=writer.id, kind="inbox.not_sent").count() == 1
    forged = key.partition(".")[0] + "." + "0" * 32
    await comes_in(bounce(forged, about=forged), run_jobs)
    assert await Notice.filter(person_id=writer.id, kind="inbox.not_sent").count() == 1


async def test_a_stranger_and_a_loop(house, smtp, writer, run_jobs):
    """Somebody unknown is a conversation of their own; a machine that answers itself stops being one."""
    for n in range(3):
        await comes_in(letter("who@c.example", f"{n}つめ"), run_jobs)
    conversation = await Conversation.get()
    assert conversation.customer_key == "email:who@c.example" and conversation.person_id is None
    assert await Message.filter(sender="person").count() == 3
    assert len(smtp.mails_to("who@c.example")) == 1, "told once that a person answers"
    for n in range(70):
        await keeping.keep(letter("loop@c.example", str(n)), US, "loop@c.example")
    await run_jobs()
    found = await rows("SELECT outcome, COUNT(*) FROM incoming_mail WHERE sender = 'loop@c.example' GROUP BY 1")
    assert {row[0]: row[1] for row in found}["too many within an hour"] >= 10
