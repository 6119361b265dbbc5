"""`make bench`: a personalised newsletter of about 39 KB, from the ledger to a sink in another process.

`python -m bench.sending [messages]` prints the numbers as JSON. ENGAWA_DATABASE_URL may name an empty PostgreSQL
database; without it a scratch SQLite file is used.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from campaigns import ledger
from campaigns.actions import Settings, keep_content, open_campaign
from campaigns.compose import Draft
from campaigns.models import Campaign, Step
from campaigns.outgoing import Press
from campaigns.sending import Worker
from channels.mail import way_out
from channels.senders import mail_account
from core.clock import now
from core.context import Here, enter
from core.database import close_database, open_database, rows, transaction, write, write_many
from core.migrating import migrate
from core.models import Brand
from core.principal import SYSTEM
from core.settings import read_settings, use
from customers.models import Topic
from customers.rules import QuietRule, set_rule

TESTS = Path(__file__).resolve().parents[1]
PARAGRAPH = "12月は営業日が短くなります。今のうちに次の3つを確かめておくと、締めの日に慌てずにすみます。" * 4
SECTION = """<mj-section><mj-column><mj-text>{{ person.family_name }}さん、%s</mj-text>
{%% if account.tier == "tech" %%}<mj-text>{{ account.name }}さまの画面で開けます。</mj-text>{%% endif %%}
<mj-button href="{{ link('/help/0%s') }}">手順を見る</mj-button></mj-column></mj-section>"""
FOOTER = """<mj-section><mj-column><mj-text><a href="{{ unsubscribe_url }}">配信を止める</a></mj-text>
<mj-text>{{ sender.name }}<br />{{ sender.address }}<br />{{ sender.contact }}</mj-text></mj-column></mj-section>"""


def newsletter() -> Draft:
    """About 25 KB of HTML, 39 KB as MIME (facts/campaigns.md)."""
    return Draft("{{ person.family_name }}さん、年末の締めを3日で終える準備",
                 "".join(SECTION % (PARAGRAPH, n) for n in range(9)) + FOOTER, "12月の締めの前に")  # fmt: skip


async def fill(messages: int) -> list[int]:
    """People with an account, an address and a consent; returns their ids."""
    moment = now()
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="00:00"))
    await Brand.filter(slug="default").update(
        sender_name="つきみ計算舎",
        sender_email="news@tsukimi.example",
        postal_address="架空県縁側市1-1-1",
        complaints_contact="c@tsukimi.example",
    )
    await Topic.get_or_create(slug="usage", defaults={"name_ja": "使い方", "name_en": "Tips"})
    async with transaction():
        await write_many(
            "INSERT INTO account (id, name, name_kana, normal_name, industry, prefecture, address, phone, website,"
            " state, tier, tier_source, tier_reason, expected_ltv, phase, health_coverage, health_reasons, traits,"
            " sources, version, created_at, updated_at) VALUES (?, ?, '', '', '', '', '', '', '', 'active', 'tech',"
            " 'rule', '', 0, 'adoption', 0, '[]', '{}', '{}', 1, ?, ?)",
            [[n, f"株式会社水面{n}", moment, moment] for n in range(1, messages + 1)],
        )
        await write_many(
            "INSERT INTO person (id, kind, family_name, given_name, family_kana, given_kana, handle, honorific, email,"
            " phone, locale, time_zone, state, traits, sources, version, created_at, updated_at) VALUES (?, 'customer',"
            " ?, 'りょう', '', '', '', 'さん', ?, '', 'ja', 'Asia/Tokyo', 'active', '{}', '{}', 1, ?, ?)",
            [[n, f"田辺{n}", f"reader{n}@host{n % 50}.example", moment, moment] for n in range(1, messages + 1)],
        )
        await write_many("INSERT INTO membership (person_id, account_id, title, department, is_primary)"
                         " VALUES (?, ?, '', '', ?)", [[n, n, True] for n in range(1, messages + 1)])  # fmt: skip
        await write_many(
            "INSERT INTO consent (person_id, topic, channel, state, changed_at)"
            " VALUES (?, 'usage', 'email', 'given', ?)",
            [[n, moment] for n in range(1, messages + 1)],
        )
    return list(range(1, messages + 1))


async def a_step(campaign: Campaign, people: list[int]) -> Step:
    """Frozen and ready to be sent."""
    step = await Step.create(
        campaign_id=campaign.id, revision_id=campaign.revision_id or 0, people=people, due_at=now(), created_at=now(),
        state="freezing", channel=campaign.channels,
    )  # fmt: skip
    await ledger.freeze(step, campaign, people, needs_consent=True)
    await write("UPDATE campaign_step SET state = 'sending' WHERE id = ?", step.id)
    return await Step.get(id=step.id)


@asynccontextmanager
async def a_sink() -> AsyncIterator[int]:
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "fakes.smtp", "--cheap", env=environment,
                                                   stdout=asyncio.subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    try:
        yield int(json.loads(await process.stdout.readline())["port"])
    finally:
        process.terminate()
        await process.wait()


async def bench(messages: int = 10_000) -> dict[str, Any]:
    """messages_per_s, cpu_us_per_message, freeze_s, memory_mb."""
    from app import rooms

    with tempfile.TemporaryDirectory() as folder:
        async with a_sink() as port:
            url = os.environ.get("ENGAWA_DATABASE_URL", "")
            found = use(read_settings({}, secret_key="x" * 40, data_dir=folder, database_url=url,
                                      smtp_url=f"smtp://127.0.0.1:{port}"))  # fmt: skip
            rooms.load()
            await open_database(found.database, rooms.with_models())
            try:
                await migrate(found.database, rooms.with_models())
                enter(Here(principal=SYSTEM))
                return await _measured(messages)
            finally:
                await close_database()


async def _measured(messages: int) -> dict[str, Any]:
    people = await fill(messages)
    campaign = await open_campaign(Settings(name="bench", topic="usage"))
    await keep_content(campaign, newsletter())
    began = time.perf_counter()
    step = await a_step(campaign, people)
    freeze = time.perf_counter() - began
    out = await way_out()
    worker = Worker(step, campaign, await Press.open(step, campaign), out, await mail_account())
    began, cpu = time.perf_counter(), time.process_time()
    sent = await worker.run()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    await out.close()
    left = await rows("SELECT COUNT(*) FROM delivery WHERE state <> 'sent'")
    return {
        "messages": sent, "left": int(left[0][0]), "messages_per_s": round(sent / seconds),
        "cpu_us_per_message": round(cpu / sent * 1e6), "freeze_s": round(freeze, 3),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(bench(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))))  # noqa: T201
