"""The fake LINE takes what LINE's own SDK sends, keeps tokens, keys and quotas, and fails as it is told to."""

import asyncio
import json
import uuid

import aiohttp
import pytest
from linebot.v3 import messaging
from linebot.v3.messaging import (
    ApiException,
    AsyncApiClient,
    AsyncMessagingApiBlob,
    Configuration,
    ReplyMessageRequest,
    TextMessage,
)

from fakes.line_events import line_id
from fakes.line_examples import (
    MIKA,
    hello,
    push_of,
    refusal,
    text,
)


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
async def test_a_malformed_retry_key_is_refused(line, raw_line, key):
    answer = await raw_line.post("/v2/bot/message/push", json=push_of(text("hi")), headers={"X-Line-Retry-Key": key})
    assert answer.status_code == 400
    assert "retry key" in line.refused[0].error


async def test_a_reply_takes_no_retry_key(line, raw_line):
    headers = {"X-Line-Retry-Key": str(uuid.uuid4())}
    body = {"replyToken": line.text(MIKA, "?")["replyToken"], "messages": [text("hi")]}
    assert (await raw_line.post("/v2/bot/message/reply", json=body, headers=headers)).status_code == 400
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


async def test_a_push_to_somebody_who_blocked_us_is_accepted_not_sent_and_not_counted(line, api):
    """LINE Developers, FAQ: no error occurs, and the message is not counted."""
    line.unfollow(MIKA)
    answer = await api.push_message(hello())
    assert answer.sent_messages[0].id
    assert (line.sent_to(MIKA), line.channel.consumed) == ([], 0)
    line.follow(MIKA)
    await api.push_message(hello())
    assert (len(line.sent_to(MIKA)), line.channel.consumed) == (1, 1)


async def test_a_push_to_an_id_that_does_not_exist_fails(line, api):
    request = messaging.PushMessageRequest(to=line_id("nobody"), messages=[TextMessage(text="hi")])
    refused = await refusal(api.push_message(request))
    assert (refused.status, json.loads(refused.body)) == (400, {"message": "Failed to send messages"})
    assert (line.sent, line.channel.consumed) == ([], 0)


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
async def test_the_loading_animation_is_for_users_and_steps_of_five_seconds(line, raw_line, chat, seconds):
    body = {"chatId": chat, "loadingSeconds": seconds}
    assert (await raw_line.post("/v2/bot/chat/loading/start", json=body)).status_code == 400


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
