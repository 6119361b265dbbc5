"""“Stop” and “resume” on LINE: heeded at once, answered, and nothing else."""

from __future__ import annotations

import pytest

from bots.words import stop_word
from core.clock import now
from customers import consent
from customers.models import ConsentProof, Topic, Touchpoint
from customers.people import link
from factories import a_person, an_account, staff
from inbox.actions import ownership
from inbox.models import Conversation
from wires import *  # noqa: F403
from wires import LINE, as_person


@pytest.mark.parametrize("text", ["配信停止", "「配信停止」", "配信を停止してください", "配信解除",
                                  "メッセージの配信を停止", "STOP", "stop.", "Unsubscribe",
                                  "配信停止お願いします", "配信停止でお願いします",
                                  "配信を止めて"])  # fmt: skip
def test_the_wish_for_quiet(text):
    assert stop_word(text) == "stop"


@pytest.mark.parametrize("text", ["配信再開", "「配信再開」", "配信を再開してください", "resume", "Resume!"])
def test_the_wish_to_hear_again(text):
    assert stop_word(text) == "resume"


@pytest.mark.parametrize("text", ["配信停止の方法を教えてください", "メールの配信が停止しました",
                                  "stop the import", "配信を予約したい", "停止", "再開",
                                  "how do I resume my plan?", "", "配信停止ってなに"])  # fmt: skip
def test_a_question_about_it_is_a_question(text):
    assert stop_word(text) == ""


@pytest.fixture
async def topics(house):
    for n, slug in enumerate(("news", "seminar")):
        await Topic.create(slug=slug, name_ja=slug, name_en=slug, position=n)
    await Topic.create(slug="legal", name_ja="重要", name_en="Legal", is_transactional=True)


async def linked(line, **fields):
    person, user = await a_person(**fields), line.person("Mika")
    await link("line", user, person.id, source="test", verified_at=now())
    return person, user


async def write(line, web, run_jobs, user, text):
    assert (await line.deliver(LINE, [line.text(user, text)], client=web)).status_code == 200
    await run_jobs()
    return line.sent[-1] if line.sent else None


async def said(person, channel="line"):
    return {slug: await consent.state_of(person.id, slug, channel) for slug in ("news", "seminar", "legal")}


async def test_everything_on_line_stops_and_comes_back_as_it_was(house, web, line, line_channel, topics, run_jobs):
    person, user = await linked(line)
    await consent.decide(person.id, "news", "line", "given", source="form")
    await consent.decide(person.id, "news", "email", "given", source="form")
    answer = await write(line, web, run_jobs, user, "配信停止")
    assert await said(person) == {"news": "refused", "seminar": "refused", "legal": None}
    assert (await said(person, "email"))["news"] == "given"
    assert answer.kind == "reply" and answer.texts[0].startswith("LINEでのお知らせの配信を止めました。")
    proof = await ConsentProof.get(topic="news", source="word")
    assert (proof.state, proof.evidence["words"], proof.evidence["before"]) == ("refused", "配信停止", "given")
    assert await Touchpoint.filter(kind="customers.consented", channel="line").count() == 1
    assert (await Conversation.get()).state == "bot", "nobody is called for it"
    before = await ConsentProof.filter(source="word").count()
    await write(line, web, run_jobs, user, "配信停止")
    assert await ConsentProof.filter(source="word").count() == before, "what is so already is no new proof"
    answer = await write(line, web, run_jobs, user, "配信再開")
    assert answer.texts[0].startswith("LINEでのお知らせの配信を再開しました。")
    assert await said(person) == {"news": "given", "seminar": "refused", "legal": None}
    answer = await write(line, web, run_jobs, user, "配信再開")
    assert "/me/contact" in answer.texts[0]


async def test_resume_does_not_undo_what_was_refused_in_a_form(house, web, line, line_channel, topics, run_jobs):
    person, user = await linked(line)
    await consent.decide(person.id, "news", "line", "given", source="form")
    await write(line, web, run_jobs, user, "stop")
    await consent.decide(person.id, "news", "line", "refused", source="form")
    await write(line, web, run_jobs, user, "resume")
    assert (await said(person))["news"] == "refused"


async def test_it_is_heeded_whoever_has_the_conversation(house, web, line, line_channel, topics, run_jobs, open_hours):
    csm = await staff("csm")
    account = await an_account("株式会社青葉渡工業", tier="high", tier_source="manual", csm_id=csm.id)
    person, user = await linked(line, account=account)
    await consent.decide(person.id, "news", "line", "given", source="form")
    await write(line, web, run_jobs, user, "人と話したいです")
    as_person(csm)
    conversation = await Conversation.get()
    await ownership.take_over(conversation.id)
    answer = await write(line, web, run_jobs, user, "配信停止")
    assert (await said(person))["news"] == "refused"
    assert answer.texts[0].startswith("LINEでのお知らせの配信を止めました。")
    assert (await Conversation.get()).state == "human"


async def test_the_job_that_runs_again_does_not_undo_what_came_after(house, web, line, line_channel, topics, run_jobs):
    from bots.considering import consider
    from inbox.models import Message

    person, user = await linked(line)
    await consent.decide(person.id, "news", "line", "given", source="form")
    await write(line, web, run_jobs, user, "配信停止")
    await write(line, web, run_jobs, user, "配信再開")
    first = await Message.filter(body="配信停止").first()
    conversation = await Conversation.get()
    assert await consider(conversation.id, first.id, conversation.epoch) == "answered before"
    assert (await said(person))["news"] == "given"


async def test_somebody_not_linked_hears_that_nothing_is_sent(house, web, line, line_channel, topics, run_jobs):
    answer = await write(line, web, run_jobs, line.person("Stranger"), "配信停止")
    assert answer.texts == ["このLINEには、お知らせを配信していません。"]
    assert await ConsentProof.all().count() == 0


async def test_in_a_group_nobody_stops_it_for_the_others(house, web, line, line_channel, topics, run_jobs):
    from fakes.line_events import line_id

    person, user = await linked(line)
    await consent.decide(person.id, "news", "line", "given", source="form")
    mention = {"mentionees": [{"index": 0, "length": 4, "type": "user", "isSelf": True, "userId": line.bot_user_id}]}
    event = line.text(user, "配信停止", group=line_id("sales", "C"), mention=mention)
    await line.deliver(LINE, [event], client=web)
    await run_jobs()
    assert (await said(person))["news"] == "given"
