import random
import threading
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from search.analysis import words
from search.grams import grams
from search.text import CHUNK, SUDACHI_LIMIT, chunks, clean, fold


def terms(text: str) -> list[str]:
    return [word.term for word in words(text)]


def test_wordings_that_mean_the_same_meet():
    assert terms("サーバの引越し") == terms("サーバーを引っ越し")
    assert terms("ﾛｸﾞｲﾝ") == terms("ログイン")
    assert terms("ＡＰＩ キー") == terms("api キー")


def test_particles_auxiliaries_symbols_and_stop_words_are_left_out():
    assert terms("パスワードを忘れてしまいました！？") == ["パスワード", "忘れる"]
    assert terms("How do I reset the passwords?") == ["reset", "password"]


def test_mixed_text_is_read_per_run_of_script_and_in_order():
    assert terms("Slackの通知をOFFにする") == ["slack", "通知", "off"]
    assert terms("料金は1,200円") == ["料金", "1200", "円"]
    assert terms("C++ と C#") == ["c++", "c#"]


def test_long_text_is_split_below_what_sudachi_takes():
    long = "設定を変更します。" * 20_000
    assert all(len(part.encode()) <= SUDACHI_LIMIT for _, part in chunks(long))
    assert len(words(long)) == 2 * 20_000
    assert CHUNK * 4 <= SUDACHI_LIMIT


@given(st.text())
def test_chunks_are_the_text(text):
    assert "".join(part for _, part in chunks(text, 7)) == text
    assert all(text[at : at + len(part)] == part for at, part in chunks(text, 7))


@given(st.text())
def test_folding_keeps_positions(text):
    assert len(fold(text)) == len(text)


@given(st.text(alphabet=st.characters()))
def test_any_text_is_analysed(text):
    for word in words(text):
        assert word.term
        assert "\n" not in word.term
    assert all(grams(text))
    clean(text).encode()


def test_many_threads_analyse_at_once_as_one_does():
    texts = ["パスワードを忘れた", "How to cancel my subscription", "請求書をダウンロードする", "APIの接続エラー"]
    expected = {text: terms(text) for text in texts}
    barrier = threading.Barrier(8)

    def work(seed: int) -> int:
        barrier.wait()
        chosen = random.Random(seed).choices(texts, k=250)
        return sum(terms(text) == expected[text] for text in chosen)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 8 * 250
