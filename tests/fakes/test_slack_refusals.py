"""The fake Slack refuses what the Web API's pages forbid, throttles, and fails as it is told to."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from fakes.slack_examples import BAD_BLOCKS, error_of, section


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "a", "channel": "C0NOWHERE"}, "channel_not_found"),
        ({"text": "a", "channel": "#general"}, "channel_not_found"),
        ({"text": "a", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "a", "colour": "red"}, "invalid_arguments"),
        ({"text": "a", "channel": None}, "invalid_arguments"),
        ({"blocks": "{"}, "invalid_blocks_format"),
    ],
)
async def test_messages_that_slack_refuses(slack, raw_slack, general, arguments, error):
    body = {key: value for key, value in ({"channel": general} | arguments).items() if value is not None}
    for how in ({"json": body}, {"data": body}):
        answer = await raw_slack.post("chat.postMessage", **how)
        assert (answer.status_code, answer.json()["ok"], answer.json()["error"]) == (200, False, error)
    assert (slack.sent, len(slack.refused)) == ([], 2)


@pytest.mark.parametrize("name", BAD_BLOCKS)
async def test_blocks_that_slack_refuses(slack, client, general, name):
    assert (
        await error_of(client.chat_postMessage(channel=general, text="a", blocks=BAD_BLOCKS[name])) == "invalid_blocks"
    )
    assert slack.refused[0].problems
    assert slack.sent == []


async def test_a_refusal_points_into_the_blocks(client, general):
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=general, text="a", blocks=[section(), section("x" * 3001)])
    [line] = refused.value.response["response_metadata"]["messages"]
    assert line == "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"


async def test_tokens_content_types_and_methods(slack, raw_slack, general):
    body, path = {"channel": general, "text": "a"}, "chat.postMessage"
    other = slack.add_team("Removed")
    slack.app_uninstalled(other)

    async def error(path=path, **how):
        return (await raw_slack.post(path, **how)).json()["error"]

    assert await error(json=body, headers={"Authorization": ""}) == "not_authed"
    assert await error(json=body, headers={"Authorization": "Bearer xoxb-wrong"}) == "invalid_auth"
    assert await error(json=body, headers={"Authorization": f"Bearer {other.token}"}) == "account_inactive"
    assert await error(path=f"{path}?token={slack.token}", json=body) == "not_allowed_token_type"
    assert await error(content=b"channel=a", headers={"Content-Type": "text/plain"}) == "invalid_post_type"
    assert await error(content=b"channel=a") == "missing_post_type"
    assert await error(content=b"{", headers={"Content-Type": "application/json"}) == "invalid_json"
    assert await error(content=b"[]", headers={"Content-Type": "application/json"}) == "json_not_object"
    assert await error(path="chat.shout", json=body) == "unknown_method"
    assert await error(path="users.info", json={"user": "U1"}) == "invalid_arguments"
    assert (await raw_slack.post(path, data=body | {"token": slack.token}, headers={"Authorization": ""})).json()["ok"]
    assert len(slack.refused) == 10


async def test_another_workspaces_token_does_not_see_our_channels(slack, session, general):
    other = AsyncWebClient(token=slack.add_team("Other").token, base_url=slack.url, session=session)
    assert await error_of(other.chat_postMessage(channel=general, text="a")) == "channel_not_found"


async def test_archived_channels_and_channels_that_the_bot_is_not_in(slack, client):
    assert (
        await error_of(client.chat_postMessage(channel=slack.channel("old", is_archived=True), text="a"))
        == "is_archived"
    )
    outside = slack.channel("private", is_member=False)
    assert await error_of(client.chat_postMessage(channel=outside, text="a")) == "not_in_channel"


async def test_only_our_own_messages_are_updated(slack, client, general, mika):
    theirs = slack.message(mika, "a", general)["event"]["ts"]
    assert await error_of(client.chat_update(channel=general, ts=theirs, text="b")) == "cant_update_message"
    assert await error_of(client.chat_update(channel=general, ts="1.000001", text="b")) == "message_not_found"
    await client.reactions_add(channel=general, timestamp=theirs, name="eyes")
    assert await error_of(client.reactions_add(channel=general, timestamp=theirs, name="eyes")) == "already_reacted"


async def test_one_message_a_second_and_channel_when_rates_are_on(slack, client, general):
    slack.rate_limiting = True
    await client.chat_postMessage(channel=general, text="a")
    await client.chat_postMessage(channel=slack.channel("another"), text="a")
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=general, text="b")
    response = refused.value.response
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "1")
    slack.advance(1)
    await client.chat_postMessage(channel=general, text="b")
    assert (len(slack.throttled), slack.refused) == (1, [])


async def test_scripted_faults_pass_in_turn(slack, client, general):
    slack.faults.next("chat.postMessage", status=500)
    slack.faults.next("chat.postMessage", drop=True, after=True)
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel=general, text="a")
    with pytest.raises(aiohttp.ClientError):
        await AsyncWebClient(
            token=slack.token, base_url=slack.url, session=client.session, retry_handlers=[]
        ).chat_postMessage(channel=general, text="b")
    slack.faults.next("chat.postMessage", status=429, headers={"Retry-After": "0"})
    patient = AsyncWebClient(token=slack.token, base_url=slack.url, session=client.session)
    patient.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    await patient.chat_postMessage(channel=general, text="c")
    assert [post.text for post in slack.sent] == ["b", "c"]
