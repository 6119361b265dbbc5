"""Who asks for a person is understood; who only mentions one is answered."""

import pytest

from bots.words import language_of, pleasantry, serious, wants_person
from bots_sentences import ASKING, NOT_ASKING


def test_asking_for_a_person_is_understood():
    missed = [text for text in ASKING if not wants_person(text)]
    wrong = [text for text in NOT_ASKING if wants_person(text)]
    found = len(ASKING) - len(missed)
    assert len(ASKING) + len(NOT_ASKING) >= 120
    assert found / len(ASKING) >= 0.99, missed
    assert found / (found + len(wrong)) >= 0.95, wrong


@pytest.mark.parametrize(("text", "kind"), [
    ("解約したいです", "cancel"), ("返金してください", "refund"), ("弁護士に相談します", "legal"),
    ("何回言えばわかるんですか", "anger"), ("I want a refund", "refund"), ("cancel our subscription", "cancel"),
    ("This is unacceptable", "anger"), ("解約率のグラフを見たい", ""), ("パスワードを忘れた", ""),
    ("How do I cancel an invoice?", ""),
])  # fmt: skip
def test_serious_words(text, kind):
    assert serious(text) == kind


def test_pleasantries_and_language():
    assert pleasantry("ありがとうございます！") == "thanks"
    assert pleasantry("こんにちは") == "greeting"
    assert pleasantry("こんにちは、ログインできないのですが") == ""
    assert language_of("ログイン") == "ja"
    assert language_of("log in") == "en"
    assert language_of("???", "en") == "en"
