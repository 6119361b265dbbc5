"""The fake Slack takes what Slack's own SDK sends, and refuses what the Web API's pages forbid."""

import json
from urllib.parse import parse_qs

import aiohttp
import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.models import blocks as sdk_blocks
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from fakes.process import fake_process
from fakes.receiver import Receiver
from fakes.samples import samples
from fakes.slack import FakeSlack
from fakes.slack_blocks import BLOCKS


@pytest.fixture
async def slack():
    async with FakeSlack() as fake:
        yield fake


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as shared:
        yield shared


@pytest.fixture
async def client(slack, session):
    return AsyncWebClient(token=slack.token, base_url=slack.url, session=session)


@pytest.fixture
async def inbox():
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def raw(slack):
    """Requests that no SDK would send."""
    headers = {"Authorization": f"Bearer {slack.token}"}
    async with httpx.AsyncClient(base_url=slack.url, headers=headers, trust_env=False) as http:
        yield http


@pytest.fixture
def general(slack):
    return slack.channel("general")


@pytest.fixture
def mika(slack):
    return slack.person("Mika")


async def error_of(awaitable) -> str:
    with pytest.raises(SlackApiError) as refused:
        await awaitable
    return refused.value.response["error"]


def button(**more) -> dict:
    return {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "はい"}} | more


def actions(*elements: dict) -> dict:
    return {"type": "actions", "elements": list(elements)}


def section(text: str = "*a*", **more) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more


MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "返信"}, "blocks": [section()]}
INPUT = {"type": "input", "label": {"type": "plain_text", "text": "本文"}} | {
    "element": {"type": "plain_text_input", "action_id": "body", "multiline": True}
}


async def test_the_token_names_its_workspace(slack, client):
    assert (await client.auth_test())["team_id"] == slack.team.id
    assert slack.refused == []


async def test_a_message_is_posted_threaded_updated_linked_and_reacted_to(slack, client, general, mika):
    first = await client.chat_postMessage(channel=general, text="お答えします", blocks=[section(), actions(button())])
    await client.chat_postMessage(channel=general, text="続き", thread_ts=first["ts"])
    await client.chat_update(channel=general, ts=first["ts"], text="直しました")
    await client.reactions_add(channel=general, timestamp=first["ts"], name="eyes")
    link = (await client.chat_getPermalink(channel=general, message_ts=first["ts"]))["permalink"]
    await client.chat_postEphemeral(channel=general, user=mika, text="あなただけに")
    assert link.endswith(f"/archives/{general}/p{first['ts'].replace('.', '')}")
    assert [(post.text, post.thread_ts) for post in slack.sent[:2]] == [("直しました", None), ("続き", first["ts"])]
    assert slack.sent[0].edits[0][0] == "お答えします"
    assert (slack.sent[2].user, slack.reactions) == (mika, [(general, first["ts"], "eyes")])
    assert slack.refused == []


async def test_blocks_of_the_sdks_own_classes_pass(slack, client, general):
    built = [
        sdk_blocks.HeaderBlock(text="見出し"),
        sdk_blocks.SectionBlock(text="*本文*", accessory=sdk_blocks.ButtonElement(text="開く", action_id="open")),
        sdk_blocks.DividerBlock(),
        sdk_blocks.ContextBlock(elements=[sdk_blocks.MarkdownTextObject(text="出典")]),
        sdk_blocks.ActionsBlock(
            elements=[sdk_blocks.ButtonElement(text="はい", action_id="y", value="1", style="primary")]
        ),
        sdk_blocks.ImageBlock(image_url="https://a.example/a.png", alt_text="図"),
    ]
    await client.chat_postMessage(channel=general, text="a", blocks=built)
    assert [block["type"] for block in slack.sent[0].blocks] == [block.type for block in built]
    assert slack.refused == []


async def test_people_channels_and_direct_messages(slack, client, mika, general):
    assert (await client.users_info(user=mika))["user"]["name"] == "Mika"
    direct = (await client.conversations_open(users=mika))["channel"]["id"]
    await client.chat_postMessage(channel=direct, text="a")
    await client.chat_postMessage(channel=mika, text="b")
    assert {post.channel for post in slack.sent} == {direct}
    assert (await client.conversations_info(channel=general))["channel"]["name"] == "general"
    assert await error_of(client.users_info(user="U0NOBODY")) == "user_not_found"
    assert await error_of(client.conversations_info(channel="C0NOWHERE")) == "channel_not_found"


async def test_a_thread_may_be_read_once_a_minute(slack, client, general, mika):
    event = slack.message(mika, "質問", general)["event"]
    answer = await client.conversations_replies(channel=general, ts=event["ts"])
    assert [message["text"] for message in answer["messages"]] == ["質問"]
    with pytest.raises(SlackApiError) as refused:
        await client.conversations_replies(channel=general, ts=event["ts"])
    assert refused.value.response.status_code == 429
    assert 0 < int(refused.value.response.headers["Retry-After"]) <= 61
    slack.advance(61)
    await client.conversations_replies(channel=general, ts=event["ts"])


async def test_a_file_goes_up_in_three_steps(slack, client, general):
    await client.files_upload_v2(channel=general, filename="画面.png", content=b"\x89PNG", initial_comment="これです")
    [file] = slack.files.values()
    assert (file.content, file.is_complete, file.channel) == (b"\x89PNG", True, general)
    assert (slack.sent[0].text, slack.sent[0].files) == ("これです", [file.id])
    assert slack.refused == []


async def test_completion_reads_the_body_too_and_demands_the_upload(slack, raw, general):
    ticket = (await raw.post("files.getUploadURLExternal", data={"filename": "a.txt", "length": 2})).json()
    done = {"files": [{"id": ticket["file_id"]}], "channel_id": general}
    assert (await raw.post("files.completeUploadExternal", json=done)).json()["error"] == "file_not_found"
    assert (await raw.post(ticket["upload_url"], content=b"too long")).status_code == 400
    assert (await raw.post(ticket["upload_url"], files={"file": ("a.txt", b"ok")})).text == "OK - 2"
    assert (await raw.post("files.completeUploadExternal", json=done)).json()["ok"]
    assert (await raw.post("files.completeUploadExternal", json=done)).json()["error"] == "file_not_found"


async def test_a_view_opens_with_a_trigger_that_lives_three_seconds(slack, client, mika):
    trigger = slack.block_actions(mika, "reply")["trigger_id"]
    view = (await client.views_open(trigger_id=trigger, view=MODAL))["view"]
    assert slack.views[view["id"]]["title"]["text"] == "返信"
    assert await error_of(client.views_open(trigger_id=trigger, view=MODAL)) == "exchanged_trigger_id"
    late = slack.block_actions(mika, "reply")["trigger_id"]
    slack.advance(4)
    assert await error_of(client.views_open(trigger_id=late, view=MODAL)) == "expired_trigger_id"
    assert await error_of(client.views_open(trigger_id="made up", view=MODAL)) == "invalid_trigger_id"
    await client.views_publish(user_id=mika, view={"type": "home", "blocks": [section()]})


@pytest.mark.parametrize(
    "view",
    [
        MODAL | {"title": {"type": "plain_text", "text": "x" * 25}},
        MODAL | {"title": {"type": "mrkdwn", "text": "x"}},
        MODAL | {"type": "home"},
        MODAL | {"blocks": [INPUT]},
        MODAL | {"blocks": [section()] * 101},
        MODAL | {"private_metadata": "x" * 3001},
        MODAL | {"colour": "red"},
    ],
)
async def test_views_that_slack_refuses(slack, client, mika, view):
    trigger = slack.block_actions(mika, "reply")["trigger_id"]
    assert await error_of(client.views_open(trigger_id=trigger, view=view)) == "invalid_arguments"


async def test_typing_status_and_prompts_of_an_assistant_thread(slack, client, mika):
    thread = slack.assistant_thread_started(mika)["event"]["assistant_thread"]
    place = {"channel_id": thread["channel_id"], "thread_ts": thread["thread_ts"]}
    await client.assistant_threads_setStatus(**place, status="考えています…")
    await client.assistant_threads_setSuggestedPrompts(**place, prompts=[{"title": "料金", "message": "料金は?"}])
    await client.chat_postMessage(channel=thread["channel_id"], thread_ts=thread["thread_ts"], text="答え")
    assert [call.method for call in slack.calls][:1] == ["assistant.threads.setStatus"]
    assert slack.refused == []


async def test_installing_by_oauth(slack, session):
    client = AsyncWebClient(base_url=slack.url, session=session)
    team = slack.add_team("Customer")
    code = slack.oauth_code(team)
    own = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    granted = await client.oauth_v2_access(**own, code=code)
    assert (granted["access_token"], granted["team"]["id"]) == (team.token, team.id)
    assert await error_of(client.oauth_v2_access(**own, code=code)) == "invalid_code"
    wrong = own | {"client_secret": "wrong"}
    assert await error_of(client.oauth_v2_access(**wrong, code=code)) == "bad_client_secret"


async def test_tokens_rotate(slack, session):
    slack.rotates_tokens = True
    client = AsyncWebClient(base_url=slack.url, session=session)
    own = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    first = await client.oauth_v2_access(**own, code=slack.oauth_code(slack.team))
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = await client.oauth_v2_access(**own, **again)
    assert await error_of(client.auth_test(token=first["access_token"])) == "invalid_auth"
    assert (await client.auth_test(token=second["access_token"]))["ok"]
    assert await error_of(client.oauth_v2_access(**own, **again)) == "invalid_refresh_token"


async def test_a_response_url_takes_five_posts_in_half_an_hour(slack, session, mika):
    url = slack.slash_command(mika, "/engawa")["response_url"]
    hook = AsyncWebhookClient(url, session=session)
    for _ in range(5):
        assert (await hook.send(text="a", response_type="ephemeral", replace_original=False)).status_code == 200
    assert (await hook.send(text="a")).status_code == 404
    late = AsyncWebhookClient(slack.slash_command(mika, "/engawa")["response_url"], session=session)
    slack.advance(1801)
    assert (await late.send(text="a")).status_code == 404
    assert len(slack.responses) == 5


# What is refused


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
async def test_messages_that_slack_refuses(slack, raw, general, arguments, error):
    body = {key: value for key, value in ({"channel": general} | arguments).items() if value is not None}
    for how in ({"json": body}, {"data": body}):
        answer = await raw.post("chat.postMessage", **how)
        assert (answer.status_code, answer.json()["ok"], answer.json()["error"]) == (200, False, error)
    assert (slack.sent, len(slack.refused)) == ([], 2)


BAD_BLOCKS = {
    "an unknown block": [{"type": "marquee"}],
    "a block without type": [{"text": "a"}],
    "an unknown field": [section(colour="red")],
    "a section of nothing": [{"type": "section"}],
    "an empty section": [section("")],
    "a section of 3,001": [section("x" * 3001)],
    "11 fields": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "a"}] * 11}],
    "a field of 2,001": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "a" * 2001}]}],
    "a header of 151": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    "a header in mrkdwn": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    "51 blocks": [{"type": "divider"}] * 51,
    "26 buttons": [actions(*[button(action_id=f"a{number}") for number in range(26)])],
    "no buttons": [actions()],
    "a button text of 76": [actions(button(text={"type": "plain_text", "text": "x" * 76}))],
    "a button in mrkdwn": [actions(button(text={"type": "mrkdwn", "text": "x"}))],
    "a button value of 2,001": [actions(button(value="x" * 2001))],
    "a button value that is a number": [actions(button(value=7))],
    "a button style": [actions(button(style="loud"))],
    "a button without action_id": [actions({"type": "button", "text": {"type": "plain_text", "text": "a"}})],
    "a button link": [actions(button(url="javascript:alert(1)"))],
    "an action_id twice": [actions(button(), button())],
    "a block_id twice": [section(block_id="a"), section(block_id="a")],
    "an image without alt_text": [{"type": "image", "image_url": "https://a.example/a.png"}],
    "11 context elements": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}] * 11}],
    "a select without options": [actions({"type": "static_select", "action_id": "a"})],
    "an input without label": [{"type": "input", "element": INPUT["element"]}],
    "a markdown of 12,001": [{"type": "markdown", "text": "x" * 12_001}],
}


@pytest.mark.parametrize("name", BAD_BLOCKS)
async def test_blocks_that_slack_refuses(slack, client, general, name):
    assert (
        await error_of(client.chat_postMessage(channel=general, text="a", blocks=BAD_BLOCKS[name])) == "invalid_blocks"
    )
    assert "json-pointer:/blocks" in str(slack.refused[0].problems or "") or slack.refused[0].problems
    assert slack.sent == []


async def test_a_refusal_points_into_the_blocks(client, general):
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=general, text="a", blocks=[section(), section("x" * 3001)])
    [line] = refused.value.response["response_metadata"]["messages"]
    assert line == "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"


async def test_tokens_content_types_and_methods(slack, raw, general):
    body, path = {"channel": general, "text": "a"}, "chat.postMessage"
    other = slack.add_team("Removed")
    slack.app_uninstalled(other)

    async def error(path=path, **how):
        return (await raw.post(path, **how)).json()["error"]

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
    assert (await raw.post(path, data=body | {"token": slack.token}, headers={"Authorization": ""})).json()["ok"]
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


# Slack calls us


def verifies(slack, body: bytes, headers: dict) -> bool:
    signed = SignatureVerifier(slack.signing_secret)
    return signed.is_valid(body, headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"])


async def test_events_carry_a_signature_that_the_sdk_accepts(slack, inbox, mika, general):
    await slack.deliver(inbox.url, slack.message(mika, "こんにちは 😀", general))
    body, headers = inbox.received[0]
    assert verifies(slack, body, headers)
    assert not verifies(slack, body + b" ", headers)
    event = json.loads(body)
    assert (event["event"]["text"], event["event"]["channel_type"]) == ("こんにちは 😀", "channel")
    assert event["authorizations"][0]["team_id"] == slack.team.id
    assert "X-Slack-Retry-Num" not in headers


async def test_forged_and_stale_deliveries_do_not_verify(slack, inbox, mika):
    envelope = slack.message(mika, "a")
    await slack.deliver(inbox.url, envelope, secret="another")
    await slack.deliver(inbox.url, envelope, signature="")
    await slack.deliver(inbox.url, envelope, timestamp="1500000000")
    assert [verifies(slack, *received) for received in inbox.received] == [False] * 3


async def test_an_unacknowledged_event_comes_four_times(slack, inbox, mika):
    inbox.status = 500
    envelope = slack.message(mika, "a")
    assert await slack.deliver_until_acknowledged(inbox.url, envelope) == [500] * 4
    assert {json.loads(body)["event_id"] for body, _ in inbox.received} == {envelope["event_id"]}
    assert [headers.get("X-Slack-Retry-Num") for _, headers in inbox.received] == [None, "1", "2", "3"]
    assert inbox.received[1][1]["X-Slack-Retry-Reason"] == "http_error"
    inbox.status = 200
    assert await slack.deliver_until_acknowledged(inbox.url, envelope) == [200]


async def test_slack_connect_names_the_senders_own_workspace(slack, mika, general):
    envelope = slack.message("U0FOREIGN", "a", general, from_team="T0FOREIGN")
    assert (envelope["event"]["user_team"], envelope["is_ext_shared_channel"]) == ("T0FOREIGN", True)
    assert envelope["authorizations"][0]["team_id"] == slack.team.id


async def test_interactions_and_commands_arrive_as_forms(slack, inbox, client, mika, general):
    await client.chat_postMessage(channel=general, text="a", blocks=[actions(button(value="7"))])
    click = slack.block_actions(mika, "a", "7", message=slack.sent[0])
    view = (await client.views_open(trigger_id=click["trigger_id"], view=MODAL))["view"]
    submission = slack.view_submission(mika, view, {"b": {"a": {"type": "plain_text_input", "value": "x"}}})
    await slack.interact(inbox.url, click)
    await slack.interact(inbox.url, submission)
    await slack.command(inbox.url, slack.slash_command(mika, "/engawa", "請求 書&"))
    assert all(verifies(slack, *received) for received in inbox.received)
    forms = [parse_qs(body.decode(), keep_blank_values=True) for body, _ in inbox.received]
    assert json.loads(forms[0]["payload"][0]) == click
    assert json.loads(forms[1]["payload"][0])["view"]["state"]["values"]["b"]["a"]["value"] == "x"
    assert forms[2]["text"] == ["請求 書&"]


async def test_every_kind_of_event(slack, inbox, mika, general):
    envelopes = [
        slack.url_verification(),
        slack.message(mika, "a"),
        slack.message(mika, "a", general, thread_ts="1762500000.000100"),
        slack.app_mention(mika, "料金は?", general),
        slack.assistant_thread_started(mika),
        slack.app_home_opened(mika),
        slack.app_uninstalled(),
    ]
    for envelope in envelopes:
        await slack.deliver(inbox.url, envelope)
    assert all(verifies(slack, *received) for received in inbox.received)
    ids = [envelope["event_id"] for envelope in envelopes[1:]]
    assert len(set(ids)) == len(ids)
    assert envelopes[1]["event"]["channel_type"] == "im"
    assert envelopes[3]["event"]["type"] == "app_mention"


def test_the_samples_cover_the_documented_kinds():
    events, interactions = samples("slack_events"), samples("slack_interactions")
    assert len(events) >= 25
    kinds = {body.get("event", {}).get("type", body["type"]) for body in events.values()}
    assert kinds >= {
        *("message", "app_mention", "assistant_thread_started", "assistant_thread_context_changed"),
        *("app_uninstalled", "tokens_revoked", "app_home_opened", "url_verification", "app_rate_limited"),
    }
    ids = [body["event_id"] for body in events.values() if "event_id" in body]
    assert len(set(ids)) == len(ids)
    assert {body["type"] for body in interactions.values()} >= {"block_actions", "view_submission", "view_closed"}
    assert samples("slack_commands")


def test_the_table_knows_the_block_types_of_slacks_own_sdk():
    known = {kind.type for kind in sdk_blocks.Block.__subclasses__() if isinstance(kind.type, str)}
    assert known - set(BLOCKS) <= {"call", "task_card", "plan", "alert", "card", "carousel", "data_table", "container"}


async def test_another_process_plays_slack(tmp_path, inbox):
    async with fake_process("slack", "--token", "xoxb-t", "--secret", "s", ledger=tmp_path / "slack.jsonl") as slack:
        known = await slack.control("team", people=["Mika"], channels=["general"])
        general, mika = known["channels"]["general"], known["people"]["Mika"]
        await slack.control("deliver", url=inbox.url, build=["message", [mika, "こんにちは", general], {}])
        body, headers = inbox.received[0]
        assert SignatureVerifier("s").is_valid(body, headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"])
        client = AsyncWebClient(token="xoxb-t", base_url=f"{slack.origin}/api/")
        await client.chat_postMessage(channel=general, text="はい")
        assert await slack.control("refused") == []
    assert [entry["text"] for entry in slack.accepted()] == ["はい"]
