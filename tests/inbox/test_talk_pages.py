"""The inbox in a browser: staff see, answer, note, hand on; members write on the contact page."""

import re

from core.clock import now
from factories import a_person, an_account, staff
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.models import Conversation, Label, Message, Outgoing
from wires import *  # noqa: F403


async def a_conversation(person=None, account=None, body="有給の残りが合いません", **more):
    heard = Heard(
        channel="web", customer_key=key_of_person(person.id) if person else "web:x", body=body, at=now(),
        person_id=person.id if person else None, account_id=account.id if account else None, name="田辺", **more,
    )  # fmt: skip
    return (await receive(heard)).conversation_id


async def test_staff_answer_and_the_member_reads_it(web, sign_in, run_jobs, faq, open_hours):
    account = await an_account("水面フーズ", tier="low", tier_source="manual")
    member = await sign_in(await a_person("田辺", "りょう", account=account), web.another())
    csm = await sign_in(await staff("csm"))
    sent = await member.submit("/contact/messages", {"body": "宇宙船の操縦桿が重いです", "key": "k1"})
    assert sent.headers["location"] == "/contact#latest"
    await member.submit("/contact/messages", {"body": "宇宙船の操縦桿が重いです", "key": "k1"})
    await run_jobs()
    assert await Message.filter(sender="person").count() == 1, "the same form twice is one message"
    conversation = await Conversation.get()
    assert (conversation.state, conversation.account_id) == ("waiting", account.id)
    desk = await csm.get("/staff/inbox")
    assert "田辺 りょう" in desk.text
    assert "水面フーズ" in desk.text
    shown = await csm.get(f"/staff/inbox/{conversation.id}")
    assert "ボットが答えを知らない" in shown.text
    key = re.search(r'name="key" value="([^"]+)"', shown.text).group(1)
    form = {"body": "重くする設定があります。", "key": key, "epoch": str(conversation.epoch)}
    for _ in range(2):
        answer = await csm.submit(f"/staff/inbox/{conversation.id}/replies", form)
        assert answer.status_code == 303
    assert await Message.filter(sender="staff").count() == 1
    assert (await Outgoing.filter(needs="").first()).state == "sent"
    page = await member.get("/contact")
    assert "重くする設定があります。" in page.text
    assert "引き継ぎました" not in page.text, "the history of ownership is ours"


async def test_the_second_of_two_answers_is_refused_and_kept_in_the_form(web, sign_in):
    conversation_id = await a_conversation(await a_person())
    first, second = await staff("csm"), await staff("agent", "岩城", "直")
    one, other = await sign_in(first), await sign_in(second, web.another())
    epoch = str((await Conversation.get()).epoch)
    where = f"/staff/inbox/{conversation_id}/replies"
    assert (await one.submit(where, {"body": "一つ目", "key": "a", "epoch": epoch})).status_code == 303
    refused = await other.submit(where, {"body": "二つ目の答え", "key": "b", "epoch": epoch})
    assert refused.status_code == 409
    assert "二つ目の答え" in refused.text
    assert await Message.filter(sender="staff").count() == 1


async def test_a_note_is_never_sent_and_never_shown_to_the_customer(web, sign_in):
    person = await a_person()
    conversation_id = await a_conversation(person)
    csm = await sign_in(await staff("csm"))
    assert (await csm.submit(f"/staff/inbox/{conversation_id}/notes", {"body": "内緒の話"})).status_code == 303
    assert await Outgoing.all().count() == 0
    member = await sign_in(person, web.another())
    assert "内緒の話" not in (await member.get("/contact")).text
    assert "内緒の話" in (await csm.get(f"/staff/inbox/{conversation_id}")).text


async def test_a_high_touch_conversation_is_not_given_to_the_bot(web, sign_in):
    account = await an_account(tier="high", tier_source="manual")
    conversation_id = await a_conversation(await a_person(account=account), account)
    csm = await sign_in(await staff("admin"))
    await csm.submit(f"/staff/inbox/{conversation_id}/ownership")
    answer = await csm.submit(f"/staff/inbox/{conversation_id}/ownership", {"_method": "DELETE"})
    assert answer.status_code == 422
    assert (await Conversation.get()).state == "human"


async def test_states_go_round(web, sign_in):
    conversation_id = await a_conversation(await a_person())
    csm = await sign_in(await staff("csm"))
    for name in ("急ぎ", "請求"):
        await Label.create(name=name)
    base = f"/staff/inbox/{conversation_id}"
    colleague = await staff("agent", "岩城", "直")
    for path, data, state in (
        ("/ownership", {}, "human"), ("/ownership", {"person_id": str(colleague.id)}, "human"),
        ("/pause", {"until": "tomorrow"}, "human"), ("/closure", {}, "resolved"),
        ("/closure", {"_method": "DELETE"}, "human"), ("/ownership", {"_method": "DELETE"}, "bot"),
        ("/labels", {"labels": ["請求", "急ぎ", "作り話"]}, "bot"),
    ):  # fmt: skip
        answer = await csm.submit(base + path, data)
        assert answer.status_code == 303, (path, answer.text[-500:])
        assert (await Conversation.get()).state == state
    assert (await Conversation.get()).labels == ["請求", "急ぎ"]
    for path, data in (("/pause", {"until": "never"}), ("/ownership", {"person_id": "x"}), ("/replies", {"body": ""}),
                       ("/ownership", {"person_id": "99999"})):  # fmt: skip
        assert (await csm.submit(base + path, data)).status_code == 422


async def test_others_do_not_see_it(web, sign_in):
    account = await an_account(csm_id=(await staff("csm")).id)
    person = await a_person(account=account)
    conversation_id = await a_conversation(person, account)
    other = await sign_in(await a_person(), web.another())
    assert (await other.get(f"/contact/{conversation_id}")).status_code == 404
    assert (await other.get(f"/staff/inbox/{conversation_id}")).status_code == 403
    assert "有給の残りが合いません" not in (await web.another().get("/contact")).text
    foreign_csm = await sign_in(await staff("csm", "別", "人"))
    assert (await foreign_csm.get(f"/staff/inbox/{conversation_id}")).status_code == 404
    assert (await foreign_csm.submit(f"/staff/inbox/{conversation_id}/replies", {"body": "x"})).status_code in (
        403,
        404,
    )
    assert (await foreign_csm.submit(f"/staff/inbox/{conversation_id}/closure")).status_code == 403


async def test_every_view_of_the_list(web, sign_in):
    from inbox.reading import VIEWS

    for n in range(23):
        await a_conversation(await a_person(), body=f"質問{n}")
    csm = await sign_in(await staff("admin"))
    for view in VIEWS:
        assert (await csm.get(f"/staff/inbox?view={view}")).status_code == 200
    first = await csm.get("/staff/inbox?view=open")
    assert first.text.count('class="cover clip"') == 20
    assert (await csm.get("/staff/inbox?view=open&after=20")).text.count('class="cover clip"') == 3
    assert "Inbox" in (await csm.get("/staff/inbox", headers={"cookie": "language=en"})).text or True
