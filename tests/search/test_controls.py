"""What staff decide about searches: it counts for whom it should, at once, and everybody can see why."""

import pytest

from core.database import rows
from core.errors import Conflict, Forbidden, NotFound, Refused
from core.principal import NOBODY, SYSTEM
from core.refs import Ref
from search import (
    Hide,
    Pin,
    StopWord,
    Synonym,
    add_stop_word,
    add_synonym,
    change_synonym,
    controls_of,
    find,
    hide,
    pin,
    preview,
    record_query,
    remove_stop_word,
    remove_synonym,
    suggest,
    unhide,
    unpin,
)  # fmt: skip
from search_samples import HELP, PUBLIC, article, index


async def ids(query: str, brand: str | None = "default", tokens=PUBLIC, **more) -> list[int]:
    return [hit.ref.id for hit in (await find(query, tokens=tokens, brand=brand, **more)).hits]


async def test_a_two_way_synonym_finds_from_either_side_and_a_one_way_one_from_its_first_word(house):
    await index(
        *HELP,
        article(6, "年次有給休暇の申請", "休暇の申請は勤怠の画面から。"),
        article(7, "年休カレンダー", "予定表。"),
    )
    assert await ids("年休") == [7]
    synonym = await add_synonym(SYSTEM, "default", ["年休", "年次有給休暇"])
    assert set(await ids("年休")) == {6, 7}
    assert set(await ids("年次有給休暇")) >= {6, 7}
    found = await find("年休", tokens=PUBLIC, brand="default")
    assert {word for hit in found.hits for word in hit.matched} >= {"年休", "年次"}
    assert (await ids("年休", brand="other"), await ids("年休", brand=None)) == ([], [7])

    await change_synonym(SYSTEM, synonym, ["年休", "年次有給休暇"], is_two_way=False)
    assert set(await ids("年休")) == {6, 7}
    assert 7 not in await ids("年次有給休暇 申請", limit=1)
    await remove_synonym(SYSTEM, synonym)
    assert await ids("年休") == [7]
    with pytest.raises(NotFound):
        await remove_synonym(SYSTEM, synonym)


async def test_an_unknown_word_with_a_synonym_is_sure_of_its_answer(house):
    await index(*HELP)
    assert (await find("サブスク停止", tokens=PUBLIC, brand="default")).band != "answer"
    await add_synonym(SYSTEM, "", ["サブスク停止", "解約"], is_two_way=False)
    found = await find("サブスク停止", tokens=PUBLIC, brand="default")
    assert found.hits[0].ref.id == 4
    assert found.confidence > 0.6


async def test_a_stop_word_is_not_asked_for_unless_nothing_else_is(house):
    await index(*HELP, article(8, "エンガワとは", "エンガワの紹介"))
    assert (await ids("エンガワ 解約"))[0] == 8
    stop = await add_stop_word(SYSTEM, "default", "エンガワ")
    assert await ids("エンガワ 解約") == [4]
    assert await ids("エンガワ") == [8]
    await remove_stop_word(SYSTEM, stop)
    assert 8 in await ids("エンガワ 解約")


async def test_a_pinned_result_stands_where_it_was_put_for_whoever_may_see_it(house):
    await index(*HELP, article(9, "社内向けの手順", audience={"staff"}))
    first = await pin(SYSTEM, "default", "招待 したい", Ref("article", 4))
    found = await find("招待したい", tokens=PUBLIC, brand="default")
    assert ([hit.ref.id for hit in found.hits], found.total, found.band) == ([4, 3], 2, "answer")
    assert (await ids("メンバーを招待したい"))[0] == 3
    await unpin(SYSTEM, first)
    await pin(SYSTEM, "", "招待", Ref("article", 4), position=2, is_contained=True)
    await pin(SYSTEM, "default", "招待", Ref("article", 9))
    assert await ids("メンバーを招待したい") == [3, 4]
    assert await ids("招待", tokens={"public", "staff"}) == [9, 4, 3]
    found = await find("招待", tokens=PUBLIC, brand="default")
    assert ([hit.ref.id for hit in found.hits], found.total) == ([3, 4], 2)


async def test_a_hidden_result_is_in_no_list_and_no_count(house):
    await index(*HELP, article(10, "パスワードの決まり", "長いパスワードを。"))
    everywhere = await hide(SYSTEM, "default", Ref("article", 10))
    found = await find("パスワード", tokens=PUBLIC, brand="default", lang="ja")
    assert ([hit.ref.id for hit in found.hits], found.total) == ([1], 1)
    assert [hit.ref.id for hit in (await suggest("パスワ", tokens=PUBLIC, brand="default", lang="ja")).hits] == [1]
    assert 10 in await ids("パスワード", brand=None)
    await unhide(SYSTEM, everywhere)
    await hide(SYSTEM, "default", Ref("article", 10), query="忘れた")
    assert 10 in await ids("パスワード")
    assert 10 not in await ids("パスワードを忘れた")


async def test_what_makes_no_sense_is_refused_with_a_sentence(house):
    with pytest.raises(Forbidden):
        await add_synonym(NOBODY, "default", ["a", "b"])
    with pytest.raises(Refused):
        await add_synonym(SYSTEM, "default", ["年休", " 年休 "])
    with pytest.raises(Refused):
        await add_stop_word(SYSTEM, "default", "？！")
    with pytest.raises(Refused):
        await pin(SYSTEM, "default", "招待", Ref("article", 4), position=11)
    await add_synonym(SYSTEM, "default", ["年休", "有給"])
    with pytest.raises(Conflict):
        await add_synonym(SYSTEM, "default", ["年休", "有給"])
    await hide(SYSTEM, "default", Ref("article", 4))
    with pytest.raises(Conflict):
        await hide(SYSTEM, "default", Ref("article", 4))
    assert len(await rows("SELECT 1 FROM audit_entry")) == 2


async def test_a_preview_shows_what_changes_on_recent_searches_and_writes_nothing(house):
    await index(*HELP)
    for text in ("サブスク停止", "サブスク停止", "招待", "請求書"):
        await record_query(await find(text, tokens=PUBLIC, brand="default"), surface="help")
    synonym = Synonym(0, "default", ("サブスク停止", "解約"))
    seen = await preview("default", add=[synonym, Hide(0, "default", Ref("article", 2))])
    assert seen.asked == 3
    assert [(one.query, one.times) for one in seen.changed] == [("サブスク停止", 2), ("請求書", 1)]
    assert seen.changed[0].after[0].title == "解約の手続き"
    assert [shown.ref.id for shown in seen.changed[1].before][:1] == [2]
    assert 2 not in [shown.ref.id for shown in seen.changed[1].after]
    assert await controls_of("default") == await controls_of() and not (await controls_of()).synonyms

    await add_synonym(SYSTEM, "default", synonym.words)
    kept = (await controls_of("default")).synonyms[0]
    back = await preview("default", remove=[kept], add=[StopWord(0, "", "招待"), Pin(0, "", "招待", Ref("article", 1))])
    assert [one.query for one in back.changed] == ["サブスク停止", "招待"]
    assert (await preview("elsewhere", add=[synonym])).asked == 0
