"""Slack calls us, through Bolt: signature, storage before 200, nothing sent on the way."""

import json
import time
from urllib.parse import urlencode

import pytest

from channels.models import Arrival
from core.database import rows
from fakes.samples import samples
from fakes.slack_events import interactive_form, slack_signature
from wires import *  # noqa: F403
from wires import SLACK


async def test_an_event_is_stored_once_and_nothing_is_sent(web, slack, slack_team):
    envelope = slack.message(slack.person("Mika"), "請求書はどこですか")
    assert (await slack.deliver(SLACK, envelope, client=web)).status_code == 200
    assert (await slack.deliver(SLACK, envelope, retry=1, client=web)).status_code == 200
    arrival = await Arrival.get()
    assert (arrival.key, arrival.kind) == (envelope["event_id"], "message")
    assert slack.calls == []


async def test_a_retry_may_be_the_first_copy(web, slack, slack_team):
    await slack.deliver(SLACK, slack.message(slack.person("Mika"), "hi"), retry=2, client=web)
    assert await Arrival.all().count() == 1


@pytest.mark.parametrize("how", [
    {"secret": "x" * 32}, {"signature": ""}, {"signature": "あ".encode()}, {"signature": "v0=zz"},
    {"timestamp": "abc"}, {"timestamp": "1"}, {"without": {"X-Slack-Signature"}},
    {"without": {"X-Slack-Request-Timestamp"}}, {"timestamp": "99999999999999999999"},
])  # fmt: skip
async def test_wrong_signatures_are_refused(web, slack, slack_team, how):
    envelope = slack.message(slack.person("Mika"), "hi")
    assert (await slack.deliver(SLACK, envelope, client=web, **how)).status_code == 401
    assert await Arrival.all().count() == 0


async def test_url_verification(web, slack, slack_team):
    challenge = slack.url_verification()
    response = await slack.deliver(SLACK, challenge, client=web)
    assert response.status_code == 200
    assert challenge["challenge"] in response.text


async def test_interactions_and_commands_are_stored(web, slack, slack_team):
    user = slack.person("Mika")
    click = slack.block_actions(user, "engawa_0", "help:1:yes")
    assert (await slack.interact(SLACK, click, client=web)).status_code == 200
    assert (await slack.command(SLACK, slack.slash_command(user, "/engawa", "請求書"), client=web)).status_code == 200
    assert sorted(await Arrival.all().values_list("kind", flat=True)) == ["block_actions", "command"]
    assert slack.responses == []


async def test_an_unknown_workspace_is_acknowledged_and_left_alone(web, slack, slack_team):
    other = slack.add_team("Other")
    envelope = slack.message(other.person("Ken"), "hi", team=other)
    assert (await slack.deliver(SLACK, envelope, client=web)).status_code == 200
    click = slack.block_actions(other.person("Ken"), "engawa_0", "x", team=other)
    click["response_url"] = slack.new_response_url()
    assert (await slack.interact(SLACK, click, client=web)).status_code == 200
    assert await Arrival.all().count() == 0
    assert slack.calls == []
    assert slack.responses == []


async def test_malformed_bodies_are_400(web, slack, slack_team):
    for body in (b"{", b"[]", b"\xff\xfe", b"null", b"[" * 50_000, b'{"event": 5}', b'{"authorizations": [1]}', b""):
        headers = {"X-Slack-Request-Timestamp": str(int(time.time())), "Content-Type": "application/json"}
        headers["X-Slack-Signature"] = slack_signature(slack.signing_secret, headers["X-Slack-Request-Timestamp"], body)
        assert (await web.post(SLACK, content=body, headers=headers)).status_code == 400, body[:40]


async def test_published_bodies_never_break(web, slack, slack_team, run_jobs):
    team = slack.team.id

    async def send(raw, content_type):
        stamp = str(int(time.time()))
        return await web.post(SLACK, content=raw, headers={
            "X-Slack-Request-Timestamp": stamp, "Content-Type": content_type,
            "X-Slack-Signature": slack_signature(slack.signing_secret, stamp, raw),
        })  # fmt: skip

    for name, body in samples("slack_events").items():
        raw = json.dumps(body).replace("T0ENGAWA001", team).encode()
        assert (await send(raw, "application/json")).status_code == 200, name
    for name, body in samples("slack_interactions").items():
        raw = interactive_form(json.loads(json.dumps(body).replace("T0ENGAWA001", team)))
        assert (await send(raw, "application/x-www-form-urlencoded")).status_code == 200, name
    for name, body in samples("slack_commands").items():
        raw = urlencode(json.loads(json.dumps(body).replace("T0ENGAWA001", team))).encode()
        assert (await send(raw, "application/x-www-form-urlencoded")).status_code == 200, name
    await run_jobs()
    assert await rows("SELECT name, last_error FROM promise WHERE last_error IS NOT NULL AND last_error <> ''") == []
    assert not await Arrival.filter(state="waiting").exists()
