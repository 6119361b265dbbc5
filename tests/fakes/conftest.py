"""The fakes and their SDK clients, for the tests of the fakes themselves."""

import aiohttp
import httpx
import pytest
from linebot.v3.messaging import AsyncApiClient, AsyncMessagingApi, Configuration
from slack_sdk.web.async_client import AsyncWebClient

from fakes.line import FakeLine
from fakes.line_events import line_id
from fakes.receiver import Receiver
from fakes.slack import FakeSlack
from fakes.smtp import FakeSMTP


@pytest.fixture
async def smtp():
    async with FakeSMTP() as server:
        yield server


@pytest.fixture
async def line():
    async with FakeLine() as fake:
        fake.know(line_id("Mika"), "Mika")
        yield fake


@pytest.fixture
async def api(line):
    async with AsyncApiClient(Configuration(host=line.url, access_token=line.token)) as client:
        yield AsyncMessagingApi(client)


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
def general(slack):
    return slack.channel("general")


@pytest.fixture
def mika(slack):
    return slack.person("Mika")


@pytest.fixture
async def inbox():
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def raw_line(line):
    """Requests to LINE that no SDK would send."""
    async with bare_client(line.url, line.token) as http:
        yield http


@pytest.fixture
async def raw_slack(slack):
    """Requests to Slack that no SDK would send."""
    async with bare_client(slack.url, slack.token) as http:
        yield http


def bare_client(url: str, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, verify=False)
