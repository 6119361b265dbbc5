"""Search by meaning, against a strict endpoint on a real socket."""

import pytest

from core.database import rows, transaction
from core.refs import Ref
from fakes.embeddings import FakeEmbeddings
from search import embeddings, explain, find, forget, meaning, suggest
from search.embeddings import EmbeddingError, OpenAiEmbedder
from search.jobs import embed_documents
from search_samples import HELP, PUBLIC, article, index


@pytest.fixture
async def endpoint(house):
    async with FakeEmbeddings() as fake:
        embeddings.use(OpenAiEmbedder(fake.url, fake.model, fake.key))
        yield fake
        embeddings.use(None)
        assert fake.refused == []


async def first(query: str, **more) -> int | None:
    hits = (await find(query, tokens=PUBLIC, lang="ja", **more)).hits
    return hits[0].ref.id if hits else None


async def test_what_shares_no_word_is_found_by_meaning_and_said_so(endpoint):
    await index(*HELP)
    assert await first("やめたいです") != 4
    await embed_documents()
    assert (await meaning.state()).waiting == 0
    assert await first("やめたいです") == 4
    assert await first("合言葉を忘れた") == 1
    assert await first("請求書をダウンロード") == 2
    for query in ("やめたいです", "合言葉を忘れた"):
        for place, hit in enumerate((await find(query, tokens=PUBLIC, lang="ja")).hits, 1):
            told = await explain(query, hit.ref, tokens=PUBLIC, lang="ja")
            assert (told.place, told.score) == (place, hit.score)
            assert sum(reason.gain for reason in told.reasons) == pytest.approx(told.score, abs=0.01)
    told = await explain("やめたい", Ref("article", 4), tokens=PUBLIC)
    assert "meaning" in {reason.channel for reason in told.reasons}
    asked = len(endpoint.asked)
    await find("やめたいです", tokens=PUBLIC, lang="ja")
    await suggest("やめた", tokens=PUBLIC)
    assert len(endpoint.asked) == asked


async def test_only_what_changed_is_sent_again_and_what_is_forgotten_is_gone(endpoint):
    await index(*HELP)
    await embed_documents()
    assert [len(texts) for texts in endpoint.asked] == [len(HELP)]
    await index(HELP[0], article(2, "請求書の送付先", "変更できます。"))
    await embed_documents()
    assert [texts[0].split("\n")[0] for texts in endpoint.asked[1:]] == ["請求書の送付先"]
    async with transaction():
        await forget(Ref("article", 4))
    assert len(await rows("SELECT 1 FROM search_vector")) == len(HELP) - 1
    assert await first("やめたいです") != 4
    await index(article(9, "退会の秘密", audience={"staff"}))
    await embed_documents()
    assert 9 not in [hit.ref.id for hit in (await find("やめたいです", tokens=PUBLIC)).hits]


NO_VECTOR = {"status": 200, "body": {"data": [{}]}}


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"drop": True}, NO_VECTOR])
async def test_a_silent_or_broken_endpoint_costs_a_search_nothing_but_its_meaning(endpoint, fault):
    await index(*HELP)
    endpoint.faults.next("embed", **fault)
    with pytest.raises(EmbeddingError):
        await embed_documents()
    assert not await rows("SELECT 1 FROM search_vector")
    await embed_documents()
    endpoint.faults.next("embed", **fault)
    assert await first("解約") == 4
    asked = len(endpoint.asked)
    assert await first("招待") == 3
    assert len(endpoint.asked) == asked


async def test_a_slow_endpoint_is_not_waited_for(endpoint, monkeypatch):
    await index(*HELP)
    await embed_documents()
    monkeypatch.setattr(embeddings, "PATIENCE", 0.05)
    endpoint.faults.next("embed", delay=0.4)
    assert await first("解約") == 4


async def test_it_is_off_unless_settings_name_it(house):
    await index(*HELP)
    await embed_documents()
    assert await meaning.state() == meaning.State(False)
    assert not await rows("SELECT 1 FROM search_vector")
