"""What staff see of searches: the numbers, what nobody answered by topic, how far the confidence can be trusted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.principal import MEMBER, Principal
from factories import a_person, an_account
from helpcenter import gaps, trusting
from helpcenter.searches import summary
from helpcenter.topics import grouped_by_words, topics_of
from search import Reliability, Trust
from search.reliability import Bin, Point


def said(page: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", re.sub("</?(mark|b)>", "", page.text))


@pytest.fixture
async def asker(people: dict[str, Principal], house: Any) -> Principal:
    account = await an_account("青葉運輸")
    person = await a_person("三輪", "さつき", account=account)
    people["asker"] = Principal(person_id=person.id, role="member", capabilities=MEMBER,
                                accounts=frozenset({account.id}))  # fmt: skip
    return people["asker"]


async def test_the_numbers_say_what_came_of_searches(browse: Any, an_article: Any, writer: Any) -> None:
    article = await an_article("有給休暇を繰り越す", "残りは2年間有効です。", "有給 繰越", slug="carry")
    reader = browse()
    for words in ("有給 繰越", "有給 繰越", "有給 繰越", "宇宙旅行の予約"):
        page = await reader.get(f"/help/search?q={words}")
        if links := re.findall(r'href="(/help/go/[^"]+)"', page.text):
            await reader.get(links[0].replace("&amp;", "&"))
    await reader.submit("/help/carry/feedback", {"helpful": "yes"})
    await reader.get(f"/help/pick/1?q=有給&to=article:{article.id}")
    made = await summary("default")
    assert (made.searches, made.picked, made.positions[0], made.daily[-1]) == (4, 1, 3, 4)
    assert (made.opened, made.first, made.helped, made.told) == (0.75, 1.0, 1.0, 1)
    assert made.nothing == 0.25
    assert sum(made.missed) == 1
    page = await browse("writer").get("/staff/articles/searches")
    assert "開かれた結果3件のうち、3件は1番目でした" in page.text
    assert "回答1件" in said(page)
    assert await summary("another") is not None


async def test_unanswered_questions_are_gathered_into_topics(
    browse: Any, asker: Principal, writer: Any, an_article: Any
) -> None:
    for words in ("生体認証 打刻", "生体認証で打刻したい", "顔の生体認証", "宇宙旅行 予約"):
        await browse("asker").get(f"/help/search?q={words}")
    await browse().get("/help/search?q=生体認証 打刻")
    await gaps.gather()
    topics = await topics_of(writer, "default")
    assert [(topic.searches, len(topic.gaps)) for topic in topics] == [(4, 2), (1, 1)]
    assert topics[0].name.startswith("生体認証")
    assert (topics[0].people, topics[0].accounts, topics[0].hidden_accounts) == (1, ["青葉運輸"], 0)
    stranger = Principal(person_id=writer.person_id, capabilities=writer.capabilities)
    [first, _] = await topics_of(stranger, "default")
    assert (first.accounts, first.hidden_accounts) == ([], 1)  # staff who do not look after them
    page = await browse("writer").get("/staff/articles/gaps/topics")
    assert "青葉運輸" in page.text
    assert "検索4件" in said(page)


def test_grouping_keeps_every_question_once() -> None:
    questions = [frozenset(words.split()) for words in ("a b", "a b c", "x", "x y", "q", "a", "", "b c")]
    groups = grouped_by_words(questions)
    assert sorted(n for group in groups for n in group) == list(range(8))
    assert groups[0][:2] == [0, 1]
    assert [2, 3] in groups
    assert [6] in groups  # without words, alone


async def test_staff_see_how_far_to_trust_search_and_choose_when_it_answers(
    browse: Any, an_article: Any, run_jobs: Any, writer: Any
) -> None:
    staff, home = browse("writer"), "/staff/articles/confidence"
    assert "まだこのヘルプから学んで" in said(await staff.get(home))
    for name in ("請求書", "領収書", "見積書", "契約書", "納品書", "注文書", "申込書", "証明書"):
        lines = [f"{name}{end}" for end in ("がほしい", "の出し方", "を印刷したい", "はどこ", " PDF", "をもう一度")]
        await an_article(f"{name}を発行する", f"{name}は管理画面から発行します。", *lines)
    assert (await staff.submit(f"{home}/training")).status_code == 303
    await run_jobs()
    page = await staff.get(home)
    assert page.text.count('<svg viewBox="0 0 300 100"') == 2
    assert "境目が65%のとき、検索100件のうち" in page.text
    assert "から学びました" in page.text
    await staff.submit(f"{home}/bands", {"answer": "80", "candidates": "30"})
    assert "境目が80%のとき" in (await staff.get(home)).text
    for answer, candidates in (("30", "40"), ("0", "0"), ("x", "10"), ("100", "1")):
        refused = await staff.submit(f"{home}/bands", {"answer": answer, "candidates": candidates})
        assert refused.status_code == 422, (answer, candidates)


@settings(suppress_health_check=[HealthCheck.too_slow])  # of drawing, on a machine that has much to do
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=20), st.floats(0.01, 0.99))
def test_any_curve_can_be_drawn_and_said(points: list[tuple[int, int]], edge: float) -> None:
    curve = [Point(n / 20, answered / 20, wrong / 20) for n, (answered, wrong) in enumerate(points)]
    bins = [Bin(n / 10, (n + 1) / 10, x / 20, y / 20, n) for n, (x, y) in enumerate(points[:10])]
    made = trusting.drawn(Reliability(bins, curve, 0.9, 0.1, 50), Trust("default", answer=edge))
    assert (made is None) == (not points)
    if made is not None:
        assert "NaN" not in made.curve + made.reliability
        assert made.risk
