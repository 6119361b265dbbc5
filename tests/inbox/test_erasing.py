"""An erased person is gone from what arrived too: bodies of webhooks, letters, and where answers were sent."""

import json

from channels.incoming import keeping
from channels.models import Arrival, Connection, IncomingMail
from core.clock import now
from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from customers import people, privacy
from factories import a_person
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.models import Conversation, Outgoing
from incoming_mails import letter
from record_filling import everything


async def an_arrival(kind: str, key: str, body: dict) -> Arrival:
    moment = now()
    connection, _ = await Connection.get_or_create(
        kind=kind, external_id="x", defaults={"name": kind, "created_at": moment, "updated_at": moment}
    )
    return await Arrival.create(connection_id=connection.id, key=key, kind="message", body=body, at=moment,
                                received_at=moment)  # fmt: skip


async def test_erasing_reaches_webhooks_letters_and_addresses(house):
    enter(Here(principal=SYSTEM))
    gone, other = await a_person("秘密沢", "花子", email="hanako@secret.example"), await a_person()
    await people.link("line", "Usecret", gone.id, source="line", verified_at=now())
    await people.link("slack", "T1:Wsecret", gone.id, source="slack", verified_at=now())
    hers = await an_arrival("line", "1", {"source": {"userId": "Usecret"}, "message": {"text": "秘密沢です"}})
    await an_arrival("slack", "2", {"team_id": "T1", "event": {"user": "Wsecret", "text": "秘密沢より"}})
    await an_arrival("line", "3", {"source": {"userId": "Uother"}, "message": {"text": "ほかの人"}})
    known = await receive(Heard(channel="line", customer_key=key_of_person(gone.id), body="秘密沢です", at=now(),
                                person_id=gone.id, address={"to": "Usecret"}, arrival_id=hers.id))  # fmt: skip
    unknown = await receive(Heard(channel="email", customer_key="email:hanako@secret.example", body="秘密沢の手紙",
                                  at=now(), name="秘密沢", address={"to": "hanako@secret.example"},
                                  data={"subject": "秘密沢"}))  # fmt: skip
    await receive(Heard(channel="line", customer_key="line:1:Usecret", body="秘密沢の前の話", at=now()))
    theirs = await receive(Heard(channel="web", customer_key=key_of_person(other.id), body="ほかの人", at=now(),
                                 person_id=other.id))  # fmt: skip
    for n, message in enumerate((known, unknown, theirs)):
        await Outgoing.create(message_id=message.id, conversation_id=message.conversation_id, key=f"k{n}",
                              channel="line", address={"to": "Usecret" if n < 2 else "Uother"}, due_at=now(),
                              created_at=now(), reply_token="秘密沢" if n < 2 else "")  # fmt: skip
    await keeping.keep(letter("hanako@secret.example", "秘密沢"), "support@in.example", "hanako@secret.example")
    await keeping.keep(letter("Hanako@secret.example", "秘密沢"), "support@in.example", "bounce+1@relay.example")
    await privacy.erase(gone.id, "本人の依頼")

    left = {table: json.dumps(found, ensure_ascii=False, default=str) for table, found in (await everything()).items()}
    for secret in ("秘密沢", "secret.example", "Usecret", "Wsecret"):
        assert [table for table, found in left.items() if secret in found] == [], secret
    assert not [row for row in await rows("SELECT content FROM incoming_mail") if row[0]]
    assert await IncomingMail.filter(state="ignored").count() == 2, "what waits is not made a letter of any more"
    assert await Arrival.filter(state="waiting").count() == 1
    assert [row[0] for row in await rows("SELECT body FROM message WHERE id = ?", theirs.id)] == ["ほかの人"]
    assert (await Outgoing.get(key="k2")).address == {"to": "Uother"}
    assert await Conversation.all().count() == 4, "the work stays, without whose it was"
