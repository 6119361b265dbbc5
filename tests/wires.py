"""Fixtures that put the strict LINE and Slack at the other end: `from wires import *` in a test module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from channels import connections, sessions
from channels.connections import Known
from core.clock import now
from core.context import Here, enter
from core.principal import SYSTEM
from core.settings import settings, use
from customers.models import Pilot
from fakes.line import FakeLine
from fakes.slack import FakeSlack
from inbox.trial import REVISION

__all__ = ["LINE", "SLACK", "an_article", "as_person", "faq", "line", "line_channel", "open_hours", "slack",
           "slack_team", "trusted"]  # fmt: skip
LINE, SLACK = "http://127.0.0.1:8000/line/webhook", "http://127.0.0.1:8000/slack/events"


async def trusted(connection_id: int) -> None:
    """The bot of this connection has passed its pilot; tests/bots/test_pilot.py shows how."""
    await Pilot.create(about_kind="bot", about_id=connection_id, revision=REVISION, group_name="", state="passed",
                       started_at=now(), verdict_at=now(), verdict_note="x")  # fmt: skip


@pytest.fixture
async def line(house: Any) -> AsyncIterator[FakeLine]:
    async with FakeLine() as fake:
        use(msgspec.structs.replace(settings(), line_api_url=fake.url))
        yield fake
        await sessions.close_clients()


@pytest.fixture
async def line_channel(line: FakeLine) -> Known:
    enter(Here(principal=SYSTEM))
    made = await connections.add("line", "LINE", line.bot_user_id,
                                 {"channel_secret": line.secret, "access_token": line.token})  # fmt: skip
    await trusted(made.id)
    return await connections.by_id(made.id)


@pytest.fixture
async def slack(house: Any) -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as fake:
        use(msgspec.structs.replace(settings(), slack_api_url=fake.url))
        yield fake
        await sessions.close_clients()


@pytest.fixture
async def slack_team(slack: FakeSlack) -> Known:
    enter(Here(principal=SYSTEM))
    made = await connections.add(
        "slack", "Slack", slack.team.id, {"signing_secret": slack.signing_secret, "bot_token": slack.token},
        {"bot_user_id": slack.team.bot_user, "bot_id": slack.team.bot_id},
    )  # fmt: skip
    await trusted(made.id)
    return await connections.by_id(made.id)


async def an_article(title: str, body: str, *, number: int = 1, audience: set[str] | None = None, **more: Any) -> None:
    """A document of the index, as the help centre would put it."""
    from core.database import transaction
    from search import Document, analyse, put

    document = Document(kind="article", id=number, lang=more.pop("lang", "ja"), title=title, body=body,
                        audience=audience or {"public"}, url=f"/help/{number}", **more)  # fmt: skip
    analysed = await analyse(document)
    async with transaction():
        await put(analysed)


def as_person(person: Any, role: str = "csm", **more: Any) -> None:
    """From here on `here()` is this member of staff."""
    from core.context import Here, enter
    from core.principal import MEMBER, Principal

    capabilities = MEMBER | {"inbox.answer", "customers.read"} if role != "member" else MEMBER
    usual = {"all_accounts": True, "capabilities": capabilities}
    enter(Here(principal=Principal(person_id=person.id, name=person.full_name, role=role, **(usual | more))))


@pytest.fixture
def open_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always business time."""
    from datetime import time

    from inbox import hours

    monkeypatch.setattr(hours, "is_working_day", lambda day: True)
    monkeypatch.setattr(hours, "OPENS", time(0))
    monkeypatch.setattr(hours, "CLOSES", time(23, 59, 59, 999999))


@pytest.fixture
async def faq(house: Any) -> None:
    await an_article("パスワードを忘れたとき", "「パスワードを忘れた方」から再設定のメールを送れます。", number=1)
    await an_article("請求書をダウンロードする", "設定の「請求」で請求書をPDFとしてダウンロードできます。", number=2)
    await an_article("有給の残日数を取り込む", "導入前の有給の残日数はCSVでまとめて取り込めます。", number=3)
    await an_article("Reset your password", "Use the link Forgot password on the sign-in page.", number=4, lang="en")
