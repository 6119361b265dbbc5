"""LINE calls us: the signature is the only gate, every event is stored once before the 200."""

import json

from channels.models import Arrival
from core.database import rows
from fakes.line_api import NOBODY
from fakes.line_events import line_signature
from fakes.samples import samples
from wires import *  # noqa: F403
from wires import LINE


async def test_an_event_is_stored_under_its_key_and_a_redelivery_is_not(web, line, line_channel):
    event = line.text(line.person("Mika"), "請求書はどこですか")
    assert (await line.deliver(LINE, [event], client=web)).status_code == 200
    assert (await line.redeliver(LINE, [event], client=web)).status_code == 200
    arrival = await Arrival.get()
    assert (arrival.key, arrival.kind, arrival.state) == (event["webhookEventId"], "message", "waiting")
    assert arrival.body["message"]["text"] == "請求書はどこですか"
    assert [tuple(row) for row in await rows("SELECT name FROM fact")] == [("channels.ArrivalStored",)]
    assert line.sent == []


async def test_wrong_signatures_are_refused_and_store_nothing(web, line, line_channel):
    event = [line.text(line.person("Mika"), "hi")]
    for how in ({"secret": "x" * 32}, {"signature": ""}, {"signature": "あ".encode()}, {"signature": "x"},
                {"without": {"X-Line-Signature"}}):  # fmt: skip
        assert (await line.deliver(LINE, event, client=web, **how)).status_code == 401
    assert await Arrival.all().count() == 0


async def test_verify_is_answered_and_malformed_bodies_are_400(web, line, line_channel):
    assert (await line.verify(LINE, client=web)).status_code == 200
    for body in (b"{", b"[]", b"\xff\xfe", b"null", b'{"destination": 5, "events": []}', b'{"events": "x"}',
                 b"[" * 50_000, b'{"events": [5]}', b"NaN",
                 json.dumps({"destination": line.bot_user_id, "events": [{"type": 5}]}).encode()):  # fmt: skip
        response = await web.post(LINE, content=body, headers={"X-Line-Signature": line_signature(line.secret, body)})
        assert response.status_code == 400, body[:50]
    assert (await web.post(LINE, content=b"{", headers={"X-Line-Signature": "x"})).status_code == 401
    large = b'{"destination":"' + b"a" * 1_100_000 + b'"}'
    assert (await web.post(LINE, content=large)).status_code == 413


async def test_nul_and_odd_timestamps_are_stored(web, line, line_channel):
    user = line.person("Mika")
    for event in (line.text(user, "a\x00b"), line.text(user, "x", at=10**18), line.text(user, "y", at=-5)):
        assert (await line.deliver(LINE, [event], client=web)).status_code == 200
    assert await Arrival.all().count() == 3


async def test_another_destination_needs_its_own_secret(web, line, line_channel):
    other = line.add_channel("Other")
    event = [line.text(line.person("Mika"), "hi")]
    assert (await line.deliver(LINE, event, channel=other, client=web)).status_code == 401
    assert (await line.deliver(LINE, event, channel=other, secret=line.secret, client=web)).status_code == 401


async def test_published_bodies_never_break(web, line, line_channel, run_jobs):
    for name, body in samples("line_webhooks").items():
        raw = json.dumps(body | {"destination": line.bot_user_id}).encode()
        response = await web.post(LINE, content=raw, headers={"X-Line-Signature": line_signature(line.secret, raw)})
        assert response.status_code == 200, name
    await run_jobs()
    assert await rows("SELECT name, last_error FROM promise WHERE last_error IS NOT NULL AND last_error <> ''") == []
    assert not await Arrival.filter(state="waiting").exists()
    assert {refusal.error for refusal in line.refused} <= {"Not found", "Invalid reply token", NOBODY}


async def test_the_same_events_in_opposite_orders_at_once(web, line, line_channel):
    """Two transactions that insert the same keys in different orders would wait for each other on PostgreSQL."""
    import asyncio

    user = line.person("Mika")
    for _ in range(5):
        events = [line.text(user, f"{n}") for n in range(30)]
        answers = await asyncio.gather(
            *(line.deliver(LINE, some, client=web) for some in (events, events[::-1], events, events[::-1]))
        )
        assert [answer.status_code for answer in answers] == [200] * 4
    assert await Arrival.all().count() == 150
