"""What people write becomes safe HTML, quickly, and Japanese emphasis works without spaces."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.markdown import HIGHEST, LONGEST, WIDEST, Pictures, Sized, excerpt, markdown, words_of


@pytest.mark.parametrize("evil", [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>", "[x](data:text/html,x)",
    "![x](https://evil.example/p.png)", "![x](/media/../x)", "<https://a.example/\"onclick=1>", "[x](//evil.example)",
])  # fmt: skip
def test_nothing_runs_and_nothing_is_fetched_from_elsewhere(evil: str) -> None:
    made = str(markdown(evil))
    assert not re.search(r"<(script|img)|href=\"(javascript|data)|<[^>]* on\w+=", made, re.I)


KEY = "a" * 32 + ".png"
OURS = Pictures((Sized(KEY, 1600, 1000, 1080),), "画像")


def test_a_picture_of_the_text_stands_in_it_with_its_size_and_leads_to_the_whole_of_it() -> None:
    made = str(markdown(f"![締め日の画面](/media/{KEY})", pictures=OURS))
    assert f'<a href="/media/{KEY}" rel="nofollow ugc noopener"><img src="/media/{KEY}"' in made
    for said in ('alt="締め日の画面"', 'width="800"', 'height="500"', 'loading="lazy"', f"/media/small/{KEY} 1080w"):
        assert said in made
    assert 'rel="nofollow ugc noopener"' in markdown("https://example.com/")


@pytest.mark.parametrize("text", [f"![図](/media/{KEY})", f"![図](/media/{'b' * 32}.png)", "![図](https://a.example/)"])
def test_a_picture_that_is_not_of_the_text_is_a_link_with_its_description(text: str) -> None:
    made = str(markdown(text, pictures=OURS if KEY not in text else Pictures()))
    assert "<img" not in made and ">図</a>" in made


@pytest.mark.parametrize("alt", ["", "画像の説明", "describe the picture", " "])
def test_a_picture_that_nobody_described_has_a_name_all_the_same(alt: str) -> None:
    assert 'alt="画像"' in markdown(f"![{alt}](/media/{KEY})", pictures=OURS)


def test_a_linked_picture_leads_where_its_writer_said() -> None:
    made = str(markdown(f"[![図](/media/{KEY})](https://a.example/)", pictures=OURS))
    assert made.count("<a ") == 1 and 'href="https://a.example/"' in made and "<img" in made


@pytest.mark.parametrize("alt", ['"><script>alert(1)</script>', '" onerror="alert(1)', "`x` **y** <b>z</b>", "a]b"])
def test_a_hostile_description_stays_words(alt: str) -> None:
    made = str(markdown(f"![{alt}](/media/{KEY})", pictures=OURS))
    assert not re.search(r"<script|<b>|<[^>\"]*(\"[^\"]*\"[^>\"]*)* onerror=", made)


def test_a_description_is_read_with_the_words_around_it() -> None:
    made = str(markdown(f"**設定**を開く。\n\n![締め日の欄](/media/{KEY})", pictures=OURS))
    assert words_of(made) == "設定を開く。 締め日の欄"


@pytest.mark.parametrize("size", [(1170, 2532), (10, 20_000), (2400, 3), (1, 1)])
def test_a_picture_keeps_its_shape_and_no_side_is_nothing(size: tuple[int, int]) -> None:
    made = str(markdown(f"![x](/media/{KEY})", pictures=Pictures((Sized(KEY, *size),))))
    width, height = (int(re.search(rf'{side}="(\d+)"', made).group(1)) for side in ("width", "height"))  # type: ignore[union-attr]
    assert 1 <= width <= WIDEST and 1 <= height <= HIGHEST


def test_japanese_emphasis_needs_no_spaces() -> None:
    assert "<strong>「締め」</strong>を" in markdown("**「締め」**を")
    assert "<strong>強調。</strong>続き" in markdown("**強調。**続き")


def test_spaces_typed_around_japanese_emphasis_close_up() -> None:
    assert "の<strong>締め日</strong>を" in markdown("設定の **締め日** を開く")
    assert "open <strong>Settings</strong> now" in markdown("open **Settings** now")
    assert "画面の <strong>Slack</strong> を" in markdown("画面の **Slack** を"), (
        "a word of another script keeps its own"
    )


def test_the_highest_heading_is_the_one_below_the_page() -> None:
    assert "<h2>a</h2>" in markdown("### a")
    assert "<h3>a</h3>" in markdown("# a", shift=2)


@pytest.mark.parametrize("deep", ["[", "*", "> ", "`", "[a](", "**a ", "- ", "_a*", "<", "![[", "**あ", "| "])
def test_deep_nesting_ends_in_time(deep: str) -> None:
    began = time.thread_time()
    markdown(deep * (50_000 // len(deep)))
    assert time.thread_time() - began < 3


def test_thousands_of_pictures_take_as_long_as_thousands_of_links() -> None:
    began = time.thread_time()
    markdown("[](a)" * 5_000)
    links = time.thread_time() - began
    began = time.thread_time()
    assert str(markdown("![](a)" * 5_000)).count("<a ") == 5_000
    assert time.thread_time() - began < 4 * links + 0.1


def test_it_is_cut_at_32_kb_between_characters() -> None:
    assert len(str(markdown("あ" * 20_000)).encode()) < LONGEST + 100


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_whatever_is_written_has_no_script(text: str) -> None:
    assert "<script" not in markdown(text).lower()
    assert len(excerpt(text, 20)) <= 20


SAID = [
    ("**締め日**を変えます。", "締め日を変えます。"),
    ("「設定」の **締め日** を開き、 **保存** を", "「設定」の締め日を開き、保存を"),
    ("use **the day** here", "use the day here"), ("値は **CSV** に", "値は CSV に"), ("- 一つ\n- 二つ", "一つ 二つ"),
    ("a<b & `x y`", "a<b & x y"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "words"), SAID)
def test_words_of_a_text_keep_together_what_emphasis_took_apart(written: str, words: str) -> None:
    assert words_of(str(markdown(written))) == words


@given(
    st.lists(
        st.tuples(st.text("締め日のを開くア。", min_size=1, max_size=4), st.sampled_from(["", "**", "*"])), max_size=6
    )
)
@settings(max_examples=100, deadline=None)
def test_closing_up_takes_spaces_and_nothing_else(parts: list[tuple[str, str]]) -> None:
    written = " ".join(f"{mark}{words}{mark}" for words, mark in parts)
    letters = "".join(words for words, _ in parts)
    assert re.sub(r"<[^>]*>|\s", "", str(markdown(written))) == letters
    assert words_of(str(markdown(written))).replace(" ", "") == letters
