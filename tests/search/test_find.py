"""Search on real databases: written, found, seen by whom, and kept up to date."""

import asyncio
import subprocess
import sys
import time

import pytest

from core.database import dialect, rows, transaction
from core.refs import Ref
from search import analyse, find, forget, put, record_click, record_outcome, record_query, similar, suggest
from search.queries import KEPT_TEXT
from search_samples import HELP, PUBLIC, article, index
from shared_data import shared_data


async def refs(query: str, tokens=PUBLIC, **more) -> list[int]:
    return [hit.ref.id for hit in (await find(query, tokens=tokens, **more)).hits]


async def test_an_article_is_found_changed_and_forgotten(store):
    await index(*HELP)
    found = await find("パスワードを忘れました", tokens=PUBLIC)
    hit = found.hits[0]
    assert (hit.ref, hit.url, hit.lang, hit.title) == (Ref("article", 1), "/help/1", "ja", "パスワードを忘れたとき")
    assert found.band == "answer"
    assert set(hit.matched) == {"パスワード", "忘れる"}
    assert any(part.hit and part.text == "パスワード" for part in hit.snippet)

    await index(article(1, "二段階認証を設定する", "認証アプリを使います。"))
    assert 1 not in await refs("パスワード")
    assert (await refs("二段階認証"))[0] == 1

    async with transaction():
        await forget(Ref("article", 1))
    assert await refs("二段階認証") == []
    assert not await rows("SELECT 1 FROM search_posting p JOIN search_document d ON d.id = p.document_id"
                          " WHERE d.ref_id = 1 OR d.body LIKE '%認証アプリ%'")  # fmt: skip


async def test_each_language_of_an_article_is_a_document_of_its_own(store):
    await index(article(7, "Export data", "as CSV", lang="en"), article(7, "データの書き出し", "CSVで", lang="ja"))
    assert [hit.lang for hit in (await find("CSV", tokens=PUBLIC)).hits] == ["en", "ja"]
    async with transaction():
        await forget(Ref("article", 7), "en")
    assert [hit.lang for hit in (await find("CSV", tokens=PUBLIC)).hits] == ["ja"]


async def test_what_a_reader_may_not_see_is_in_no_result_count_or_suggestion(store):
    await index(
        article(1, "極秘プロジェクトの予定", audience={"staff"}), article(2, "予定の公開", audience={"public"}),
        article(3, "予定の共有", audience={"account:5"}),
    )  # fmt: skip
    found = await find("極秘プロジェクト 予定", tokens=PUBLIC)
    assert ([hit.ref.id for hit in found.hits], found.total) == ([2], 1)
    typed = await suggest("極秘プロ", tokens=PUBLIC)
    assert 1 not in [hit.ref.id for hit in typed.hits]
    assert typed.total == 0 or typed.confidence < 0.25
    assert await refs("予定", {"public", "account:5"}) == [2, 3]
    assert sorted(await refs("予定", {"*"})) == [1, 2, 3]
    assert await refs("予定", set()) == []


async def test_an_audience_that_was_just_narrowed_counts_before_the_snapshot_knows(store, monkeypatch):
    await index(*HELP)
    assert await refs("解約") == [4]
    monkeypatch.setattr("search.current._is_due", lambda: False)
    await index(article(4, "解約の手続き", audience={"staff"}))
    found = await find("解約", tokens=PUBLIC)
    assert (found.hits, found.confidence, found.band) == ([], 0.0, "none")


async def test_what_is_rolled_back_is_never_found(store):
    await index(*HELP)
    document = await analyse(article(9, "幻の機能", "まだありません"))
    with pytest.raises(RuntimeError, match="stop"):
        async with transaction():
            await put(document)
            assert 9 not in await refs("幻の機能 まだありません")
            raise RuntimeError("stop")
    assert 9 not in await refs("幻")
    await index(article(10, "本物の機能"))
    assert (await refs("本物の機能"))[0] == 10


async def test_similar_text_leaves_itself_out(store):
    await index(*HELP)
    draft = "困っています。請求書をダウンロードしようとしたのですが、管理画面のどこにあるのか分かりません。" * 30
    found = await similar(draft, tokens=PUBLIC, without=Ref("article", 1))
    assert found.hits[0].ref.id == 2
    assert 1 not in [hit.ref.id for hit in found.hits]


async def test_every_search_is_written_down_with_how_it_ended(store):
    await index(*HELP)
    found = await find("解約したい", tokens=PUBLIC, lang="ja")
    key = await record_query(found, surface="help", person_id=3, account_id=5)
    assert found.query_id == key
    assert len(key) >= 22
    assert await record_click(key, Ref("article", 4), 1)
    assert not await record_click(key, Ref("article", 1), 2)
    assert not await record_click("unknown", Ref("article", 1), 2)
    assert await record_outcome(key, "solved")
    row = (await rows("SELECT * FROM search_query"))[0]
    assert (row["text"], row["lang"], row["surface"], row["person_id"], row["account_id"]) == (
        "解約したい",
        "ja",
        "help",
        3,
        5,
    )
    assert (row["results"], row["top_kind"], row["top_id"]) == (1, "article", 4)
    assert (row["clicked_kind"], row["clicked_id"], row["clicked_position"]) == ("article", 4, 1)
    assert (row["outcome"], row["band"]) == ("solved", found.band)

    await record_query(await find("x\x00" * 900, tokens=PUBLIC), surface="bot")
    assert len((await rows("SELECT text FROM search_query ORDER BY id"))[1][0]) <= KEPT_TEXT
    with pytest.raises(ValueError, match="surface"):
        await record_query(found, surface="elsewhere")


async def test_hostile_strings_are_ordinary_text(store):
    naughty = (shared_data("hostile/blns") / "blns.json").read_text("utf-8")
    import json

    strings = [text for text in json.loads(naughty) if isinstance(text, str)]
    await index(*(article(i, text[:2000], text * 2, phrasings=(text,)) for i, text in enumerate(strings, 1)))
    for text in [*strings[::4], "\x00", "\ud800", "%' OR 1=1 --", "a" * 100_000, "あ" * 100_000, "🎉" * 500, "?" * 999]:
        found = await find(text, tokens=PUBLIC)
        assert len(found.hits) <= 10
        assert 0 <= found.confidence <= 1
        await suggest(text[:50], tokens=PUBLIC)
        await record_query(found, surface="help")
    with pytest.raises(ValueError, match="token"):
        await index(article(1, "x", audience={"two words"}))


async def test_searches_stay_right_while_documents_change(store):
    await index(*(article(i, f"手順{i}", "通知の設定を変更します") for i in range(1, 41)))
    ended = False
    totals = set()

    async def edit(n: int) -> None:
        for round in range(4):
            await index(article(n, f"手順{n} 改訂{round}", "通知の設定を変更します"))

    async def search() -> None:
        while not ended:
            totals.add((await find("通知の設定", tokens=PUBLIC)).total)

    searching = [asyncio.ensure_future(search()) for _ in range(3)]
    await asyncio.gather(*(edit(n) for n in range(1, 9)))
    ended = True
    await asyncio.gather(*searching)
    assert totals == {40}
    assert (await find("改訂3", tokens=PUBLIC, limit=20)).total == 8


OTHER_PROCESS = """
import asyncio, sys
sys.path[:0] = sys.argv[3].split(":")
from core.database import close_database, open_database, transaction
from search import analyse, put
from search_samples import article

async def main():
    await open_database(sys.argv[1], ["search"])
    document = await analyse(article(77, "別のプロセスからの記事", "すぐに見つかります"))
    print("ready", flush=True)
    sys.stdin.readline()
    async with transaction():
        await put(document)
    print("put", flush=True)
    await close_database()

asyncio.run(main())
"""


async def test_a_change_in_another_process_is_found_within_two_seconds(store):
    await index(*HELP)
    assert 77 not in await refs("別のプロセス")
    paths = ":".join(path for path in sys.path if path)
    command = [sys.executable, "-c", OTHER_PROCESS, store, "", paths]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert (await asyncio.to_thread(other.stdout.readline)).strip() == "ready"
        other.stdin.write("go\n")
        other.stdin.flush()
        assert (await asyncio.to_thread(other.stdout.readline)).strip() == "put"
        started = time.monotonic()
        while (await refs("別のプロセス"))[:1] != [77]:
            assert time.monotonic() - started < 2
            await asyncio.sleep(0.02)
        assert other.wait(10) == 0


async def test_the_loop_is_not_held_by_a_long_search(store):
    await index(*HELP)
    await find("暖機", tokens=PUBLIC)
    longest = 0.0
    stop = False

    async def watch() -> None:
        nonlocal longest
        last = time.thread_time()
        while not stop:
            await asyncio.sleep(0)
            longest, last = max(longest, time.thread_time() - last), time.thread_time()

    watching = asyncio.ensure_future(watch())
    await similar("請求書をダウンロードしたいのですが、どこから保存できますか。" * 250, tokens=PUBLIC)
    stop = True
    await watching
    assert longest < 0.01


async def test_the_tables_have_their_indexes(store):
    if dialect() == "sqlite":
        found = await rows("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name LIKE 'search_%'")
        unique = [tuple(r[0] for r in await rows(f"SELECT name FROM pragma_index_info('{row[0]}')")) for row in found]
        columns = {tuple(names) for names in unique}
    else:
        found = await rows("SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'search_%'")
        columns = {tuple(row[0].split("(")[1].rstrip(")").replace('"', "").split(", ")) for row in found}
    assert {
        ("kind", "ref_id", "lang"), ("version",), ("document_id", "channel"), ("key",), ("created_at",),
        ("surface", "created_at"),
    } <= columns  # fmt: skip
