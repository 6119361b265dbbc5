"""The fake LINE calls us as LINE does: LINE's own SDK verifies and reads every body."""

import json

import httpx
import pytest
from linebot.v3.messaging import (
    AsyncApiClient,
    AsyncMessagingApi,
    Configuration,
    ReplyMessageRequest,
    TextMessage,
)
from linebot.v3.webhook import SignatureValidator, WebhookParser

from fakes.line_events import line_id, line_signature
from fakes.line_examples import MIKA
from fakes.process import fake_process
from fakes.samples import samples


async def test_deliveries_carry_a_signature_that_the_sdk_accepts(line, inbox):
    event = line.text(MIKA, "こんにちは 😀")
    assert (await line.deliver(inbox.url, [event])).status_code == 200
    body, headers = inbox.received[0]
    assert SignatureValidator(line.secret).validate(body.decode(), headers["X-Line-Signature"])
    [parsed] = WebhookParser(line.secret).parse(body.decode(), headers["X-Line-Signature"])
    assert (parsed.message.text, parsed.source.user_id) == ("こんにちは 😀", MIKA)
    assert json.loads(body)["destination"] == line.bot_user_id
    assert line.deliveries[0][1] == 200


async def test_forged_deliveries_do_not_verify(line, inbox):
    await line.deliver(inbox.url, [line.text(MIKA, "a")], secret="another")
    await line.deliver(inbox.url, [line.text(MIKA, "a")], signature="縁側".encode().hex())
    for body, headers in inbox.received:
        assert not SignatureValidator(line.secret).validate(body.decode(), headers["X-Line-Signature"])


async def test_a_signature_may_be_absent_or_not_ascii(line, inbox):
    await line.deliver(inbox.url, [], without={"X-Line-Signature"})
    await line.deliver(inbox.url, [], signature="縁側".encode())
    assert [headers.get("X-Line-Signature") is None for _, headers in inbox.received] == [True, False]


async def test_a_redelivery_differs_in_one_field(line, inbox):
    event = line.text(MIKA, "a")
    await line.deliver(inbox.url, [event])
    await line.redeliver(inbox.url, [event])
    first, second = (json.loads(body)["events"][0] for body, _ in inbox.received)
    assert second.pop("deliveryContext") == {"isRedelivery": True}
    assert first.pop("deliveryContext") == {"isRedelivery": False}
    assert first == second


async def test_every_builder_makes_an_event_that_the_sdk_reads(line, inbox):
    asked = line.text(MIKA, "a", group=line_id("g", "C"))
    events = [
        asked,
        line.text(MIKA, "b", room=line_id("r", "R"), quoted="1"),
        line.text(MIKA, "c", mode="standby"),
        line.image(MIKA, b"x"),
        line.video(MIKA, b"x"),
        line.audio(MIKA, b"x"),
        line.file(MIKA, "a.pdf", b"x"),
        line.location(MIKA, "a", 35.0, 139.0),
        line.sticker(MIKA),
        line.follow(MIKA),
        line.unfollow(MIKA),
        line.unsend(MIKA, asked),
        line.edited(MIKA, asked, "A"),
        line.postback(MIKA, "answer=1", {"date": "2026-01-01"}),
        line.account_link(MIKA, "nonce"),
        line.join(line_id("g", "C")),
        line.leave(line_id("g", "C")),
    ]
    await line.deliver(inbox.url, events)
    body, headers = inbox.received[0]
    parsed = WebhookParser(line.secret).parse(body.decode(), headers["X-Line-Signature"])
    assert [event.type for event in parsed] == [event["type"] for event in events]
    assert len({event.webhook_event_id for event in parsed}) == len(events)
    without = {"unsend", "unfollow", "leave"}
    assert all(
        ("replyToken" in event) == (event["type"] not in without and event["mode"] == "active") for event in events
    )


async def test_a_webhook_that_takes_more_than_two_seconds_times_out(line, inbox, monkeypatch):
    monkeypatch.setattr("fakes.line.WEBHOOK_TIMEOUT", 0.1)
    inbox.delay = 0.5
    with pytest.raises(httpx.TimeoutException):
        await line.verify(inbox.url)


@pytest.mark.parametrize("name", samples("line_webhooks"))
def test_published_webhooks_parse_with_the_sdk(name):
    body = json.dumps(samples("line_webhooks")[name])
    signature = line_signature("secret", body.encode())
    payload = WebhookParser("secret").parse(body, signature, as_payload=True)
    assert len(payload.events) == len(samples("line_webhooks")[name]["events"])


def test_the_samples_cover_every_event_and_message_type_of_the_documentation():
    events = [event for body in samples("line_webhooks").values() for event in body["events"]]
    assert len(samples("line_webhooks")) >= 25
    assert {event["type"] for event in events} >= {
        *("message", "unsend", "follow", "unfollow", "join", "leave", "memberJoined", "memberLeft", "postback"),
        *("videoPlayComplete", "beacon", "accountLink", "membership", "module", "activated", "deactivated"),
        *("botSuspended", "botResumed", "delivery", "messageEdited"),
    }
    messages = {event["message"]["type"] for event in events if event["type"] == "message"}
    assert messages == {"text", "image", "video", "audio", "file", "location", "sticker"}


async def test_another_process_plays_line(tmp_path, inbox):
    async with fake_process("line", "--token", "t", "--secret", "s", ledger=tmp_path / "line.jsonl") as line:
        delivered = await line.control("deliver", url=inbox.url, build=[["text", [MIKA, "こんにちは"], {}]])
        token = delivered["events"][0]["replyToken"]
        assert SignatureValidator("s").validate(inbox.received[0][0].decode(), inbox.received[0][1]["X-Line-Signature"])
        async with AsyncApiClient(Configuration(host=line.origin, access_token="t")) as client:
            message = TextMessage(text="はい")
            await AsyncMessagingApi(client).reply_message(ReplyMessageRequest(replyToken=token, messages=[message]))
        assert await line.control("refused") == []
        assert [sent["to"] for sent in await line.control("sent")] == [[MIKA]]
    assert line.entries()[0]["messages"] == [{"type": "text", "text": "はい"}]
