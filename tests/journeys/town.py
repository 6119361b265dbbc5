"""Everybody who takes part in the journey, the outside world, and the installation they meet."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import smtplib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from browser import open_browser, served
from fakes.line import FakeLine
from fakes.slack import FakeSlack
from fakes.smtp import FakeSMTP
from guides_host_page import HostPage
from journeys.installation import Installation, free_port, fresh_postgres, installation
from journeys.walking import Walker, body_of, link_in, someone, until
from servers import POSTGRES, REDIS

SCALES = ["embedded", "at_scale"]
DOMAIN = "maker.example"  # our sender's, whose mail the installation takes in


class Town:
    """Everybody who takes part, and the outside world."""

    house: Installation
    line: FakeLine
    slack: FakeSlack
    smtp: FakeSMTP
    browser: Any
    admin: Walker
    csm: Walker
    folder: Path
    database: str
    door: int  # where the installation takes mail in
    product: HostPage
    site: str  # the product's address

    async def sql(self, statement: str, *values: Any) -> list[Any]:
        """What is in the installation's database, seen from beside it."""
        if not self.database:
            with contextlib.closing(sqlite3.connect(self.folder / "engawa.sqlite3", timeout=10)) as link, link:
                return link.execute(statement, values).fetchall()
        link = await asyncpg.connect(self.database)
        try:
            numbered = re.sub(r"\?", lambda _, n=itertools.count(1): f"${next(n)}", statement)
            return [tuple(row) for row in await link.fetch(numbered, *values)]
        finally:
            await link.close()

    async def mail_comes(self, content: bytes, sender: str, to: str) -> None:
        """The world's mail exchanger hands a mail in."""
        await asyncio.to_thread(self._hand_in, content, sender, to)

    def _hand_in(self, content: bytes, sender: str, to: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.door, timeout=20) as link:
            link.sendmail(sender, [to], content)

    async def mail_to(self, address: str, words: str = "") -> Any:
        """The newest mail to an address whose subject or text holds `words`."""

        def found() -> Any:
            for message in reversed(self.smtp.mails_to(address)):
                if words in str(message.parsed["subject"]) or words in body_of(message):
                    return message
            return None

        return await until(found)

    async def comes_in_by_mail(self, address: str) -> Walker:
        """Somebody asks for a link, gets it by mail, and presses its button."""
        walker = await someone(self.browser, self.house.url)
        before = len(self.smtp.mails_to(address))
        await walker.open("/sign-in/link")
        await walker.send("/sign-in/link", email=address)
        await until(lambda: len(self.smtp.mails_to(address)) > before)
        text = body_of(self.smtp.mails_to(address)[-1])
        path = link_in(text, r"/sign-in/link/[\w-]+")
        await walker.open(path)
        await walker.press(path)
        return walker


@pytest.fixture(params=SCALES)
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    at_scale = request.param == "at_scale"
    redis = REDIS
    if at_scale and not (POSTGRES and redis):
        pytest.skip("ENGAWA_TEST_POSTGRES_URL and ENGAWA_TEST_REDIS_URL are not set")
    town = Town()
    town.folder, town.database, town.door = tmp_path, "", free_port()
    async with AsyncExitStack() as stack:
        town.line = await stack.enter_async_context(FakeLine())
        town.slack = await stack.enter_async_context(FakeSlack())
        town.smtp = await stack.enter_async_context(FakeSMTP())
        environment = {
            "ENGAWA_SMTP_URL": f"smtp://{town.smtp.host}:{town.smtp.port}",
            "ENGAWA_SLACK_API_URL": town.slack.url, "ENGAWA_LINE_API_URL": town.line.url,
            "ENGAWA_LINE_DATA_API_URL": town.line.url, "ENGAWA_MAIL_LISTEN": f"127.0.0.1:{town.door}",
            "ENGAWA_MAIL_DOMAINS": DOMAIN,
        }  # fmt: skip
        if at_scale:
            town.database = await stack.enter_async_context(fresh_postgres(POSTGRES))
            environment["ENGAWA_DATABASE_URL"] = town.database
            environment["ENGAWA_REDIS_URL"] = redis
        town.house = await stack.enter_async_context(installation(tmp_path, environment, at_scale=at_scale))
        town.product = HostPage(town.house.url)
        town.site = await stack.enter_async_context(served(town.product))
        town.browser = await stack.enter_async_context(open_browser())
        yield town
