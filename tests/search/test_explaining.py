"""Why this rank: the gains that are told are the score that was given."""

import pytest

from core.principal import SYSTEM
from core.refs import Ref
from search import EVERYTHING, add_synonym, explain, find, hide, pin
from search_samples import HELP, PUBLIC, article, index

QUERIES = [
    "パスワードを忘れた",
    "請求書のダウンロード",
    "インボイス",
    "パスワド 忘",
    "メンバー 招待 メール",
    "password",
]


async def test_the_reasons_add_up_to_the_score_of_every_result(house):
    await index(
        *HELP,
        article(6, "招待の期限", "招待メールは7日間", weight=1.5, headings=("期限",), clicked=("招待が届かない",)),
    )
    for query in QUERIES:
        for place, hit in enumerate((await find(query, tokens=PUBLIC, brand="default")).hits, 1):
            told = await explain(query, hit.ref, tokens=PUBLIC, brand="default")
            assert (told.place, told.score, told.title) == (place, hit.score, hit.title)
            assert told.weight * sum(reason.gain for reason in told.reasons) == pytest.approx(told.score, abs=0.01)
            for reason in told.reasons:
                assert reason.channel != "words" or sum(reason.fields.values()) == pytest.approx(reason.gain, abs=0.01)


async def test_it_says_which_word_was_found_as_what_where_and_what_is_missing(house):
    await index(*HELP)
    await add_synonym(SYSTEM, "default", ["退会", "解約"], is_two_way=False)
    told = await explain("退会の手続き 電話", Ref("article", 4), tokens=PUBLIC, brand="default")
    by_word = {reason.word: reason for reason in told.reasons}
    assert (by_word["退会"].how, by_word["退会"].found_as) == ("synonym", "解約")
    assert by_word["退会"].fields["title"] > by_word["退会"].fields["body"] > 0
    assert by_word["手続き"].how == "exact"
    assert told.missing == ("電話",)
    half = await explain("請求書をダウ", Ref("article", 2), tokens=PUBLIC, brand="default", is_typing=True)
    assert "completion" in {reason.how for reason in half.reasons}


async def test_what_staff_decided_is_told_and_what_a_reader_may_not_see_is_not(house):
    await index(*HELP, article(9, "社内の手順", audience={"staff"}))
    await pin(SYSTEM, "default", "招待", Ref("article", 4), position=2)
    await hide(SYSTEM, "default", Ref("article", 1))
    told = await explain("招待", Ref("article", 4), tokens=PUBLIC, brand="default")
    assert (told.place, told.pinned, told.score) == (2, 2, 0)
    told = await explain("パスワード", Ref("article", 1), tokens=PUBLIC, brand="default")
    assert (told.is_hidden, told.place) == (True, None)
    assert await explain("手順", Ref("article", 9), tokens=PUBLIC) is None
    assert (await explain("手順", Ref("article", 9), tokens={EVERYTHING})).place == 1
    assert await explain("手順", Ref("article", 99), tokens={EVERYTHING}) is None
