"""Past what memory should hold: the same results from a part of the index in memory and rows of the database."""

import random

import pytest

from core.database import transaction
from core.refs import Ref
from search import EVERYTHING, current, explain, find, forget, suggest
from search.beyond import use_memory
from search.cutting import size_of
from search_samples import PUBLIC, article, index

SUBJECTS = [
    "請求書",
    "見積書",
    "契約書",
    "領収書",
    "納品書",
    "注文書",
    "申込書",
    "証明書",
    "同意書",
    "報告書",
    "議事録",
]
VERBS = ["発行", "印刷", "保存", "送信", "承認", "削除", "検索", "共有", "複製"]
PLACES = ["東京", "大阪", "札幌", "福岡", "仙台", "広島", "金沢", "高松", "那覇", "長野", "静岡", "岡山", "熊本"]
QUERIES = [
    "請求書を発行する手順", "金沢の見積書", "契約書の承認を設定する", "那覇で議事録を削除", "設定の手順", "画面",
    "せいきゅうしょ を いんさつ", "同意書 送信 札幌 手順", "報告所の共有", "番号417",
]  # fmt: skip


def documents():
    chance = random.Random(5)
    for n in range(1, 451):
        subject, verb, place = chance.choice(SUBJECTS), chance.choice(VERBS), chance.choice(PLACES)
        body = f"{place}の担当者が設定の画面で手順を確認します。" * chance.randint(1, 4) + f"番号{n}。"
        yield article(n, f"{subject}を{verb}する手順", body, audience={"staff"} if n % 9 == 0 else PUBLIC)


@pytest.fixture
async def part(store):
    """450 articles, of whose commonest words memory holds 128 documents each."""
    await index(*documents())
    yield store
    use_memory(None)
    current.reset()


async def answers(tokens=PUBLIC):
    found = [await find(query, tokens=tokens) for query in QUERIES]
    return [([(hit.ref, hit.score) for hit in one.hits], one.total, round(one.confidence, 9)) for one in found]


async def test_what_is_found_is_the_same_when_memory_holds_only_a_part(part):
    for tokens in (PUBLIC, {EVERYTHING}, {"staff"}):
        use_memory(None)
        current.reset()
        whole, size = await answers(tokens), size_of(await current.snapshot())
        use_memory(0.001)
        current.reset()
        snapshot = await current.snapshot()
        assert snapshot.is_cut and size_of(snapshot) < size * 0.85
        for query, before, after in zip(QUERIES, whole, await answers(tokens), strict=True):
            assert (after[0], after[2]) == (before[0], before[2]), query
            assert 0.9 * before[1] <= after[1] <= before[1]  # how many there are is a lower bound


async def test_changes_are_seen_and_counted_when_memory_holds_only_a_part(part):
    use_memory(0.001)
    current.reset()
    assert (await find("設定の手順", tokens=PUBLIC)).total == 400
    await index(article(500, "請求書を発行する手順", "設定の画面。番号500。"))
    assert (await find("番号500", tokens=PUBLIC)).hits[0].ref == Ref("article", 500)
    assert (await find("設定の手順", tokens=PUBLIC)).total == 401
    async with transaction():
        await forget(Ref("article", 500))
    assert Ref("article", 500) not in [hit.ref for hit in (await find("番号500", tokens=PUBLIC)).hits]
    found = await suggest("金沢の見積", tokens=PUBLIC)
    assert found.hits and "見積書" in found.hits[0].title

    found = await find("金沢の見積書", tokens=PUBLIC)
    told = await explain("金沢の見積書", found.hits[0].ref, tokens=PUBLIC)
    assert (told.place, told.score) == (1, found.hits[0].score)
    assert sum(reason.gain for reason in told.reasons) == pytest.approx(told.score, abs=0.01)


async def test_all_is_read_anew_once_much_was_replaced(part, monkeypatch):
    monkeypatch.setattr(current, "STALE", 0.1)
    monkeypatch.setattr(current, "STALE_LEAST", 0)
    use_memory(0.001)
    current.reset()
    await current.snapshot()
    await index(*list(documents())[:50])
    assert (await current.snapshot()).stale == 50
    await index(*list(documents())[50:51])
    assert (await current.snapshot()).stale == 0
    assert (await find("設定の手順", tokens=PUBLIC)).total == 400
