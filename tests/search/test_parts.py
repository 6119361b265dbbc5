"""A long article answers in one place: it is found by it, shown from there, and staff are told."""

import pytest

from core.database import rows
from core.refs import Ref
from search import explain, find
from search.parts import LONG, PART, pack_parts, unpack_parts
from search_samples import PUBLIC, article, ask, ids, index, snapshot

CHAPTERS = [
    f"{name}の章です。" + f"{name}については管理者に確認し、必要な書類を添えて提出します。" * 20
    for name in ("採用", "給与", "評価", "異動", "研修", "福利厚生", "退職", "安全衛生")
]
CARRY = "有給休暇の繰り越しは、翌年度の末日まで一度だけできます。"
HANDBOOK = "\n".join([*CHAPTERS[:6], CARRY + "残りの日数は勤怠の画面に出ます。", *CHAPTERS[6:]])


def said(hit) -> str:
    return "".join(part.text for part in hit.snippet)


async def test_the_best_part_of_a_long_article_is_what_is_shown(store):
    await index(article(1, "社員ハンドブック", HANDBOOK), article(2, "勤怠の画面", "出勤と退勤を記録します。"))
    assert HANDBOOK.index(CARRY) > 3000
    found = await find("有給休暇の繰り越し", tokens=PUBLIC)
    assert found.hits[0].ref == Ref("article", 1)
    assert "有給休暇の繰り越しは" in said(found.hits[0])
    assert said(found.hits[0]).startswith("…")
    assert "有給" in "".join(part.text for part in found.hits[0].snippet if part.hit)

    told = await explain("有給休暇の繰り越し", Ref("article", 1), tokens=PUBLIC)
    assert "part" in {reason.channel for reason in told.reasons}
    assert sum(reason.gain for reason in told.reasons) == pytest.approx(told.score, abs=0.01)


async def test_an_article_that_is_cut_short_has_no_parts_any_more(store):
    await index(article(1, "社員ハンドブック", HANDBOOK))
    count = "SELECT count(*) FROM search_posting WHERE channel = 'parts'"
    assert (await rows(count))[0][0] == 1
    await index(article(1, "社員ハンドブック", CARRY))
    assert (await rows(count))[0][0] == 0
    assert said((await find("繰り越し", tokens=PUBLIC)).hits[0]) == CARRY


def test_what_stands_together_beats_what_is_scattered():
    together = article(1, "規程A", "\n".join([*CHAPTERS, "", "通勤手当は在宅勤務の日には支給しません。"]))
    scattered = article(2, "規程B", "\n".join([
        "通勤手当の届けを出します。", *CHAPTERS[:4], "在宅勤務を申請します。", *CHAPTERS[4:], "支給の予定です。",
    ]))  # fmt: skip
    others = [article(n, f"手引き{n}", CHAPTERS[n % 8] * 2) for n in range(3, 9)]
    places = ids(ask(snapshot([scattered, together, *others]), "在宅勤務の日に通勤手当は支給される？"))
    assert places[:2] == [1, 2]


def test_parts_are_the_body_from_where_they_say():
    assert pack_parts("短い" * (LONG // 2)) == b""
    found = list(unpack_parts(pack_parts(HANDBOOK)))
    starts = [start for start, _ in found]
    assert starts[0] == 0 and starts == sorted(set(starts))
    assert max(b - a for a, b in zip(starts, [*starts[1:], len(HANDBOOK)], strict=True)) <= PART
    assert len(list(unpack_parts(pack_parts("長い文です。" * 60_000)))) <= 700


def test_a_part_may_begin_within_a_word():
    text = "取扱説明書東京都庁舎展望室" * 400
    assert ids(ask(snapshot([article(1, "一覧", text), article(2, "一覧", "短い")]), "展望室"))[0] == 1
