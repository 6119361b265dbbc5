"""The fake LINE takes what LINE's own SDK sends, and refuses what the Messaging API reference forbids."""

import asyncio
import json
import uuid

import aiohttp
import httpx
import pytest
from linebot.v3 import messaging
from linebot.v3.messaging import (
    ApiException,
    AsyncApiClient,
    AsyncMessagingApi,
    AsyncMessagingApiBlob,
    Configuration,
    FlexMessage,
    PushMessageRequest,
    ReplyMessageRequest,
    TextMessage,
)
from linebot.v3.webhook import SignatureValidator, WebhookParser

from fakes.line import FakeLine
from fakes.line_events import line_id, line_signature
from fakes.line_flex import COMPONENTS
from fakes.line_messages import FIELDS
from fakes.process import fake_process
from fakes.receiver import Receiver
from fakes.samples import samples

MIKA = line_id("Mika")


@pytest.fixture
async def line():
    async with FakeLine() as fake:
        fake.know(MIKA, "Mika")
        yield fake


@pytest.fixture
async def api(line):
    async with AsyncApiClient(Configuration(host=line.url, access_token=line.token)) as client:
        yield AsyncMessagingApi(client)


@pytest.fixture
async def inbox():
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def raw(line):
    """Requests that no SDK would send."""
    headers = {"Authorization": f"Bearer {line.token}"}
    async with httpx.AsyncClient(base_url=line.url, headers=headers, trust_env=False) as client:
        yield client


def hello(to: str = MIKA) -> PushMessageRequest:
    return PushMessageRequest(to=to, messages=[TextMessage(text="こんにちは")])


async def refusal(awaitable) -> ApiException:
    with pytest.raises(ApiException) as refused:
        await awaitable
    return refused.value


async def test_a_push_by_the_sdk_is_recorded(line, api):
    answer = await api.push_message(hello(), x_line_retry_key=str(uuid.uuid4()))
    [sent] = line.sent
    assert (sent.kind, sent.to, sent.texts) == ("push", (MIKA,), ["こんにちは"])
    assert answer.sent_messages[0].id == sent.message_ids[0]
    assert answer.sent_messages[0].quote_token
    assert line.sent_to(MIKA) == sent.messages
    assert line.refused == []


async def test_a_reply_token_works_once(line, api, inbox):
    event = line.text(MIKA, "料金は?")
    await line.deliver(inbox.url, [event])
    request = ReplyMessageRequest(replyToken=event["replyToken"], messages=[TextMessage(text="月額です")])
    await api.reply_message(request)
    assert line.sent_to(MIKA)[0]["text"] == "月額です"
    again = await refusal(api.reply_message(request))
    assert (again.status, json.loads(again.body)) == (400, {"message": "Invalid reply token"})


async def test_a_reply_token_dies_after_a_minute_and_redelivery_does_not_revive_it(line, api, inbox):
    event = line.text(MIKA, "料金は?")
    await line.deliver(inbox.url, [event])
    line.advance(61)
    await line.redeliver(inbox.url, [event])
    request = ReplyMessageRequest(replyToken=event["replyToken"], messages=[TextMessage(text="月額です")])
    assert (await refusal(api.reply_message(request))).status == 400


async def test_a_token_of_one_channel_is_worthless_in_another(line, inbox, api):
    event = line.text(MIKA, "料金は?")
    await line.deliver(inbox.url, [event], channel=line.add_channel("Another"))
    request = ReplyMessageRequest(replyToken=event["replyToken"], messages=[TextMessage(text="?")])
    assert (await refusal(api.reply_message(request))).status == 400


async def test_a_retry_key_makes_a_push_happen_once(line, api):
    key = str(uuid.uuid4())
    first = await api.push_message(hello(), x_line_retry_key=key)
    conflict = await refusal(api.push_message(hello(), x_line_retry_key=key))
    assert conflict.status == 409
    body = json.loads(conflict.body)
    assert body["message"] == "The retry key is already accepted"
    assert body["sentMessages"][0]["id"] == first.sent_messages[0].id
    assert conflict.headers["x-line-accepted-request-id"] == line.sent[0].request_id
    assert (len(line.sent), line.repeated, line.refused) == (1, [key], [])


async def test_a_retry_key_is_forgotten_after_a_day(line, api):
    key = str(uuid.uuid4())
    await api.push_message(hello(), x_line_retry_key=key)
    line.advance(24 * 3600 + 1)
    await api.push_message(hello(), x_line_retry_key=key)
    assert len(line.sent) == 2


async def test_a_lost_answer_and_a_retry_with_the_key_deliver_once(line, api):
    line.faults.next("push", drop=True, after=True)
    key = str(uuid.uuid4())
    with pytest.raises(aiohttp.ClientError):
        await api.push_message(hello(), x_line_retry_key=key)
    assert (await refusal(api.push_message(hello(), x_line_retry_key=key))).status == 409
    assert len(line.sent) == 1


@pytest.mark.parametrize("key", ["", "not-a-uuid", "123e4567e89b12d3a456426614174000"])
async def test_a_malformed_retry_key_is_refused(line, raw, key):
    answer = await raw.post("/v2/bot/message/push", json=push_of(text("hi")), headers={"X-Line-Retry-Key": key})
    assert answer.status_code == 400
    assert "retry key" in line.refused[0].error


async def test_a_reply_takes_no_retry_key(line, raw):
    headers = {"X-Line-Retry-Key": str(uuid.uuid4())}
    body = {"replyToken": line.text(MIKA, "?")["replyToken"], "messages": [text("hi")]}
    assert (await raw.post("/v2/bot/message/reply", json=body, headers=headers)).status_code == 400
    assert line.sent == []


async def test_the_monthly_limit_and_the_rate_are_told_apart_by_their_words(line, api):
    line.channel.monthly_limit = 1
    await api.push_message(hello())
    over = await refusal(api.push_message(hello()))
    assert (over.status, json.loads(over.body)["message"]) == (429, "You have reached your monthly limit.")
    line.limit_rate("push", 1, 60)
    await refusal(api.push_message(hello()))
    fast = await refusal(api.push_message(hello()))
    assert (fast.status, json.loads(fast.body)["message"][:19]) == (429, "The API rate limit ")
    assert (await api.get_message_quota()).value == 1
    assert (await api.get_message_quota_consumption()).total_usage == 1
    assert line.refused == []


async def test_multicast_and_broadcast_count_every_recipient(line, api):
    ken = line.person("Ken")
    blocked = line.person("Blocked")
    line.unfollow(blocked)
    await api.multicast(messaging.MulticastRequest(to=[MIKA, ken], messages=[TextMessage(text="a")]))
    await api.broadcast(messaging.BroadcastRequest(messages=[TextMessage(text="b")]))
    await api.narrowcast(messaging.NarrowcastRequest(messages=[TextMessage(text="c")]))
    await api.validate_narrowcast(messaging.ValidateMessageRequest(messages=[TextMessage(text="d")]))
    assert [sent.kind for sent in line.sent] == ["multicast", "broadcast", "narrowcast"]
    assert set(line.sent[1].to) == {MIKA, ken}
    assert line.channel.consumed == 6


async def test_profiles_link_tokens_and_loading_animation(line, api):
    assert (await api.get_profile(MIKA)).display_name == "Mika"
    assert (await refusal(api.get_profile(line_id("stranger")))).status == 404
    token = (await api.issue_link_token(MIKA)).link_token
    assert line.use_link_token(token) == MIKA
    with pytest.raises(KeyError):
        line.use_link_token(token)
    await api.show_loading_animation(messaging.ShowLoadingAnimationRequest(chatId=MIKA, loadingSeconds=20))
    assert line.loading == [(MIKA, 20)]
    assert (await api.get_bot_info()).user_id == line.bot_user_id


@pytest.mark.parametrize(("chat", "seconds"), [(MIKA, 7), (MIKA, 65), (MIKA, 0), (line_id("g", "C"), 20)])
async def test_the_loading_animation_is_for_users_and_steps_of_five_seconds(line, raw, chat, seconds):
    body = {"chatId": chat, "loadingSeconds": seconds}
    assert (await raw.post("/v2/bot/chat/loading/start", json=body)).status_code == 400


async def test_content_is_fetched_and_video_is_transcoded_first(line):
    picture = line.image(MIKA, b"\xff\xd8picture")["message"]["id"]
    video = line.video(MIKA, b"film", polls=1)["message"]["id"]
    async with AsyncApiClient(Configuration(host=line.url, access_token=line.token)) as client:
        blobs = AsyncMessagingApiBlob(client)
        assert bytes(await blobs.get_message_content(picture)) == b"\xff\xd8picture"
        assert (await blobs.get_message_content_transcoding_by_message_id(video)).status == "processing"
        assert (await blobs.get_message_content_transcoding_by_message_id(video)).status == "succeeded"
        assert bytes(await blobs.get_message_content(video)) == b"film"
        line.unsend(MIKA, picture)
        with pytest.raises(ApiException) as gone:
            await blobs.get_message_content(picture)
        assert gone.value.status == 410


async def test_the_webhook_endpoint_is_set_read_and_tested(line, api, inbox):
    await api.set_webhook_endpoint(messaging.SetWebhookEndpointRequest(endpoint=inbox.url))
    assert (await api.get_webhook_endpoint()).endpoint == inbox.url
    assert (await api.test_webhook_endpoint()).success
    inbox.status = 500
    assert not (await api.test_webhook_endpoint()).success
    assert [json.loads(body)["events"] for body, _ in inbox.received] == [[], []]


# What is refused


def text(value: str, **more) -> dict:
    return {"type": "text", "text": value} | more


def push_of(*messages, to: str = MIKA, **more) -> dict:
    return {"to": to, "messages": list(messages)} | more


def quick(count: int) -> dict:
    action = {"type": "message", "label": "はい", "text": "はい"}
    return {"quickReply": {"items": [{"type": "action", "action": action}] * count}}


def template(kind: str, **fields) -> dict:
    return {"type": "template", "altText": "alt", "template": {"type": kind, **fields}}


def buttons(count: int = 1, **fields) -> dict:
    actions = [{"type": "postback", "label": "見る", "data": "a=1"}] * count
    return template("buttons", **({"text": "どれですか", "actions": actions} | fields))


def flex(body: dict, **more) -> dict:
    return {"type": "flex", "altText": "alt", "contents": {"type": "bubble", "body": body}} | more


def box(*contents: dict, **more) -> dict:
    return {"type": "box", "layout": "vertical", "contents": list(contents)} | more


IMAGE = {"type": "image", "originalContentUrl": "https://a.example/a.png", "previewImageUrl": "https://a.example/b.png"}
ACCEPTED = {
    "a text of 5,000 code units": text("x" * 5000),
    "2,500 emoji": text("😀" * 2500),
    "13 quick replies": text("?", **quick(13)),
    "a sender": text("?", sender={"name": "縁側サポート", "iconUrl": "https://a.example/i.png"}),
    "an image": IMAGE,
    "a sticker": {"type": "sticker", "packageId": "446", "stickerId": "1988"},
    "four buttons": buttons(4),
    "a confirm": template("confirm", text="よいですか", actions=[{"type": "message", "label": "a", "text": "a"}] * 2),
    "a flex": flex(box({"type": "text", "text": "回答"}, {"type": "separator"})),
    "a flex button": flex(
        box({"type": "button", "action": {"type": "uri", "label": "開く", "uri": "https://a.example"}})
    ),
    "a location": {"type": "location", "title": "a", "address": "b", "latitude": 35.6, "longitude": 139.7},
    "textV2": {
        "type": "textV2",
        "text": "{a}",
        "substitution": {"a": {"type": "emoji", "productId": "1", "emojiId": "2"}},
    },
}
REFUSED = {
    "no type": ({"text": "hi"}, "messages[0].type"),
    "an unknown type": ({"type": "hologram"}, "messages[0].type"),
    "an empty text": (text(""), "messages[0].text"),
    "a missing text": ({"type": "text"}, "messages[0].text"),
    "a text that is no string": (text(5), "messages[0].text"),
    "a text of 5,001": (text("x" * 5001), "messages[0].text"),
    "2,501 emoji, which are two code units each": (text("😀" * 2501), "messages[0].text"),
    "an unknown field": (text("hi", colour="red"), "messages[0].colour"),
    "a snake_case field": (text("hi", quick_reply={}), "messages[0].quick_reply"),
    "14 quick replies": (text("?", **quick(14)), "messages[0].quickReply.items"),
    "no quick reply": (text("?", **quick(0)), "messages[0].quickReply.items"),
    "a sender of 21 characters": (text("?", sender={"name": "x" * 21}), "messages[0].sender.name"),
    "a sender called LINE": (text("?", sender={"name": "LINE公式"}), "messages[0].sender.name"),
    "an icon without https": (text("?", sender={"iconUrl": "http://a.example"}), "messages[0].sender.iconUrl"),
    "an image without https": (IMAGE | {"originalContentUrl": "http://a/b.png"}, "messages[0].originalContentUrl"),
    "an image without preview": ({"type": "image", "originalContentUrl": "https://a.example"}, "previewImageUrl"),
    "five buttons": (buttons(5), "messages[0].template.actions"),
    "no alternative text": (template("buttons") | {"altText": ""}, "messages[0].altText"),
    "a button text of 161": (buttons(text="x" * 161), "messages[0].template.text"),
    "61 under a title": (buttons(title="t", text="x" * 61), "messages[0].template.text"),
    "a label of 21": (
        buttons(actions=[{"type": "postback", "label": "x" * 21, "data": "a"}]),
        "messages[0].template.actions[0].label",
    ),
    "postback data of 301": (
        buttons(actions=[{"type": "postback", "label": "x", "data": "a" * 301}]),
        "messages[0].template.actions[0].data",
    ),
    "a camera button": (buttons(actions=[{"type": "camera", "label": "x"}]), "messages[0].template.actions[0].type"),
    "a javascript link": (
        buttons(actions=[{"type": "uri", "label": "x", "uri": "javascript:alert(1)"}]),
        "messages[0].template.actions[0].uri",
    ),
    "a confirm with one action": (template("confirm", text="?", actions=[]), "messages[0].template.actions"),
    "a carousel of unequal columns": (
        template(
            "carousel",
            columns=[
                {"text": "a", "actions": [{"type": "message", "label": "a", "text": "a"}] * count} for count in (1, 2)
            ],
        ),
        "messages[0].template.columns",
    ),
    "an unknown flex component": (flex(box({"type": "marquee"})), "messages[0].contents.body.contents[0].type"),
    "an unknown flex field": (
        flex(box({"type": "text", "text": "a", "colour": "#000000"})),
        "messages[0].contents.body.contents[0].colour",
    ),
    "a flex text without text": (flex(box({"type": "text"})), "messages[0].contents.body.contents[0].text"),
    "a flex colour by name": (
        flex(box({"type": "text", "text": "a", "color": "red"})),
        "messages[0].contents.body.contents[0].color",
    ),
    "a flex body that is no box": (flex({"type": "text", "text": "a"}), "messages[0].contents.body.type"),
    "a bubble above 30 KB": (flex(box(*[{"type": "text", "text": "x" * 1900}] * 17)), "messages[0].contents"),
    "a sticker number": ({"type": "sticker", "packageId": 446, "stickerId": 1988}, "messages[0].packageId"),
    "a latitude of 91": (ACCEPTED["a location"] | {"latitude": 91}, "messages[0].latitude"),
}


@pytest.mark.parametrize("name", ACCEPTED)
async def test_messages_that_line_takes(line, raw, name):
    answer = await raw.post("/v2/bot/message/push", json=push_of(ACCEPTED[name]))
    assert answer.status_code == 200, answer.text
    assert line.refused == []


@pytest.mark.parametrize("name", REFUSED)
async def test_messages_that_line_refuses(line, raw, name):
    message, where = REFUSED[name]
    answer = await raw.post("/v2/bot/message/push", json=push_of(message))
    assert answer.status_code == 400
    assert where in str(answer.json()["details"]), answer.text
    assert line.sent == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("push", push_of(*[text("a")] * 6)),
        ("push", push_of()),
        ("push", push_of(text("a"), to="mika")),
        ("push", push_of(text("a"), to="U" + "G" * 32)),
        ("push", push_of(text("a"), retryKey="a")),
        ("push", push_of(text("a"), notificationDisabled="yes")),
        ("push", push_of(text("a"), customAggregationUnits=["a", "b"])),
        ("push", {"messages": [text("a")]}),
        ("push", []),
        ("multicast", {"to": [MIKA] * 501, "messages": [text("a")]}),
        ("multicast", {"to": [], "messages": [text("a")]}),
        ("multicast", {"to": [line_id("g", "C")], "messages": [text("a")]}),
        ("reply", {"replyToken": "unknown", "messages": [text("a")]}),
        ("reply", {"messages": [text("a")]}),
        ("validate/push", {"messages": [text("")]}),
    ],
)
async def test_requests_that_line_refuses(line, raw, path, body):
    assert (await raw.post(f"/v2/bot/message/{path}", json=body)).status_code == 400
    assert (len(line.refused), line.sent) == (1, [])


async def test_token_content_type_json_path_and_method(line, raw):
    body = json.dumps(push_of(text("a")))
    path, json_type = "/v2/bot/message/push", {"Content-Type": "application/json"}
    statuses = [
        (await raw.post(path, content=body, headers=json_type | {"Authorization": ""})).status_code,
        (await raw.post(path, content=body, headers=json_type | {"Authorization": "Bearer wrong"})).status_code,
        (await raw.post(path, content=body, headers=json_type | {"Authorization": f"Basic {line.token}"})).status_code,
        (await raw.post(path, content=body, headers={"Content-Type": "text/plain"})).status_code,
        (await raw.post(path, content=body[:-1], headers=json_type)).status_code,
        (await raw.post(path, content=b"\xff", headers=json_type)).status_code,
        (await raw.post("/v2/bot/message/shout", content=body, headers=json_type)).status_code,
        (await raw.get(path)).status_code,
    ]
    assert statuses == [401, 401, 401, 415, 400, 400, 404, 405]
    assert len(line.refused) == 8


def test_the_tables_name_the_fields_of_lines_own_sdk():
    for kind, (required, optional) in FIELDS.items():
        model = getattr(messaging, model_name(kind))
        aliases = {field.alias for field in model.__fields__.values()}
        assert {"type", "quickReply", "sender", *required, *optional} == aliases, kind
    for kind in COMPONENTS:
        assert hasattr(messaging, f"Flex{kind.capitalize()}")


def model_name(kind: str) -> str:
    return {"textV2": "TextMessageV2"}.get(kind, kind[0].upper() + kind[1:] + "Message")


async def test_a_flex_message_built_by_the_sdk_passes(line, api):
    contents = messaging.FlexContainer.from_dict(flex(box({"type": "text", "text": "回答", "wrap": True}))["contents"])
    message = FlexMessage(altText="回答", contents=contents)
    await api.push_message(PushMessageRequest(to=MIKA, messages=[message]))
    assert line.refused == []


# Faults


async def test_scripted_faults_pass_in_turn(line, api):
    line.faults.next("push", status=500, times=2)
    line.faults.next("push", status=429)
    line.faults.next("push", drop=True)
    assert [(await refusal(api.push_message(hello()))).status for _ in range(3)] == [500, 500, 429]
    with pytest.raises(aiohttp.ClientError):
        await api.push_message(hello())
    line.faults.next(delay=0.5)
    with pytest.raises(asyncio.TimeoutError):
        await api.push_message(hello(), _request_timeout=0.1)
    assert line.refused == []
    assert len(line.faulted) == 5


# LINE calls us


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
