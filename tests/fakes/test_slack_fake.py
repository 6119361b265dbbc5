"""The fake Slack takes what Slack's own SDK sends."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models import blocks as sdk_blocks
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from fakes.slack_examples import INPUT, MODAL, actions, button, error_of, section


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


async def test_completion_reads_the_body_too_and_demands_the_upload(slack, raw_slack, general):
    ticket = (await raw_slack.post("files.getUploadURLExternal", data={"filename": "a.txt", "length": 2})).json()
    done = {"files": [{"id": ticket["file_id"]}], "channel_id": general}
    assert (await raw_slack.post("files.completeUploadExternal", json=done)).json()["error"] == "file_not_found"
    assert (await raw_slack.post(ticket["upload_url"], content=b"too long")).status_code == 400
    assert (await raw_slack.post(ticket["upload_url"], files={"file": ("a.txt", b"ok")})).text == "OK - 2"
    assert (await raw_slack.post("files.completeUploadExternal", json=done)).json()["ok"]
    assert (await raw_slack.post("files.completeUploadExternal", json=done)).json()["error"] == "file_not_found"


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
