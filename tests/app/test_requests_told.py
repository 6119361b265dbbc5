"""A post, a conversation and a survey comment join one request; shipping it tells all three, each once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

import community_house
from access.actions import make_api_key, take_role
from channels import webhooks
from community import actions as community
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from core.refs import Ref
from customers import privacy
from customers.models import Notice, ProductRequest, Telling, Voice
from customers.noticing import rounds
from customers.requests import deciding, telling, voices, writing
from customers.requests.deciding import Verdict
from customers.requests.voices import Heard
from customers.requests.writing import Wanted
from factories import a_person, an_account, staff, where_it_is_noon
from guides.models import Answer, View
from guides_parts import written
from inbox.actions import ownership
from inbox.actions.receiving import Heard as Said
from inbox.actions.receiving import key_of_person, receive
from inbox.models import Conversation, Message, Outgoing, Rating

pytestmark = pytest.mark.anyio
S = "/staff/customers/requests"
GOOD = {"status": "shipped", "message": "申請の一覧で選び、まとめて承認できます", "tells": "on", "version": 1}


class Town:
    """Hanako wrote an idea that Jiro voted for, Kimura said it in a conversation, Tanaka in a survey."""

    manager: Any
    csm: Any
    thread: int
    post: int
    conversation: int
    answer: int


async def _heard(person: Any, account: Any, body: str) -> int:
    enter(Here(principal=SYSTEM, language="ja"))
    message = await receive(Said(
        channel="web", customer_key=key_of_person(person.id) if person else "line:1:U1", body=body, at=now(),
        person_id=person.id if person else None, account_id=account.id if account else None,
    ))  # fmt: skip
    assert message is not None
    return int(message.conversation_id)


@pytest.fixture
async def town(house: Any) -> Town:
    made = Town()
    made.manager, made.csm = await staff("manager", "葛西", "みのり"), await staff("csm")
    made.account = await an_account("青葉", csm_id=made.csm.id)
    made.hanako, made.jiro, made.kimura, made.tanaka = [
        await a_person(name, "人", account=made.account) for name in ("花子", "次郎", "木村", "田中")
    ]
    await write("UPDATE person SET time_zone = ?", where_it_is_noon())  # the morning's mails are not due
    board = await community_house.a_board("ideas", "idea")
    hanako = await community_house.as_person(made.hanako)
    made.thread = (
        await community.publish(hanako, board.id, "申請をまとめて承認したい", "50件を1つずつ開いています。")
    ).id
    made.post = int((await rows("SELECT id FROM post WHERE thread_id = ?", made.thread))[0][0])
    await community.vote(await community_house.as_person(made.jiro), made.thread)
    made.conversation = await _heard(made.kimura, made.account, "承認を一括でできませんか")
    await _heard(made.kimura, made.account, "月末は50件あります")
    enter(Here(principal=SYSTEM, language="ja"))
    guide = await written("survey", "NPS")
    view = await View.create(key="v", guide_id=guide.id, person_id=made.tanaka.id, account_id=made.account.id,
                             revision="r", started_at=now())  # fmt: skip
    answer = await Answer.create(view_id=view.id, guide_id=guide.id, person_id=made.tanaka.id, score=7,
                                 account_id=made.account.id, comment="承認が1件ずつなのが惜しい", at=now())  # fmt: skip
    made.answer = answer.id
    made.guide = guide
    return made


async def joined(web: Any, town: Town) -> ProductRequest:
    """One click, and a small form, from each of the three places."""
    first = {"source": f"post:{town.post}", "title": "申請の一括承認", "quote": "申請をまとめて承認したい"}
    assert (await web.submit(f"{S}/voices/new", first)).status_code == 303
    request = await ProductRequest.get()
    for source in (f"conversation:{town.conversation}", f"answer:{town.answer}"):
        form = (await web.get(f"{S}/voices/new?source={source}")).text
        assert f'name="request_id" value="{request.id}"' in form, "the similar one is offered"
        sent = {"source": source, "request_id": request.id, "quote": "一括で"}
        assert (await web.submit(f"{S}/voices/new", sent)).status_code == 303
        assert (await web.submit(f"{S}/voices/new", sent)).status_code == 422, "once for a request"
    return request


async def test_a_post_a_conversation_and_a_survey_join_one_request_and_hear_of_it(
    web: Any, sign_in: Any, run_jobs: Any, town: Town
) -> None:
    await run_jobs()
    await sign_in(town.manager)
    places = ((f"/community/{town.thread}", f"post:{town.post}"),
              (f"/staff/inbox/{town.conversation}", f"conversation:{town.conversation}"),
              (f"/staff/guides/{town.guide.id}/report", f"answer:{town.answer}"))  # fmt: skip
    for page, source in places:
        assert f"{S}/voices/new?source={source}" in (await web.get(page)).text, page
    form = (await web.get(f"{S}/voices/new?source=conversation:{town.conversation}")).text
    assert "承認を一括でできませんか\n月末は50件あります" in form and "木村 人" in form and "青葉" in form
    assert "50件を1つずつ開いています。" in (await web.get(f"{S}/voices/new?source=post:{town.post}")).text
    request = await joined(web, town)
    assert {one.person_id for one in await Voice.all()} == {town.hanako.id, town.kimura.id, town.tanaka.id}
    page = (await web.get(f"{S}/{request.id}")).text
    for link in (f"/community/{town.thread}", f"/staff/inbox/{town.conversation}", "/report"):
        assert link in page, link
    assert "申請の一括承認" in (await web.get(f"/staff/inbox/{town.conversation}")).text
    answers = await asyncio.gather(*[web.submit(f"{S}/{request.id}/decision", GOOD) for _n in range(3)])
    assert sorted(one.status_code for one in answers)[0] == 303 and await rows("SELECT 1 FROM request_decision")
    assert len(await rows("SELECT 1 FROM request_decision")) == 1
    await run_jobs()
    told = {one.person_id: one for one in await Notice.filter(kind__in=("community.idea", "customers.request_decided"))}
    assert {id: one.kind for id, one in told.items()} == {
        town.hanako.id: "community.idea", town.jiro.id: "community.idea",
        town.kimura.id: "customers.request_decided", town.tanaka.id: "customers.request_decided"}  # fmt: skip
    assert await Notice.filter(kind__in=("community.idea", "customers.request_decided")).count() == 4
    assert await Notice.filter(kind="customers.request_of_yours", person_id=town.csm.id).count() == 1
    assert (await rows("SELECT status FROM thread WHERE id = ?", town.thread))[0][0] == "shipped"
    assert await Message.filter(conversation_id=town.conversation, sender="staff").count() == 0, "nobody asked for it"
    await rounds.begin(now() + timedelta(minutes=11))
    await run_jobs()
    mailed = {
        str(row[0]) for row in await rows("SELECT recipient FROM outgoing_mail WHERE subject LIKE ?", "%一括承認%")
    }
    assert mailed == {town.kimura.email, town.tanaka.email}, "whoever does not look hears of it by mail"
    await sign_in(town.jiro)
    assert "「申請をまとめて承認したい」ができました：申請の一覧で選び" in (await web.get("/notices")).text


async def test_a_reply_in_the_conversation_when_staff_say_so(web: Any, sign_in: Any, run_jobs: Any, town: Town) -> None:
    await sign_in(town.manager)
    request = await joined(web, town)
    stranger = await _heard(None, None, "承認をまとめてしたいです")
    enter(Here(principal=SYSTEM))
    await voices.join(request.id, Heard("承認", now(), source=Ref("conversation", stranger)))
    await voices.join(request.id, Heard("承認", now(), town.account.id, town.jiro.id, Ref("conversation", await _heard(
        town.jiro, town.account, "私もです"))))  # fmt: skip
    await ownership.resolve(town.conversation)
    before = await Conversation.get(id=town.conversation)
    form = (await web.get(f"{S}/{request.id}/decision")).text
    assert "会話だけで声を寄せた人（3）" in form
    sent = GOOD | {"in_conversations": "reply"}
    assert (await web.submit(f"{S}/{request.id}/decision", sent)).status_code == 303
    await run_jobs()
    decision = (await rows("SELECT id FROM request_decision"))[0][0]
    await asyncio.gather(telling.tell(decision), telling.tell(decision))
    said = await Message.filter(sender="staff").order_by("id")
    assert sorted(one.conversation_id for one in said) == sorted([town.conversation, stranger])
    assert {(one.body, one.author_id) for one in said} == {(GOOD["message"], town.manager.id)}
    assert await Outgoing.filter(key__startswith="request:").count() == 2
    after = await Conversation.get(id=town.conversation)
    assert (after.state, after.owner_id, after.epoch) == (before.state, before.owner_id, before.epoch)
    ways = {(one.person_id or -(one.conversation_id or 0)): one.way for one in await Telling.all()}
    assert ways == {town.hanako.id: "idea", town.jiro.id: "idea", town.tanaka.id: "notice", town.kimura.id: "reply",
                    -stranger: "reply"}  # fmt: skip
    assert await Notice.filter(person_id=town.kimura.id, kind="customers.request_decided").count() == 0
    assert await Notice.filter(person_id=town.jiro.id, about_kind__in=("thread", "product_request")).count() == 1


async def test_nobody_in_conversations_hears_when_staff_tell_them_themselves(
    web: Any, sign_in: Any, run_jobs: Any, town: Town
) -> None:
    await sign_in(town.manager)
    request = await joined(web, town)
    assert (await web.submit(f"{S}/{request.id}/decision", GOOD | {"in_conversations": "none"})).status_code == 303
    await run_jobs()
    assert await Notice.filter(person_id=town.kimura.id).count() == 0
    assert await Message.filter(sender="staff").count() == 0


async def test_who_lost_the_right_to_reply_replies_no_more(run_jobs: Any, web: Any, sign_in: Any, town: Town) -> None:
    await sign_in(town.manager)
    request = await joined(web, town)
    community_manager = await community_house.as_person(town.manager)
    assert community_manager.may("inbox.answer")
    await deciding.decide(await writing.find(request.id), Verdict("shipped", "できました", in_conversations="reply"))
    enter(Here(principal=SYSTEM))
    await take_role(town.manager.id, "manager")
    await run_jobs()
    assert await Message.filter(sender="staff").count() == 0
    assert (await Telling.get(person_id=town.kimura.id)).way == "failed"


async def test_an_idea_that_stood_so_already_tells_its_voters_nothing_again(
    run_jobs: Any, web: Any, sign_in: Any, town: Town
) -> None:
    await sign_in(town.manager)
    request = await joined(web, town)
    await community.set_idea_status(await community_house.as_person(town.manager), town.thread, "planned")
    await run_jobs()
    assert await Notice.filter(person_id=town.jiro.id, kind="community.idea").count() == 1
    await deciding.decide(await writing.find(request.id), Verdict("planned", "来期に作ります"))
    await run_jobs()
    assert await Notice.filter(person_id=town.jiro.id, kind="community.idea").count() == 1
    assert await Notice.filter(person_id=town.hanako.id, kind="customers.request_decided").count() == 1


async def test_sources_are_led_to_only_where_the_reader_may_go(web: Any, sign_in: Any, town: Town) -> None:
    await sign_in(town.manager)
    request = await joined(web, town)
    await community_house.as_person(town.manager)
    await community.move(await community_house.as_person(town.manager), town.thread,
                         (await community_house.a_board("inner", "idea", audience=["account:999"])).id)  # fmt: skip
    other = await staff("csm", "別", "人")
    editor = await staff("editor", "編", "集")
    for who in (other, editor):
        await sign_in(who)
        for source in (f"conversation:{town.conversation}", f"answer:{town.answer}"):
            assert (await web.get(f"{S}/voices/new?source={source}")).status_code == 404, (who.full_name, source)
            assert (
                await web.submit(f"{S}/voices/new", {"source": source, "quote": "x", "title": "y"})
            ).status_code == 404
        page = (await web.get(f"{S}/{request.id}")).text
        assert "一括で" not in page and f"/staff/inbox/{town.conversation}" not in page
    enter(Here(principal=SYSTEM))
    board = await community_house.a_board("talk", "discussion")
    author = await community_house.as_person(town.tanaka)
    thread = await community.publish(author, board.id, "承認の話をしましょう", "月末の承認が大変です。")
    post = (await rows("SELECT id FROM post WHERE thread_id = ?", thread.id))[0][0]
    await sign_in(other)
    back = await web.get(f"{S}/voices/new?source=post:{post}")
    assert (back.status_code, back.headers["location"]) == (303, f"/community/{thread.id}#post-1")
    assert (
        await web.submit(f"{S}/voices/new", {"source": f"post:{post}", "quote": "x", "title": "y"})
    ).status_code == 403
    agent = await staff("agent", "窓", "口")
    await sign_in(agent)
    page = (await web.get(f"{S}/{request.id}")).text
    assert f"/staff/inbox/{town.conversation}" in page and "アンケート" in page
    assert f"/staff/guides/{town.guide.id}/report" not in page, "agents write no guides"
    assert (await web.submit(f"{S}/{request.id}/decision", GOOD)).status_code == 403


async def test_a_rating_with_a_comment_is_a_voice_too(web: Any, sign_in: Any, town: Town) -> None:
    rating = await Rating.create(
        conversation_id=town.conversation, epoch=1, score=2, comment="一括承認がほしい", at=now()
    )
    silent = await Rating.create(conversation_id=town.conversation, epoch=2, score=2, at=now())
    await sign_in(town.manager)
    sent = {"source": f"rating:{rating.id}", "quote": "一括承認がほしい", "title": "一括承認"}
    assert (await web.submit(f"{S}/voices/new", sent)).status_code == 303
    assert (await Voice.get()).person_id == town.kimura.id
    assert (await web.get(f"{S}/voices/new?source=rating:{silent.id}")).status_code == 404
    assert f"/staff/inbox/{town.conversation}" in (await web.get(f"{S}/{(await Voice.get()).request_id}")).text


async def test_what_was_said_in_a_conversation_goes_when_it_is_erased(town: Town, house: Any) -> None:
    enter(Here(principal=SYSTEM))
    request = await writing.open_request(Wanted("承認"))
    await voices.join(
        request.id, Heard("秘密の話", now(), town.account.id, None, Ref("conversation", town.conversation))
    )
    await privacy.erase(town.kimura.id, "本人の希望")
    assert (await Voice.get()).quote == ""


async def test_other_systems_are_told_once_that_it_shipped(run_jobs: Any, town: Town, house: Any) -> None:
    enter(Here(principal=SYSTEM))
    await webhooks.subscribe("課題管理", "https://hooks.example/engawa", ["request.shipped"], by=SYSTEM)
    request = await writing.open_request(Wanted("承認"))
    await deciding.decide(request, Verdict("planned", "作ります"))
    await deciding.decide(await writing.find(request.id), Verdict("shipped", "できました"))
    await run_jobs()
    sent = await rows("SELECT kind, body FROM webhook_delivery")
    decision = (await rows("SELECT MAX(id) FROM request_decision"))[0][0]
    assert [row["kind"] for row in sent] == ["request.shipped"]
    assert json.loads(sent[0]["body"])["data"] == {"request_id": request.id, "decision_id": decision}


async def test_a_program_writes_requests_voices_and_decisions(web: Any, town: Town, run_jobs: Any, house: Any) -> None:
    api = "/api/v1/requests"

    async def key(person: Any, *scopes: str) -> dict[str, str]:
        made = await make_api_key("test", list(scopes), by=SYSTEM, person_id=person.id)
        return {"authorization": f"Bearer {made[1]}", "accept": "application/json", "accept-language": "en"}

    boss = await key(town.manager, "customers.read", "customers.write")
    theirs = await key(town.csm, "customers.read", "customers.write")
    once = boss | {"idempotency-key": "r-1"}
    answers = await asyncio.gather(*[web.post(api, headers=once, json={"title": "Bulk approval"}) for _n in range(3)])
    assert {one.status_code for one in answers} == {201} and {one.text for one in answers} == {answers[0].text}
    made = answers[0].json()
    assert (made["status"], made["points"], made["revenue"]) == ("open", 0, 0)
    place = f"{api}/{made['id']}"
    foreign = await an_account("他社")
    voice = {"account_id": town.account.id, "person_id": town.kimura.id, "quote": "Please"}
    for wrong in ({"quote": ""}, {"person_id": 999_999}, {"x": 1}, {"said_at": "2999-01-01T00:00:00Z"}):
        assert (await web.post(f"{place}/voices", headers=boss, json=voice | wrong)).status_code == 422, wrong
    for one in (theirs, boss):
        assert (await web.post(f"{place}/voices", headers=one, json=voice)).status_code == 201
    hidden = {"account_id": foreign.id, "quote": "Hidden"}
    assert (await web.post(f"{place}/voices", headers=theirs, json=hidden)).status_code == 404
    assert (await web.post(f"{place}/voices", headers=boss, json=hidden)).status_code == 201
    assert [one["quote"] for one in (await web.get(f"{place}/voices", headers=boss)).json()["data"]] == [
        "Please", "Please", "Hidden"]  # fmt: skip
    assert len((await web.get(f"{place}/voices", headers=theirs)).json()["data"]) == 2
    assert (await web.get(place, headers=boss)).json()["accounts"] == 2
    assert (await web.get(place, headers=theirs)).json()["accounts"] == 1
    changed = await web.patch(place, headers=boss, json={"area": "approval", "owner_id": town.csm.id})
    assert (changed.json()["area"], changed.json()["title"], changed.json()["owner_id"]) == (
        "approval", "Bulk approval", town.csm.id)  # fmt: skip
    for wrong in ({"title": None}, {"owner_id": town.kimura.id}, {"status": "shipped"}):
        assert (await web.patch(place, headers=boss, json=wrong)).status_code == 422, wrong
    verdict = {"status": "shipped", "message": "It is here"}
    assert (await web.post(f"{place}/decisions", headers=theirs, json=verdict)).status_code == 403
    assert (await web.post(f"{place}/decisions", headers=boss, json=verdict | {"message": ""})).status_code == 422
    assert (await web.post(f"{place}/decisions", headers=boss, json=verdict)).status_code == 201
    assert (await web.post(f"{place}/decisions", headers=boss, json=verdict)).status_code == 409
    assert (await web.get(place, headers=boss)).json()["message"] == "It is here"
    found = (await web.get(f"{api}?state=shipped&area=approval", headers=theirs)).json()["data"]
    assert [one["id"] for one in found] == [made["id"]]
    assert (await web.get(f"{api}?state=open", headers=boss)).json()["data"] == []
    assert (await web.get(f"{api}/{2**62}", headers=boss)).status_code == 404
    reading = await key(town.manager, "customers.read")
    assert (await web.post(api, headers=reading, json={"title": "x"})).status_code == 403
    await run_jobs()
    assert await Notice.filter(person_id=town.kimura.id, kind="customers.request_decided").count() == 1


async def test_a_decision_that_was_taken_back_before_it_was_mailed_is_not_mailed(
    web: Any, sign_in: Any, run_jobs: Any, town: Town
) -> None:
    await sign_in(town.manager)
    request = await joined(web, town)
    await community_house.as_person(town.manager)
    for status, message in (("planned", "作ります"), ("declined", "作らないことにしました")):
        await deciding.decide(await writing.find(request.id), Verdict(status, message))
        await run_jobs()
    await rounds.begin(now() + timedelta(minutes=11))
    await run_jobs()
    subjects = [str(row[0]) for row in await rows("SELECT subject FROM outgoing_mail WHERE recipient = ?",
                                                  town.kimura.email)]  # fmt: skip
    assert len(subjects) == 1 and "作らないことにしました" in subjects[0]


async def test_an_older_decision_whose_job_comes_late_does_not_take_the_idea_back(
    web: Any, sign_in: Any, run_jobs: Any, town: Town
) -> None:
    await sign_in(town.manager)
    request = await joined(web, town)
    await community_house.as_person(town.manager)
    old = await deciding.decide(await writing.find(request.id), Verdict("planned", "作ります"))
    new = await deciding.decide(await writing.find(request.id), Verdict("shipped", "できました"))
    await telling.tell(new.id)
    await telling.tell(old.id)
    await run_jobs()
    assert (await rows("SELECT status FROM thread WHERE id = ?", town.thread))[0][0] == "shipped"
    assert await Notice.filter(person_id=town.jiro.id, kind="community.idea").count() == 1
