"""A site's own confidence: learned by night, told to staff, used by the next search."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import days_ago
from core.errors import Refused
from core.principal import SYSTEM
from core.refs import Ref
from search import (
    changed_clicks,
    clicked_queries,
    find,
    record_click,
    record_outcome,
    record_query,
    reliability_of,
    set_bands,
    trust_of,
)  # fmt: skip
from search.confidence import PRIOR
from search.fitting import fit, log_loss, probabilities
from search.packing import pack, unpack, without
from search.reliability import auc, reliability
from search_samples import HELP, PUBLIC, article, index

SUBJECTS = ["請求書", "領収書", "見積書", "契約書", "納品書", "注文書", "申込書", "証明書", "同意書", "報告書"]
ENDS = ["がほしい", "の出し方", "を印刷したい", "はどこからダウンロードできますか", " PDF"]


def forms():
    return [
        article(
            20 + i, f"{name}を発行する", f"{name}は管理画面から発行します。", phrasings=[name + end for end in ENDS]
        )
        for i, name in enumerate(SUBJECTS)
    ]


async def test_a_site_learns_its_own_confidence_and_staff_see_how_far_to_trust_it(house, run_jobs):
    from search.jobs import retrain

    await index(*HELP)
    assert not (await trust_of("default")).is_own
    assert (await reliability_of("default")).samples == 0
    before = (await find("領収書を印刷", tokens=PUBLIC, brand="default")).confidence
    await index(*forms())
    await retrain.later(brand="default", key="retrain:default")
    await run_jobs()
    trust, seen = await trust_of("default"), await reliability_of("default")
    assert trust.is_own and trust.samples > 100 and trust.trained_at
    assert seen.auc > 0.9 and seen.calibration_error < 0.2
    assert sum(one.count for one in seen.bins) == seen.samples
    assert [point.answered for point in seen.curve] == sorted((p.answered for p in seen.curve), reverse=True)
    found = await find("領収書を印刷したい", tokens=PUBLIC, brand="default")
    assert found.band == "answer" and found.confidence > before
    assert (await find("明日の天気", tokens=PUBLIC, brand="default")).band == "none"
    await retrain(brand="nothing here")
    assert not (await trust_of("nothing here")).is_own


async def test_staff_choose_the_bands(house):
    await index(*HELP)
    sure = (await find("解約", tokens=PUBLIC, brand="default")).confidence
    assert 0.3 < sure < 0.999
    await set_bands(SYSTEM, "default", answer=sure + 0.0005, candidates=0.2)
    assert (await find("解約", tokens=PUBLIC, brand="default")).band == "candidates"
    await set_bands(SYSTEM, "default", answer=sure - 0.0005, candidates=0.2)
    assert (await find("解約", tokens=PUBLIC, brand="default")).band == "answer"
    assert (await trust_of("default")).answer == pytest.approx(sure - 0.0005)
    with pytest.raises(Refused):
        await set_bands(SYSTEM, "default", answer=0.3, candidates=0.5)


async def searched(text, ref, position=1, person=None, outcome=""):
    key = await record_query(await find(text, tokens=PUBLIC, lang="ja"), surface="help", person_id=person)
    if ref:
        await record_click(key, ref, position)
    if outcome:
        await record_outcome(key, outcome)


async def test_queries_that_end_on_an_article_are_learned_and_wrong_clicks_are_not(house):
    await index(*HELP)
    leave, invite = Ref("article", 4), Ref("article", 3)
    for person in (1, 2, 3):
        await searched("やめたい", leave, 2, person)
    for _ in range(6):
        await searched("退会したい", leave, person=1)
    await searched("サブスク停止", leave, person=1, outcome="solved")
    for person in (1, 2):
        await searched("招待できない", leave, person=person, outcome="not_solved")
        await searched("料金", leave, person=person)
    for person in range(3, 14):
        await searched("料金", invite, person=person)
    learned = await clicked_queries(leave, "ja")
    assert [one.text for one in learned] == ["やめたい", "サブスク停止"] or [one.text for one in learned] == [
        "サブスク停止",
        "やめたい",
    ]
    assert [one.text for one in await clicked_queries(invite)] == ["料金"]
    assert set(await changed_clicks(days_ago(1))) == {leave, invite}
    assert await changed_clicks(days_ago(-1)) == []

    texts = tuple(one.text for one in learned)
    await index(article(4, "解約の手続き", "解約は契約更新日の30日前までにお申し込みください。", clicked=texts))
    assert (await find("やめたい", tokens=PUBLIC)).hits[0].ref == leave


def test_what_is_left_out_of_a_row_was_never_there():
    said = [["請求", "書"], ["請求", "発行", "発行", "印刷"], ["本文", "請求"]]
    rest = [["請求", "書"], ["請求", "発行"], ["本文", "請求"]]
    assert without(pack(said, sound_of=str), 1, ["発行", "印刷", "知らない"]) == pack(rest, sound_of=str)
    assert unpack(without(pack(said), 1, ["発行", "印刷"])).lengths.tolist() == [2, 2, 2]


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=30))
def test_auc_is_the_share_of_pairs_in_the_right_order(raw):
    scores, right = np.array([s / 4 for s, _ in raw]), np.array([float(r) for _, r in raw])
    pairs = [
        (a, b) for a, r in zip(scores, right, strict=True) if r for b, q in zip(scores, right, strict=True) if not q
    ]
    expected = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / max(len(pairs), 1e-9)
    assert auc(scores, right) == pytest.approx(expected if pairs else 0)


def test_the_diagram_and_the_curve_say_what_was_promised_and_what_came():
    scores, right = np.array([0.05, 0.95, 0.95, 0.95]), np.array([0.0, 1.0, 1.0, 0.0])
    seen = reliability(scores, right, np.ones(4))
    assert [(one.low, one.promised, one.came, one.count) for one in seen.bins] == [
        (0, 0.05, 0, 1),
        (0.9, 0.95, 0.6667, 3),
    ]
    assert (seen.curve[0].answered, seen.curve[0].wrong) == (1, 0.5)
    assert (seen.curve[-1].answered, seen.curve[-1].wrong) == (0.75, 0.3333)
    assert seen.calibration_error == pytest.approx(0.05 / 4 + (0.95 - 2 / 3) * 3 / 4, abs=1e-3)


@given(st.integers(0, 1000), st.integers(30, 400), st.sampled_from([0.0, 0.5, 1.0]))
def test_the_fit_never_runs_away_from_a_prior_that_is_far_off(seed, n, share):
    chance = np.random.default_rng(seed)
    features = chance.random((n, len(PRIOR) - 1)) ** 2
    right = (features[:, 1] > share).astype(float)
    weights = fit(features, right, np.ones(n), PRIOR, 2.0)
    scores = probabilities(features, weights)
    assert max(map(abs, weights)) < 100
    odds = features @ np.array(PRIOR[1:]) + PRIOR[0]
    kept = np.clip(scores, 1e-9, 1 - 1e-9)
    assert log_loss(np.log(kept / (1 - kept)), right, np.ones(n)) <= log_loss(odds, right, np.ones(n)) + 1e-6
