"""Queries before the conversion, in romaji, without their long vowels: understood by their sound."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from search.kana import fold_sound, from_romaji, reading, romaji
from search.noise import KINDS, spoiled
from search_samples import HELP, ask, ids, snapshot

kana = st.text(
    st.sampled_from(
        "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわんがぎぐげご"
    ),
    max_size=12,
)


@given(kana)
def test_romaji_as_it_is_typed_reads_back_to_the_same_sound(text):
    assume("んん" not in text)  # nn is one ん as well
    assert fold_sound(from_romaji(romaji(text)) or "") == fold_sound(text)


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("konnichiwa", "こんにちわ"), ("onna", "おんな"), ("shinbun", "しんぶん"), ("shimbun", "しんぶん"),
        ("sinnbunn", "しんぶん"), ("kippu", "きっぷ"), ("matcha", "まっちゃ"), ("Tōkyō", "とうきょう"),
        ("sa-ba-", "さーばー"),
        ("jyouhou", "じょうほう"), ("password", None), ("strength", None),
    ],
)  # fmt: skip
def test_each_way_of_writing_romaji_is_read(typed, heard):
    assert from_romaji(typed) == heard


def test_what_sounds_alike_is_one():
    assert fold_sound("サーバー") == fold_sound("さば") == fold_sound("サーバ")
    assert fold_sound("とうきょう") == fold_sound("トーキョー")
    assert reading("請求書をダウンロード") == "せいきゅうしょをだうんろーど"


@pytest.mark.parametrize(
    ("query", "article"),
    [
        ("せいきゅうしょをだうんろーど", 2), ("seikyuusho", 2), ("seikyuushowodaunro-do", 2), ("いんぼいす", 2),
        ("ぱすわーどをわすれた", 1), ("pasuwa-do wasureta", 1), ("ダウンロド", 2), ("kaiyaku tetsuzuki", 4),
        ("めんばーをしょうたい", 3), ("ﾊﾟｽﾜｰﾄﾞ ﾜｽﾚﾀ", 1), ("passwrod", 5),
    ],
)  # fmt: skip
def test_the_right_article_is_found_by_its_sound(query, article):
    assert ids(ask(snapshot(HELP), query))[0] == article


@given(st.text(max_size=40), st.sampled_from(KINDS))
def test_any_text_can_be_spoiled_and_always_in_the_same_way(text, kind):
    assert spoiled(text, kind) == spoiled(text, kind)


def test_each_kind_of_noise_does_what_it_says():
    text = "サーバーの請求書"
    assert [spoiled(text, kind) for kind in KINDS if kind != "typo"] == [
        "さーばーのせいきゅうしょ", "sa-ba-noseikyuusho", "サバの請求書", "ｻｰﾊﾞｰの請求書", "サーバー",
    ]  # fmt: skip
    assert spoiled(text, "typo") != text
    assert spoiled("Invoice 2", "kana") == "Invoice 2"
