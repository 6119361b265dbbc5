"""Canned replies and labels are changed on their pages, by whom they belong to, and the log knows."""

from core.clock import now
from core.models import AuditEntry
from factories import staff
from inbox.actions.receiving import Heard, receive
from inbox.models import CannedReply, Label
from inbox.reading import labels


async def a_conversation():
    return (await receive(Heard(channel="web", customer_key="web:x", body="有給の残り", at=now()))).conversation_id


REPLIES, LABELS = "/staff/settings/replies", "/staff/settings/labels"


async def test_replies_of_ones_own_and_of_everybody(web, sign_in):
    admin, csm = await sign_in(await staff("admin")), await sign_in(await staff("csm", "別", "人"), web.another())
    shared = {"title": "営業時間", "shortcut": "jikan", "body": "9時から18時です。", "whose": "everybody"}
    assert (await admin.submit(f"{REPLIES}/new", shared)).status_code == 303
    mine = shared | {"title": "私の挨拶", "shortcut": "aisatsu", "whose": "mine"}
    assert (await csm.submit(f"{REPLIES}/new", mine)).status_code == 303
    assert (await csm.submit(f"{REPLIES}/new", shared)).status_code == 403, "everybody's are for administrators"
    assert (await csm.submit(f"{REPLIES}/new", mine | {"body": ""})).status_code == 422
    listed = (await csm.get(REPLIES)).text
    assert "営業時間" in listed
    assert "私の挨拶" in listed
    assert "私の挨拶" not in (await admin.get(REPLIES)).text
    of_all, own = await CannedReply.get(shortcut="jikan"), await CannedReply.get(shortcut="aisatsu")
    assert (await csm.get(f"{REPLIES}/{of_all.id}")).status_code == 403
    assert (await admin.get(f"{REPLIES}/{own.id}")).status_code == 404
    assert (await csm.submit(f"{REPLIES}/{own.id}", mine | {"body": "変えました"})).status_code == 303
    conversation = await a_conversation()
    shown = await csm.get(f"/staff/inbox/{conversation}?canned={own.id}")
    assert "変えました" in shown.text
    assert (await csm.submit(f"{REPLIES}/{of_all.id}", {"_method": "DELETE"})).status_code == 403
    assert (await csm.submit(f"{REPLIES}/{own.id}", {"_method": "DELETE"})).status_code == 303
    log = await AuditEntry.filter(target_kind="canned_reply").order_by("id").values_list("action", "before", "after")
    assert [entry[0] for entry in log] == ["add", "add", "change", "delete"]
    assert (log[2][1]["body"], log[2][2]["body"]) == ("9時から18時です。", "変えました")


async def test_labels_on_offer(web, sign_in):
    from inbox.models import Conversation

    admin, csm = await sign_in(await staff("admin")), await sign_in(await staff("csm", "別", "人"), web.another())
    for name, status in (("請求", 303), ("急ぎ", 303), ("請求", 409), ("", 422)):
        assert (await admin.submit(LABELS, {"name": name})).status_code == status
    assert (await csm.get(LABELS)).status_code == 403
    conversation = await a_conversation()
    page = f"/staff/inbox/{conversation}"
    assert (await csm.submit(f"{page}/labels", {"labels": ["請求"]})).status_code == 303
    assert 'value="請求" checked' in (await csm.get(page)).text
    billing = await Label.get(name="請求")
    assert (await admin.submit(f"{LABELS}/{billing.id}", {"_method": "DELETE"})).status_code == 303
    assert await labels(await Conversation.get()) == [("急ぎ", False), ("請求", True)], "what was put there stays"
    log = (
        await AuditEntry.filter(target_kind__in=["label", "conversation"])
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert log == ["add", "add", "label", "delete"]
