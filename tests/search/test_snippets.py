from hypothesis import given
from hypothesis import strategies as st

from search.snippets import LENGTH, Part, marked, pattern, snippet

surfaces = st.lists(st.text(max_size=6), max_size=5)


@given(st.text(), surfaces)
def test_the_parts_are_the_text(text, words):
    assert "".join(part.text for part in marked(text, pattern(words))) == text


@given(st.text(max_size=600), surfaces)
def test_a_snippet_is_short_plain_text(text, words):
    parts = snippet(text, pattern(words))
    assert sum(len(part.text) for part in parts) <= LENGTH + 2
    assert all(part.text for part in parts)


def test_words_are_marked_whatever_their_width_case_and_kana():
    assert marked("ﾛｸﾞｲﾝ、LOGIN、ろぐいん", pattern(["ログイン", "login"])) == (
        Part("ﾛｸﾞｲﾝ、"), Part("LOGIN", True), Part("、"), Part("ろぐいん", True),
    )  # fmt: skip
    assert marked("logins, plugin", pattern(["login", "in"])) == (Part("logins", True), Part(", plugin"))


def test_the_window_shows_the_words_that_were_asked():
    text = "はじめに。" * 60 + "請求書はお支払い画面から保存できます。" + "おわりに。" * 60
    shown = "".join(part.text for part in snippet(text, pattern(["請求書", "保存"])))
    assert "請求書はお支払い画面から保存" in shown
    assert shown.startswith("…")


def test_markup_stays_text():
    assert snippet("<script>alert(1)</script> 通知", pattern(["通知"]))[-1] == Part("通知", True)
