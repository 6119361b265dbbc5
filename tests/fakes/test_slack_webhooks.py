"""The fake Slack calls us as Slack does: Slack's own SDK verifies every body."""

import json
from urllib.parse import parse_qs

from slack_sdk.models import blocks as sdk_blocks
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from fakes.process import fake_process
from fakes.samples import samples
from fakes.slack_blocks import BLOCKS
from fakes.slack_examples import MODAL, actions, button


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


async def test_signature_headers_may_be_absent_or_not_ascii(slack, inbox, mika):
    envelope = slack.message(mika, "a")
    await slack.deliver(inbox.url, envelope, without={"X-Slack-Signature", "X-Slack-Request-Timestamp"})
    await slack.deliver(inbox.url, envelope, signature="縁側".encode(), timestamp="abc")
    assert ["X-Slack-Signature" in headers for _, headers in inbox.received] == [False, True]
    assert inbox.received[1][1]["X-Slack-Request-Timestamp"] == "abc"


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


def test_every_block_type_of_the_table_is_one_of_slacks_own_sdk():
    known = {kind.type for kind in sdk_blocks.Block.__subclasses__() if isinstance(kind.type, str)}
    assert set(BLOCKS) <= known


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
