"""The snapshot and the ranker, without a database."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from search.asking import Wanted
from search.confidence import confidence
from search.filters import EVERYTHING, filter_of
from search.rank import rank
from search.snapshot import Row, advance
from search_samples import HELP, article, ask, ids, row, snapshot

VOCABULARY = [
    *("請求", "解約", "招待", "設定", "通知", "権限", "予約", "連携", "履歴", "検索"),
    *("login", "export", "invoice", "token"),
]


def gone(id: int) -> Row:
    return Row(id, "article", id, "ja", "", "", 1.0, {})


def test_the_right_article_comes_first_from_other_wordings():
    where = snapshot(HELP)
    assert ids(ask(where, "パスワードがわからない"))[0] == 1
    assert ids(ask(where, "インボイス"))[0] == 2
    assert ids(ask(where, "forgot passwords", lang="en")) == [5]
    assert ids(ask(where, "退会 解約したい"))[0] == 4


def test_a_misspelt_word_is_found_by_its_characters():
    assert ids(ask(snapshot(HELP), "パスワド 忘"))[0] == 1
    assert ids(ask(snapshot(HELP), "pasword", lang="en"))[0] == 5


def test_half_a_word_is_completed_while_typing():
    typed = rank(snapshot(HELP), Wanted("請求書をダウ", filter_of({"public"}), is_typing=True))
    assert ids(typed)[0] == 2
    assert "ダウンロード" in typed.places[0].matched


def test_equal_documents_keep_the_order_of_their_ids():
    documents = [article(i, "同じ題名", "同じ本文") for i in range(1, 8)]
    random.Random(1).shuffle(documents)
    assert ids(ask(snapshot(documents), "題名")) == [1, 2, 3, 4, 5, 6, 7]


def test_parts_that_share_a_title_are_told_apart_by_their_text():
    parts = [article(i, "コンゴ共和国", "コンゴ共和国の歴史。コンゴ共和国の人々。" * 2) for i in range(1, 9)]
    capital = article(9, "コンゴ共和国", "最大の都市は首都のブラザヴィルで、政治の機能が集中している。" * 3)
    assert ids(ask(snapshot([*parts, capital]), "コンゴ共和国の首都は？"))[0] == 9


def test_weight_moves_a_document():
    low = article(1, "通知の設定", weight=0.5)
    assert ids(ask(snapshot([low, article(2, "通知の設定")]), "通知")) == [2, 1]


texts = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=6).map(" ".join)
audiences = st.sampled_from([frozenset({"public"}), frozenset({"members"}), frozenset({"account:5"}), frozenset()])
corpora = st.lists(st.tuples(texts, texts, audiences), min_size=1, max_size=14)


def corpus(raw):
    return [article(i, title, body, audience=audience) for i, (title, body, audience) in enumerate(raw, 1)]


@settings(max_examples=60, deadline=None)
@given(corpora, texts, st.booleans())
def test_a_search_is_answered_as_if_only_visible_documents_existed(raw, query, typing):
    documents = corpus(raw)
    seen = {"public", "account:5"}
    wanted = Wanted(query, filter_of(seen), is_typing=typing)
    everything = rank(snapshot(documents), wanted)
    visible = rank(snapshot([d for d in documents if not seen.isdisjoint(d.audience)]), wanted)
    assert everything == visible


@settings(max_examples=40, deadline=None)
@given(corpora, st.lists(st.tuples(st.integers(1, 14), texts, st.booleans()), max_size=12), texts)
def test_history_leaves_no_trace_in_results(raw, changes, query):
    documents = {document.id: document for document in corpus(raw)}
    where = snapshot(documents.values())
    for n, (id, text, is_gone) in enumerate(changes):
        if is_gone:
            documents.pop(id, None)
            where = advance(where, [gone(id)], ("e", n + 2))
        else:
            documents[id] = article(id, text, text)
            where = advance(where, [row(documents[id])], ("e", n + 2))
    fresh = snapshot(documents.values())
    assert ask(where, query, {EVERYTHING}) == ask(fresh, query, {EVERYTHING})
    assert len(where) == len(fresh)


def test_dead_slots_are_given_back():
    where = snapshot([article(i, VOCABULARY[i % 14]) for i in range(1, 1301)])
    for start in range(1, 1301, 300):
        changed = [row(article(i, VOCABULARY[(i + 1) % 14])) for i in range(start, min(start + 300, 1301))]
        where = advance(where, changed, ("e", start))
    assert len(where) == 1300
    assert len(where.slots.ids) < 2400
    assert ask(where, "請求").total == len([i for i in range(1, 1301) if (i + 1) % 14 == 0])


def test_brand_kind_and_language_narrow():
    where = snapshot([
        article(1, "通知", brand="a"), article(2, "通知", brand="b"), article(3, "通知", brand=""),
        article(4, "通知", brand="a", lang="en"),
    ])  # fmt: skip
    assert ids(ask(where, "通知", brand="a", lang="ja")) == [1, 3]
    assert ids(ask(where, "通知", kinds={"thread"})) == []


def test_nothing_is_sure_about_a_question_from_elsewhere():
    where = snapshot(HELP)
    assert confidence(ask(where, "明日の天気は晴れですか").evidence) < 0.25
    assert confidence(ask(where, "パスワードを忘れた").evidence) > 0.65
    assert ask(where, "").places == []
    assert confidence(ask(where, "？！").evidence) == 0
