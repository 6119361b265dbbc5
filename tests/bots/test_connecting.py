"""Connecting a platform: by page, by command; secrets are sealed; the manifest is YAML that Slack reads."""

import asyncio
import json

import pytest
import yaml

from bots.manifest import as_yaml, manifest
from channels.connections import by_id
from channels.models import Connection
from core.database import rows
from core.settings import settings
from factories import staff
from wires import *  # noqa: F403


async def test_an_administrator_connects_tests_pauses_and_forwards(web, sign_in, line):
    admin = await sign_in(await staff("admin"))
    base = "/staff/settings/connections"
    assert (await admin.get(base)).status_code == 200
    typed = {"name": "公式", "channel_secret": "x" * 32, "access_token": "wrong-token"}
    wrong = await admin.submit(f"{base}/new/line", typed)
    assert wrong.status_code == 422
    sent = await admin.submit(
        f"{base}/new/line", {"name": "公式", "channel_secret": line.secret, "access_token": line.token}
    )
    assert sent.status_code == 303
    connection = await Connection.get()
    assert connection.external_id == line.bot_user_id
    stored = (await rows("SELECT secrets FROM connection"))[0][0]
    assert line.secret not in stored
    assert line.token not in stored
    where = f"{base}/{connection.id}"
    line.channel.monthly_limit = 200
    line.channel.consumed = 50
    assert (await admin.submit(f"{where}/check")).status_code == 303
    page = (await admin.get(where)).text
    assert "200通のうち50通" in page
    assert line.secret not in page
    for bad in ("http://evil.example/x", "javascript:alert(1)", settings().url + "/line/webhook"):
        assert (await admin.submit(where, {"forward_to": bad})).status_code == 422
    assert (await admin.submit(where, {"forward_to": "https://other.example.com/hook"})).status_code == 303
    assert (await by_id(connection.id)).settings["forward_to"] == "https://other.example.com/hook"
    await admin.submit(f"{where}/pause")
    assert (await by_id(connection.id)).state == "paused"
    await admin.submit(f"{where}/pause", {"_method": "DELETE"})
    await admin.submit(where, {"_method": "DELETE"})
    assert (await by_id(connection.id)).state == "revoked"


async def test_slack_is_connected_and_its_workspaces_named(web, sign_in, slack):
    admin = await sign_in(await staff("admin"))
    base = "/staff/settings/connections"
    sent = await admin.submit(
        f"{base}/new/slack", {"name": "社内", "signing_secret": slack.signing_secret, "bot_token": slack.token}
    )
    assert sent.status_code == 303
    connection = await Connection.get()
    assert connection.settings["bot_user_id"] == slack.team.bot_user
    where = f"{base}/{connection.id}"
    assert (await admin.submit(where, {"teams": "hello"})).status_code == 422
    assert (await admin.submit(where, {"teams": "T0123456 = 42", "trusts_email": "T0123456"})).status_code == 303
    assert (await by_id(connection.id)).settings["teams"] == {"T0123456": 42}


async def test_others_may_not_see_connections(web, sign_in):
    csm = await sign_in(await staff("csm"))
    assert (await csm.get("/staff/settings/connections")).status_code == 403


async def test_webhooks_are_forwarded_byte_for_byte(web, line, line_channel, run_jobs):
    from channels.connections import change_settings
    from fakes.receiver import Receiver
    from wires import LINE

    async with Receiver() as other:
        await change_settings(line_channel.id, forward_to=other.url)
        event = line.text(line.person("Mika"), "こんにちは")
        await line.deliver(LINE, [event], client=web)
        await run_jobs()
        assert len(other.received) == 1


def test_what_needs_quotes_has_them():
    value = {"a": {"b": ["x", {"c": "d: e"}], "g": True}, "h": "引用"}
    assert yaml.safe_load(as_yaml(value)) == value


async def test_the_manifest_names_our_addresses(house):
    found = yaml.safe_load(as_yaml(manifest()))
    assert found == manifest()
    assert found["settings"]["event_subscriptions"]["request_url"] == "http://127.0.0.1:8000/slack/events"
    assert "message.im" in found["settings"]["event_subscriptions"]["bot_events"]
    assert json.loads(json.dumps(found)) == found


async def test_adding_by_command(house, monkeypatch, capsys):
    if house.engine != "sqlite":
        pytest.skip("the command opens a database of its own")
    for name, value in (("SECRET_KEY", settings().secret_key), ("DATA_DIR", settings().data_dir),
                        ("CHANNEL_SECRET", "s" * 32), ("ACCESS_TOKEN", "t" * 40)):  # fmt: skip
        monkeypatch.setenv(f"ENGAWA_{name}", value)
    import subprocess
    import sys

    def engawa(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main(sys.argv[1:]))", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    added = await asyncio.to_thread(engawa, "connections", "add", "line", "--external-id", "U" + "a" * 32, "--provider",
                                    "Tsukimi Inc.", "--json")  # fmt: skip
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["kind"] == "line"
    assert (await by_id(json.loads(added.stdout)["id"])).settings == {"provider": "Tsukimi Inc."}
    again = await asyncio.to_thread(engawa, "connections", "add", "line", "--external-id", "U" + "a" * 32)
    assert (again.returncode, "Traceback" in again.stderr) == (1, False)
    shown = await asyncio.to_thread(engawa, "slack", "manifest")
    assert yaml.safe_load(shown.stdout)["features"]["bot_user"]["display_name"] == "Engawa"
