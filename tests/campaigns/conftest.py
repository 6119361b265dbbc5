"""A strict server, a brand that the law is content with, somebody who may write."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from campaigns_parts import be
from core import settings as core_settings
from core.models import Brand
from customers.models import Topic
from factories import a_person
from fakes.smtp import FakeSMTP


@pytest.fixture
async def smtp(house):
    async with FakeSMTP() as server:
        core_settings.use(replace(house.settings, smtp_url=f"smtp://{server.host}:{server.port}?timeout=2"))
        yield server


@pytest.fixture
async def brand(house):
    await Brand.filter(slug="default").update(
        sender_name="株式会社つきみ計算舎", sender_email="news@tsukimi.example",
        postal_address="〒000-0000 架空県縁側市一丁目1番1号", complaints_contact="support@tsukimi.example",
    )  # fmt: skip
    await Topic.get_or_create(slug="usage", defaults={"name_ja": "使い方のお知らせ", "name_en": "Tips and how-to"})


@pytest.fixture
async def writer(house, brand):
    """Somebody of ours who may write campaigns is here."""
    person = await a_person("白石", "ひより", kind="staff", email="hiyori@tsukimi.example")
    be(person)
    return person
