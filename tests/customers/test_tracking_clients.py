"""The real clients, unmodified: segment-analytics-python, rudder-sdk-python, posthog, @segment/analytics-node."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from browser import served
from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from customers.models import Person
from customers.tracking import keys
from servers import REQUIRED

pytestmark = pytest.mark.anyio
MANY = 250
NODE_CLIENT = "@segment/analytics-node@3.1.0"


@pytest.fixture
async def host(web: Any) -> Any:
    async with served(web.application) as address:
        yield address


async def a_key(source: str) -> str:
    enter(Here(principal=SYSTEM))
    return (await keys.make(source, source))[1]


async def told(email: str) -> tuple[Person, dict[str, int], str]:
    """The person, what they did how often, and their company."""
    person = await Person.get(email=email)
    did = await rows("SELECT name, COUNT(*) FROM event WHERE person_id = ? GROUP BY name", person.id)
    company = await rows("SELECT a.name FROM membership m JOIN account a ON a.id = m.account_id"
                         " WHERE m.person_id = ?", person.id)  # fmt: skip
    return person, {row[0]: int(row[1]) for row in did}, company[0][0] if company else ""


def say(client: Any) -> None:
    """What both clients of Segment's protocol have in common."""
    client.track(anonymous_id="before", event="looked")
    client.identify("u1", {"email": "u1@example.jp", "firstName": "花子", "plan": "pro"}, anonymous_id="before")
    client.group("u1", "c1", {"name": "株式会社水面"})
    client.page("u1", "docs", "Pricing", {"url": "https://x.example/pricing", "dwell_seconds": 3})
    client.screen("u1", "app", "Home")
    for n in range(MANY):
        client.track("u1", "made", {"n": n, "at": "渋谷"})
    client.alias("old", "u1")
    client.flush()
    client.shutdown()


@pytest.mark.parametrize("name", ["segment", "rudder"])
async def test_a_python_client_of_segments_protocol_delivers(house: Any, host: str, name: str) -> None:
    key, failed = await a_key(name), []
    if name == "segment":
        from segment.analytics.client import Client

        client = Client(key, host=host, on_error=lambda error, items: failed.append(error), gzip=True)
    else:
        from rudderstack.analytics.client import Client as Rudder

        client = Rudder(key, host=host, on_error=lambda error, items: failed.append(error))
    await asyncio.to_thread(say, client)
    person, did, company = await told("u1@example.jp")
    assert failed == []
    assert did == {"looked": 1, "Pricing": 1, "Home": 1, "made": MANY}
    assert (person.given_name, person.traits["plan"], company) == ("花子", "pro", "株式会社水面")


async def test_posthogs_client_delivers(house: Any, host: str) -> None:
    from posthog import Posthog

    key, failed = await a_key("posthog"), []

    def say_it() -> None:
        client = Posthog(key, host=host, on_error=lambda error, items: failed.append(error), gzip=True)
        client.set(distinct_id="u1", properties={"email": "u1@example.jp", "plan": "pro"})
        client.group_identify("company", "c1", {"name": "株式会社水面"}, distinct_id="u1")
        for n in range(MANY):
            client.capture("made", distinct_id="u1", properties={"n": n}, groups={"company": "c1"})
        client.capture("$pageview", distinct_id="u1", properties={"$current_url": "https://x.example/"})
        client.capture("somebody looked")
        client.alias("before", "u1")
        client.capture("later", distinct_id="before")
        assert client.get_all_flags("u1") == {}
        client.shutdown()

    await asyncio.to_thread(say_it)
    person, did, _company = await told("u1@example.jp")
    assert failed == []
    assert {name: did[name] for name in ("made", "page")} == {"made": MANY, "page": 1}
    assert person.traits["plan"] == "pro"
    found = await rows(
        "SELECT DISTINCT a.name FROM event e JOIN account a ON a.id = e.account_id WHERE e.name = 'made'"
    )
    assert [row[0] for row in found] == ["株式会社水面"]
    assert (await rows("SELECT person_id FROM event WHERE name = 'somebody looked'"))[0][0] is None


SCRIPT = """
const { Analytics } = require('@segment/analytics-node')
const [host, writeKey, many] = process.argv.slice(2)
const client = new Analytics({ host, writeKey, flushAt: 50 })
client.on('error', (error) => { console.error(error); process.exitCode = 1 })
client.track({ anonymousId: 'before', event: 'looked' })
client.identify({ userId: 'u1', anonymousId: 'before', traits: { email: 'u1@example.jp', firstName: '花子' } })
client.group({ userId: 'u1', groupId: 'c1', traits: { name: '株式会社水面' } })
client.page({ userId: 'u1', name: 'Pricing' })
for (let n = 0; n < Number(many); n++) client.track({ userId: 'u1', event: 'made', properties: { n } })
client.closeAndFlush()
"""


def node_client() -> Path:
    """Where the client is installed, once for this machine; the test is left out, or fails, where that cannot be."""
    place = Path(tempfile.gettempdir()) / "engawa-node-clients"
    node, npm, why = shutil.which("node"), shutil.which("npm"), ""
    if not node or not npm:
        why = "node and npm are not on the PATH"
    elif not (place / "node_modules/@segment/analytics-node").exists():
        place.mkdir(exist_ok=True)
        done = subprocess.run([npm, "install", "--no-audit", "--no-fund", "--prefix", str(place), NODE_CLIENT],
                              capture_output=True, text=True, timeout=180)  # fmt: skip
        why = "" if done.returncode == 0 else f"npm could not install {NODE_CLIENT}: {done.stderr[-300:]}"
    if why and REQUIRED:
        pytest.fail(why)
    if why:
        pytest.skip(f"The Node client was not tried: {why}")
    return place


async def test_segments_node_client_delivers(house: Any, host: str) -> None:
    place, key = await asyncio.to_thread(node_client), await a_key("node")
    script = place / "say.js"
    script.write_text(SCRIPT)
    process = await asyncio.create_subprocess_exec("node", str(script), host, key, str(MANY), cwd=place,
                                                   stderr=asyncio.subprocess.PIPE)  # fmt: skip
    _out, complaints = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, complaints) == (0, b"")
    person, did, company = await told("u1@example.jp")
    assert did == {"looked": 1, "Pricing": 1, "made": MANY}
    assert (person.given_name, company) == ("花子", "株式会社水面")
    ids = await rows("SELECT message_id FROM event LIMIT 1")
    assert ids[0][0].startswith("node-next-")
    said = await rows("SELECT properties FROM event WHERE name = 'made'")
    assert sorted(json.loads(row[0])["n"] for row in said) == list(range(MANY))
