"""The chat of the web: visitors and members write, read, rate; nobody reads another's; replies come by mail, once."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image

from core.clock import as_of, now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from customers import consent
from factories import a_person, an_account, staff
from inbox import ending, hours, unread
from inbox.actions import ownership, replies
from inbox.models import ChatVisitor, Conversation, Message, Outgoing, Rating
from wires import *  # noqa: F403
from wires import as_person


def a_picture(kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "#2a4b8d").save(buffer, kind)
    return buffer.getvalue()


async def asks(browser, body="画面が真っ白です", key="key-0001", **more):
    sent = await browser.submit("/contact/messages", {"body": body, "key": key}, **more)
    assert sent.status_code == 303, sent.text
    return await Conversation.all().order_by("-id").first()


async def answered(conversation, body="原因が分かりました。", author=None):
    """A member of staff replies."""
    as_person(author or await staff("admin"))
    return await replies.reply(conversation.id, body, key=f"r{conversation.version}")


async def mails() -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in await rows("SELECT recipient, subject FROM outgoing_mail ORDER BY id")]


async def code_of(mail: str) -> str:
    found = await rows("SELECT subject FROM outgoing_mail WHERE recipient = ? ORDER BY id DESC LIMIT 1", mail)
    return re.search(r"\d{6}", found[0][0]).group()


async def shows_the_address(browser, mail):
    assert (await browser.submit("/contact/address", {"mail": mail})).status_code == 303
    return await browser.submit("/contact/address/code", {"code": await code_of(mail)})


async def test_a_visitor_asks_and_only_they_see_it(web, run_jobs, faq):
    one, other = web.another(), web.another()
    conversation = await asks(one, "宇宙船の操縦桿が重いです")
    await asks(one, "宇宙船の操縦桿が重いです")
    await run_jobs()
    assert await Message.filter(sender="person").count() == 1, "the same form twice is one message"
    visitor = await ChatVisitor.get()
    await conversation.refresh_from_db()
    assert (conversation.customer_key, conversation.person_id) == (f"visitor:{visitor.id}", None)
    assert conversation.state == "waiting"
    assert "宇宙船" in (await one.get("/contact")).text
    for stranger in (other, web):
        assert "宇宙船" not in (await stranger.get("/contact")).text
        assert (await stranger.get(f"/contact/{conversation.id}")).status_code == 404
        assert (await stranger.submit("/contact/taps", {"tap": "person:1"})).status_code == 404
        assert (await stranger.submit("/contact/seen", {"number": "1"})).status_code == 404
    token = next(value for name, value in one.cookies.items() if name.endswith("chat"))
    assert len(token) == 43
    assert not await rows("SELECT 1 FROM chat_visitor WHERE token_hash = ?", token), "only its hash is kept"


async def test_an_answer_with_its_source_and_the_buttons_under_it(web, run_jobs, faq):
    await asks(web, "パスワードを忘れました")
    await run_jobs()
    page = (await web.get("/contact")).text
    assert "パスワードを忘れたとき" in page
    tap = re.search(r'name="tap" value="(help:\d+:yes)"', page).group(1)
    assert (await web.submit("/contact/taps", {"tap": tap, "key": "tap-1"})).status_code == 303
    await run_jobs()
    assert "お役に立てて" in (await web.get("/contact")).text


async def test_a_picture_reaches_staff_and_its_sender_and_nobody_else(web, sign_in, run_jobs):
    one, other, csm = web.another(), web.another(), await sign_in(await staff("admin"), web.another())
    conversation = await asks(one, "これです", files={"picture": ("画面.png", a_picture(), "image/png")})
    await run_jobs()
    key = (await rows("SELECT key FROM media"))[0][0]
    assert await Message.filter(conversation_id=conversation.id, sender="person").count() == 2
    assert (await one.get(f"/contact/pictures/{key}")).headers["content-type"] == "image/png"
    assert (await csm.get(f"/media/{key}")).status_code == 200
    assert f"/media/{key}" in (await csm.get(f"/staff/inbox/{conversation.id}")).text
    for address in (f"/contact/pictures/{key}", f"/media/{key}"):
        assert (await other.get(address)).status_code == 404
    refused = await one.submit("/contact/messages", {"key": "svg-0001"},
                               files={"picture": ("x.svg", b"<svg onload=alert(1)>", "image/svg+xml")})  # fmt: skip
    assert refused.status_code == 422
    assert (await rows("SELECT COUNT(*) FROM media"))[0][0] == 1


async def test_a_picture_of_staff_reaches_its_customer_alone(web, sign_in, run_jobs, line, line_channel):
    one, other, csm = web.another(), web.another(), await sign_in(await staff("admin"), web.another())
    conversation = await asks(one)
    await run_jobs()
    address = f"/staff/inbox/{conversation.id}/replies"
    picture = {"picture": ("手順.png", a_picture(), "image/png")}
    for _twice in range(2):
        sent = await csm.submit(address, {"body": "ここを押してください。", "key": "k1"}, files=picture)
        assert sent.status_code == 303, sent.text
    said = await Message.filter(conversation_id=conversation.id, sender="staff").order_by("number")
    assert [one.body for one in said] == ["", "ここを押してください。"]
    [[key]] = await rows("SELECT key FROM media")
    assert f"/contact/pictures/{key}" in (await one.get("/contact")).text
    assert (await one.get(f"/contact/pictures/{key}")).headers["content-type"] == "image/png"
    assert (await other.get(f"/contact/pictures/{key}")).status_code == 404
    assert (await one.get(f"/media/{key}")).status_code == 404
    svg = {"picture": ("x.svg", b"<svg onload=alert(1)>", "image/svg+xml")}
    refused = await csm.submit(address, {"body": "まだ送らない", "key": "k2"}, files=svg)
    assert refused.status_code == 422
    assert "まだ送らない" in refused.text
    assert (await csm.submit(address, {"body": " ", "key": "k3"})).status_code == 422
    assert await Message.filter(conversation_id=conversation.id, sender="staff").count() == 2

    await Conversation.filter(id=conversation.id).update(channel="line")
    assert 'name="picture"' not in (await csm.get(f"/staff/inbox/{conversation.id}")).text
    assert (await csm.submit(address, {"key": "k4"}, files=picture)).status_code == 422
    assert (await rows("SELECT COUNT(*) FROM media"))[0][0] == 1


async def test_whoever_shows_an_address_is_its_person(web, sign_in, run_jobs):
    account = await an_account(tier="high", tier_source="manual", csm_id=(await staff("csm")).id)
    member = await a_person("田辺", "りょう", account=account, email="ryo@example.jp")
    before = await asks(await sign_in(member, web.another()), "前に聞いたこと", "key-old1")
    enter(Here(principal=SYSTEM))
    await ownership.resolve(before.id)
    mine = await asks(web, "いま聞くこと")
    assert "前に聞いたこと" not in (await web.get("/contact")).text
    asked = await web.submit("/contact/address", {"mail": "Ryo@Example.jp"})
    assert asked.status_code == 303
    await mine.refresh_from_db()
    assert mine.person_id is None, "writing an address down shows nothing"
    for _ in range(2):
        assert (await web.submit("/contact/address/code", {"code": "000000"})).status_code == 422
    assert (await web.submit("/contact/address/code", {"code": await code_of("ryo@example.jp")})).status_code == 303
    await mine.refresh_from_db()
    assert (mine.person_id, mine.account_id, mine.customer_key) == (member.id, account.id, f"person:{member.id}")
    assert f"/contact/{before.id}" in (await web.get("/contact")).text
    await asks(web, "続きです", "key-0002")
    await run_jobs()
    assert (await Conversation.get(id=mine.id)).waiting_reason == "high_tier"
    said = await Message.filter(sender="bot", conversation_id=mine.id)
    assert [one.data["kind"] for one in said if one.number > 3] in ([], ["waiting"]), (
        "the bot answers no high-touch account"
    )
    left = await web.submit("/contact/visitor", {"_method": "DELETE"})
    assert left.status_code == 303
    assert "いま聞くこと" not in (await web.get("/contact")).text


async def test_six_digits_are_tried_five_times(web):
    await asks(web)
    await web.submit("/contact/address", {"mail": "someone@example.jp"})
    right = await code_of("someone@example.jp")
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        await web.submit("/contact/address/code", {"code": wrong})
    assert (await web.submit("/contact/address/code", {"code": right})).status_code == 422
    assert (await ChatVisitor.get()).mail == ""


async def test_signing_in_takes_the_conversation_along_and_signing_out_leaves_nothing(web, sign_in):
    conversation = await asks(web)
    member = await a_person()
    await sign_in(member)
    assert "画面が真っ白です" in (await web.get("/contact")).text
    await conversation.refresh_from_db()
    assert conversation.person_id == member.id
    await web.submit("/sign-out")
    web.cookies.delete("session")
    assert "画面が真っ白です" not in (await web.get("/contact")).text


async def test_an_unread_reply_comes_by_mail_once(web, sign_in, run_jobs):
    member = await a_person("田辺", "りょう", email="ryo@example.jp", time_zone="UTC")
    conversation = await asks(await sign_in(member, web.another()))
    noon = now().replace(hour=12, minute=0)
    with as_of(noon):
        first = await answered(conversation)
        second = await answered(await Conversation.get(id=conversation.id), "もう一つあります。")
        assert (await rows("SELECT COUNT(*) FROM promise WHERE name LIKE '%mail_unread'"))[0][0] == 2
        assert await unread.mail_unread(conversation_id=conversation.id, number=first.number) == "sent"
        await unread.mail_unread(conversation_id=conversation.id, number=second.number)
    assert [to for to, _ in await mails()] == ["ryo@example.jp"], "one mail for all that is unread"
    text = (await rows("SELECT text FROM outgoing_mail"))[0][0]
    assert "原因が分かりました。" in text and "もう一つあります。" in text and "/contact" in text
    browser = await sign_in(member, web.another())
    await browser.get("/contact")
    with as_of(noon):
        third = await answered(await Conversation.get(id=conversation.id), "三つ目です。")
        assert await unread.mail_unread(conversation_id=conversation.id, number=third.number) == "sent", (
            "they had looked, so it is news"
        )
        await browser.submit("/contact/seen", {"number": str(third.number)})
        assert await unread.mail_unread(conversation_id=conversation.id, number=third.number) == "read"
    assert len(await mails()) == 2


@pytest.mark.parametrize(("hour", "outcome"), [(3, "it is night"), (12, "sent"), (23, "it is night")])
async def test_no_mail_at_night_where_they_are(web, sign_in, hour, outcome):
    member = await a_person(email="ryo@example.jp", time_zone="UTC")
    conversation = await asks(await sign_in(member))
    with as_of(now().replace(hour=hour)):
        said = await answered(conversation)
        assert await unread.mail_unread(conversation_id=conversation.id, number=said.number) == outcome
        if outcome != "sent":
            due = await rows("SELECT due_at FROM promise WHERE name LIKE '%mail_unread' ORDER BY id DESC LIMIT 1")
            assert "07:00:00" in str(due[0][0])


@pytest.mark.parametrize("why", ["refused", "suppressed", "not_verified"])
async def test_no_mail_to_who_said_no_or_whose_address_is_not_theirs(web, sign_in, why):
    member = await a_person(email="ryo@example.jp", time_zone="UTC")
    conversation = await asks(await sign_in(member))
    if why == "refused":
        page = (await web.get("/me/contact")).text
        assert re.search(r'value="chat_replies:email" checked', page), "it comes unless somebody says no"
        await web.submit("/me/contact", {})
    elif why == "suppressed":
        await consent.suppress("email", "ryo@example.jp", "bounce")
    else:
        await write("UPDATE identity SET verified_at = NULL WHERE person_id = ?", member.id)
    with as_of(now().replace(hour=12)):
        said = await answered(conversation)
        assert "no address" in await unread.mail_unread(conversation_id=conversation.id, number=said.number)
    assert await mails() == []


async def test_a_visitor_comes_back_by_the_mails_button(web):
    conversation = await asks(web)
    await shows_the_address(web, "visitor@example.jp")
    with as_of(now().replace(hour=3)):  # noon in Tokyo
        said = await answered(conversation)
        assert await unread.mail_unread(conversation_id=conversation.id, number=said.number) == "sent"
    text = (await rows("SELECT text FROM outgoing_mail ORDER BY id DESC LIMIT 1"))[0][0]
    path = re.search(r"/contact/return/\S+", text).group()
    elsewhere = web.another()
    assert (await elsewhere.get(path)).status_code == 200
    assert "画面が真っ白です" not in (await elsewhere.get("/contact")).text, "looking opens nothing"
    assert (await elsewhere.submit(path)).status_code == 303
    assert "画面が真っ白です" in (await elsewhere.get("/contact")).text
    forged = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert (await elsewhere.submit(forged)).status_code == 404


async def test_three_business_days_of_silence_end_it_kindly_and_writing_opens_it(web, run_jobs):
    conversation = await asks(web)
    await answered(conversation)
    last = (await Message.filter(sender="staff").get()).at
    early = hours.after(last, 3 * hours.DAY_MINUTES) - timedelta(minutes=1)
    with as_of(early):
        await ending.end_silent_conversations()
    assert (await Conversation.get()).state == "human"
    with as_of(early + timedelta(minutes=2)):
        await ending.end_silent_conversations()
        await ending.end_silent_conversations()
    assert (await Conversation.get()).state == "resolved"
    assert await Message.filter(sender="bot", body__contains="いったん終了").count() == 1
    assert "いったん終了" in (await web.get("/contact")).text
    again = await asks(web, "まだ直りません", "key-0002")
    assert (again.id, again.state) == (conversation.id, "bot")


async def test_conversations_that_wait_for_us_keep_none_that_is_silent_from_ending(web, monkeypatch):
    monkeypatch.setattr(ending, "AT_ONCE", 1)
    waiting = await asks(web)
    await answered(waiting)
    await asks(web, "まだ直りません", "key-0002")
    other = web.another()
    silent = await asks(other, "別の人です", "key-0003")
    await answered(silent)
    with as_of(now() + timedelta(days=30)):
        await ending.end_silent_conversations()
    assert {one.id: one.state for one in await Conversation.all()} == {waiting.id: "human", silent.id: "resolved"}


async def test_who_wrote_last_is_not_closed_upon(web):
    conversation = await asks(web)
    await answered(conversation)
    await asks(web, "まだ直りません", "key-0002")
    with as_of(now() + timedelta(days=30)):
        await ending.end_silent_conversations()
    assert (await Conversation.get()).state == "human"


async def test_a_rating_is_asked_once_and_stands_on_the_timeline(web, sign_in):
    member = await a_person("田辺", "りょう")
    browser = await sign_in(member, web.another())
    conversation = await asks(browser)
    assert (await browser.submit("/contact/rating", {"score": "5"})).status_code == 404, "it has not ended"
    await answered(conversation)
    enter(Here(principal=SYSTEM))
    await ownership.resolve(conversation.id)
    assert "対応はいかがでしたか" in (await browser.get("/contact")).text
    assert (await browser.submit("/contact/rating", {"score": "6"})).status_code == 422
    assert (await browser.submit("/contact/rating", {"score": "4", "comment": "早かった"})).status_code == 303
    assert (await browser.submit("/contact/rating", {"score": "1"})).status_code == 404
    assert "対応はいかがでしたか" not in (await browser.get("/contact")).text
    assert (await Rating.get()).score == 4
    csm = await sign_in(await staff("admin"), web.another())
    assert "早かった" in (await csm.get(f"/staff/inbox/{conversation.id}")).text
    assert "5点中4点" in (await csm.get(f"/staff/customers/people/{member.id}")).text


async def test_staff_see_whether_a_reply_was_seen(web, sign_in):
    conversation = await asks(web)
    await answered(conversation)
    csm = await sign_in(await staff("admin"), web.another())
    assert "未読" in (await csm.get(f"/staff/inbox/{conversation.id}")).text
    await web.get("/contact")
    assert "既読" in (await csm.get(f"/staff/inbox/{conversation.id}")).text
    assert (await Outgoing.filter(needs="").get()).state == "sent"


async def test_twenty_messages_in_five_minutes_and_no_more(web):
    for n in range(20):
        await asks(web, f"{n}", f"key-{n:04}")
    assert (await web.submit("/contact/messages", {"body": "もう一つ", "key": "key-9999"})).status_code == 429


async def test_who_is_erased_is_gone_from_the_chat(web):
    from customers import privacy

    member = await a_person(email="ryo@example.jp")
    await asks(web)
    await shows_the_address(web, "ryo@example.jp")
    enter(Here(principal=SYSTEM))
    await privacy.erase(member.id, "本人の依頼")
    assert await ChatVisitor.all().count() == 0
    assert (await Message.filter(sender="person").first()).body == ""
    assert "画面が真っ白です" not in (await web.get("/contact")).text


async def test_a_script_is_answered_in_json(web):
    sent = await web.submit("/contact/messages", {"body": "こんにちは", "key": "key-0001"},
                            headers={"accept": "application/json"})  # fmt: skip
    assert sent.status_code == 204
    refused = await web.submit("/contact/messages", {"body": " ", "key": "key-0002"},
                               headers={"accept": "application/json"})  # fmt: skip
    assert (refused.status_code, refused.json()["detail"]) == (422, "内容を書いてください。")
