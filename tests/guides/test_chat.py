"""What the chat of the embedded script may ask: who is who, whose conversation is whose, how many are too many."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from core.clock import now
from core.context import enter, here
from core.database import rows, write
from customers.people import link
from factories import a_person, an_account, staff
from guides import identity, product
from guides_parts import SITE, a_product, a_user, an_author, token
from inbox.models import ChatVisitor, Conversation, Message
from wires import *  # noqa: F403


class Chat:
    """What a browser on the company's site asks; `visitor` is its token, `signed` the user's."""

    def __init__(self, web: Any, key: str, *, signed: str = "", visitor: str = "", origin: str = SITE) -> None:
        self.web, self.key, self.signed, self.origin = web, key, signed, origin
        self.visitor = visitor or ("" if signed else secrets.token_urlsafe(32))

    def _about(self) -> dict[str, str]:
        return {"key": self.key, "token": self.signed, "visitor": self.visitor, "page": f"{SITE}/timesheets?secret=1#x"}

    async def post(self, what: str, **body: Any) -> Any:
        headers = {"origin": self.origin, "content-type": "text/plain;charset=UTF-8"}
        said, author = json.dumps(self._about() | body), here()
        try:
            return await self.web.post(f"/w/chat/{what}", content=said, headers=headers)
        finally:
            enter(author)  # the application runs in this very context

    async def says(self, words: str, id: str = "") -> None:
        found = await self.post("messages", id=id or secrets.token_hex(8), body=words)
        assert found.status_code == 204, found.text

    async def sends(self, data: bytes) -> Any:
        fields = self._about() | {"id": secrets.token_hex(8)}
        return await self.web.post("/w/chat/pictures", data=fields, files={"file": ("a.png", data, "image/png")},
                                   headers={"origin": self.origin})  # fmt: skip

    async def reads(self) -> list[str]:
        found = await self.post("talk")
        assert found.status_code == 200, found.text
        return [turn["text"] for turn in found.json()["turns"]]


def a_picture() -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "#2a4b8d").save(buffer, "PNG")
    return buffer.getvalue()


async def test_nobody_reads_anothers_conversation(web):
    await an_author()
    made = await a_product()
    await a_user("u-1")
    await a_user("u-2")
    one, known = Chat(web, made.key), Chat(web, made.key, signed=token(made, "u-1"))
    stranger_signed = Chat(web, made.key, signed=token(made, "new-here"))
    await one.says("訪問者の話")
    await known.says("利用者の話")
    await stranger_signed.says("まだ知らない利用者の話")
    others = [Chat(web, made.key), Chat(web, made.key, visitor="x" * 43), Chat(web, made.key, visitor="' OR 1=1 --"),
              Chat(web, made.key, signed=token(made, "u-2")),
              Chat(web, made.key, signed=token(made, "newer"))]  # fmt: skip
    for other in others:
        assert await other.reads() == []
        for what, body in {"taps": {"id": "tap-00001", "tap": "person:1"}, "seen": {"number": 1}, "live": {},
                           "ratings": {"score": 5}, "addresses": {"text": "a@example.jp"}, "codes": {"text": "1"},
                           "leaving": {}, "picture": {"media": "x.png"}, "earlier": {}}.items():  # fmt: skip
            if what in ("seen", "live", "taps") and other.signed == others[3].signed:
                continue  # somebody known may ask; there is nothing of theirs
            assert (await other.post(what, **body)).status_code == 404, what
    assert await one.reads() == ["訪問者の話"]
    assert await known.reads() == ["利用者の話"]
    elsewhere = Chat(web, made.key, signed=token(made, "new-here"))
    assert await elsewhere.reads() == ["まだ知らない利用者の話"]
    assert (await Conversation.all().order_by("id").first()).address == {"page": f"{SITE}/timesheets"}, "no query"


async def test_a_wrong_signature_and_a_site_that_is_not_listed_get_nothing(web):
    await an_author()
    made = await a_product()
    await a_user("u-1")
    for signed in ("x.y.z", identity.sign("another secret", "u-1"), token(made, "u-1", lasts=-1)):
        for what in ("talk", "live", "messages", "leaving"):
            answer = await Chat(web, made.key, signed=signed).post(what, id="abcdefgh", body="x")
            assert answer.status_code == 401, what
    elsewhere = await Chat(web, made.key, origin="https://evil.example").post("talk")
    assert elsewhere.status_code == 403
    assert "access-control-allow-origin" not in elsewhere.headers
    listed = await Chat(web, made.key).post("talk")
    assert listed.headers["access-control-allow-origin"] == SITE
    assert "set-cookie" not in listed.headers
    await product.change(made, origins=[SITE], has_launcher=False, gap_hours=24, survey_gap_days=90)
    assert (await Chat(web, made.key).post("talk")).status_code == 404, "no launcher, no chat"
    assert await ChatVisitor.all().count() == 0
    assert await Message.all().count() == 0


async def test_the_same_id_is_one_message_and_bad_bodies_are_refused(web):
    await an_author()
    made = await a_product()
    one = Chat(web, made.key)
    for _ in range(3):
        await one.says("一度だけ", "id-000001")
    assert await one.reads() == ["一度だけ"]
    for body in ({"id": "", "body": "x"}, {"id": "y" * 65, "body": "x"}, {"id": "id-2", "body": "  "},
                 {"id": "id-3", "body": "x" * 5001}, {"id": "名前", "body": "x"}):  # fmt: skip
        assert (await one.post("messages", **body)).status_code == 422, body
    assert (await one.post("messages", id="id-4", body="あ" * 20_000)).status_code == 413
    assert (await one.post("messages", id=4, body="x")).status_code == 400
    assert (await one.post("nothing")).status_code == 404
    assert (await Chat(web, made.key, visitor="short").post("messages", id="id-5", body="x")).status_code == 401


async def test_what_a_visitor_said_is_theirs_once_the_product_signs_them_in(web):
    await an_author()
    made = await a_product()
    account = await an_account(csm_id=(await staff("csm")).id)
    person = await a_user("u-1", account=account)
    one = Chat(web, made.key)
    await one.says("サインイン前の話")
    signed = Chat(web, made.key, signed=token(made, "u-1"), visitor=one.visitor)
    found = (await signed.post("talk")).json()
    assert ([turn["text"] for turn in found["turns"]], found["joined"]) == (["サインイン前の話"], True)
    conversation = await Conversation.get()
    assert (conversation.person_id, conversation.account_id) == (person.id, account.id)
    assert await one.reads() == [], "the token is over: signing out leaves nothing"


async def test_a_user_who_becomes_known_keeps_what_they_said(web):
    await an_author()
    made = await a_product()
    user = Chat(web, made.key, signed=token(made, "u-9"))
    await user.says("まだ知られていません")
    person = await a_person()
    await link("user_id", "u-9", person.id, source="test", verified_at=person.created_at)
    assert await user.reads() == ["まだ知られていません"]
    assert (await Conversation.get()).person_id == person.id


async def test_pictures_are_for_their_sender_and_are_made_anew(web):
    await an_author()
    made = await a_product()
    one, other = Chat(web, made.key), Chat(web, made.key)
    assert (await one.sends(a_picture())).status_code == 204
    key = (await rows("SELECT key FROM media"))[0][0]
    got = await one.post("picture", media=key)
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png")
    await other.says("別の人です")
    assert (await other.post("picture", media=key)).status_code == 404
    assert (await one.sends(b"<svg onload=alert(1)>")).status_code == 422
    assert (await rows("SELECT COUNT(*) FROM media"))[0][0] == 1


async def test_earlier_conversations_are_their_own_one_at_a_time(web):
    await an_author()
    made = await a_product()
    one, other = Chat(web, made.key), Chat(web, made.key)
    await other.says("ほかの人の話")
    for n in range(3):
        await one.says(f"話{n}")
        assert (await one.post("talk")).json()["earlier"] is (n > 0)
        if n < 2:  # it ended too long ago to be opened again
            mine = (await Conversation.all().order_by("-id").first()).id
            await Conversation.filter(id=mine).update(state="resolved", resolved_at=now() - timedelta(days=30))
    said, before = [], 0
    while True:
        found = (await one.post("earlier", before=before)).json()
        said.append([turn["text"] for turn in found["turns"] if turn["side"] == "customer"])
        before = found["number"]
        if not found["more"]:
            break
    assert said == [["話1"], ["話0"]]
    assert (await one.post("earlier", before=2**70)).json()["turns"], "no number breaks it"
    assert (await one.post("earlier", before=before)).status_code == 404
    assert (await other.post("earlier")).status_code == 404


async def test_thirty_new_visitors_from_one_place_and_no_more(web):
    await an_author()
    made = await a_product()
    first = Chat(web, made.key)
    await first.says("最初")
    for _ in range(29):
        await Chat(web, made.key).says("もう一人")
    refused = await Chat(web, made.key).post("messages", id="id-000001", body="三十一人目")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "900")
    await first.says("前からいる人は書けます")


async def test_who_leaves_is_forgotten_by_the_browser_and_by_the_token(web):
    await an_author()
    made = await a_product()
    one = Chat(web, made.key)
    await one.says("共用の端末です")
    assert (await one.post("leaving")).status_code == 204
    assert await one.reads() == []
    assert await Message.filter(sender="person").count() == 1, "the work goes on"


async def test_an_old_secret_that_was_dropped_ends_open_conversations(web):
    await an_author()
    made = await a_product()
    await a_user("u-1")
    user = Chat(web, made.key, signed=token(made, "u-1"))
    await user.says("前の鍵です")
    await product.rotate_secret(made)
    assert await user.reads() == ["前の鍵です"]
    await product.drop_old_secret(made)
    assert (await user.post("talk")).status_code == 401


async def test_a_person_who_is_not_active_any_more_reads_nothing(web):
    await an_author()
    made = await a_product()
    person = await a_user("u-1")
    user = Chat(web, made.key, signed=token(made, "u-1"))
    await user.says("退会する人")
    await write("UPDATE person SET state = 'erased' WHERE id = ?", person.id)
    assert await user.reads() == []
