"""What a campaign needs before it is sent: a strict server, a brand the law is content with, a writer."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from campaigns_parts import be
from core import settings as core_settings
from core.models import Brand
from customers.models import Topic
from factories import staff
from fakes.smtp import FakeSMTP


@pytest.fixture
async def smtp(house: Any) -> Any:
    async with FakeSMTP() as server:
        core_settings.use(replace(house.settings, smtp_url=f"smtp://{server.host}:{server.port}?timeout=2"))
        yield server


@pytest.fixture
async def writer(house: Any) -> Any:
    await Brand.filter(slug="default").update(
        sender_name="株式会社つきみ計算舎", sender_email="news@tsukimi.example",
        postal_address="〒000-0000 架空県縁側市一丁目1番1号", complaints_contact="support@tsukimi.example",
    )  # fmt: skip
    await Topic.get_or_create(slug="usage", defaults={"name_ja": "使い方のお知らせ", "name_en": "Tips and how-to"})
    person = await staff("admin", email="hiyori@tsukimi.example")
    be(person)
    return person
