"""Events redelivered, shuffled and side by side: each is stored once and answered at most once."""

import asyncio
import random

import pytest

from core.database import rows
from fakes.line_events import line_signature
from wires import *  # noqa: F403
from wires import LINE

TEXTS = ["パスワードを忘れたとき", "請求書をダウンロードする", "こんにちは", "宇宙船", "人と話したい", "ありがとう"]


async def fuzz(web, line, channel, run_jobs, events: int, users: int, seed: int = 1) -> None:
    chance = random.Random(seed)
    people = [line.person(f"P{n}") for n in range(users)]
    made = [line.text(chance.choice(people), chance.choice(TEXTS)) for _ in range(events)]
    stream = made + [one for one in made if chance.random() < 0.5] + chance.choices(made, k=events // 5)
    chance.shuffle(stream)
    bodies = []
    while stream:
        some, stream = stream[: chance.randint(1, 20)], stream[20:] if len(stream) > 20 else []
        bodies.append(line.envelope(some))
    missing = {event["webhookEventId"] for event in made}

    async def send(body: bytes) -> None:
        answer = await web.post(LINE, content=body, headers={"X-Line-Signature": line_signature(line.secret, body)})
        assert answer.status_code == 200

    for start in range(0, len(bodies), 8):
        await asyncio.gather(*(send(body) for body in bodies[start : start + 8]))
    rest = [event for event in made if event["webhookEventId"] in missing]
    for start in range(0, len(rest), 100):
        await send(line.envelope(rest[start : start + 100]))
    stored = await rows("SELECT COUNT(*), COUNT(DISTINCT key) FROM arrival")
    assert tuple(stored[0]) == (events, events)
    await run_jobs(timeout=900)
    assert (await rows("SELECT COUNT(*) FROM message WHERE sender = 'person'"))[0][0] == events
    assert await rows("SELECT key FROM outgoing GROUP BY key HAVING COUNT(*) > 1") == []
    assert (await rows("SELECT COUNT(*) FROM outgoing WHERE key LIKE 'answer:%'"))[0][0] <= events
    assert await rows("SELECT customer_key FROM conversation WHERE state <> 'resolved' GROUP BY customer_key"
                      " HAVING COUNT(*) > 1") == []  # fmt: skip
    assert await rows("SELECT name, last_error FROM promise WHERE state = 'dead'") == []


async def test_two_hundred_events(web, line, line_channel, faq, run_jobs):
    await fuzz(web, line, line_channel, run_jobs, events=200, users=12)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_two_thousand_events(web, line, line_channel, faq, run_jobs):
    await fuzz(web, line, line_channel, run_jobs, events=2000, users=60)
