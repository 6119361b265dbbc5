"""The score against what happened: AUC by its definition, and a plain sentence when counting sign-ins does as well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import local_day, now
from customers.calibration import AHEAD, auc, calibration
from customers.models import Account, Contract, HealthSnapshot
from customers.tracking import Tracked, track_many
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=12)


@given(SCORES, SCORES)
def test_auc_is_the_share_of_pairs_in_the_right_order(renewed: list[int], ended: list[int]) -> None:
    pairs = [(a > b) + (a == b) / 2 for a in renewed for b in ended]
    assert auc(renewed, ended) == pytest.approx(sum(pairs) / len(pairs))
    assert auc([], ended) is None


async def decided(score: int, is_renewed: bool, logins: int) -> Account:
    """A contract that came to its day 10 days ago, with a score and sign-ins more than 30 days before."""
    account, day = await an_account(), local_day() - timedelta(days=10)
    person = await a_person(account=account)
    await Contract.create(account_id=account.id, product="x", source="t", created_at=now(), updated_at=now(),
                          starts_on=day.replace(year=day.year - 1), ended_on=None if is_renewed else day)  # fmt: skip
    seen = day - timedelta(days=AHEAD + 2)
    await HealthSnapshot.create(account_id=account.id, day=seen, score=score, coverage=80)
    await HealthSnapshot.create(account_id=account.id, day=day, score=0 if is_renewed else 100, coverage=80)
    at = now() - timedelta(days=(local_day() - seen).days)
    await track_many([Tracked(name="signed_in", person_id=person.id, at=at) for _ in range(logins)])
    return account


async def test_the_score_is_judged_by_renewals_and_says_so(web: Any, house: Any, sign_in: Any) -> None:
    assert (await calibration()).auc is None
    for n in range(12):
        await decided(80 - n, True, logins=n % 3)
        await decided(60 - n if n else 75, False, logins=n % 3)
    found = await calibration()
    assert (found.decisions, found.renewed, found.auc_of_logins) == (24, 12, 0.5)
    assert found.auc == pytest.approx(1 - 6.5 / 144)  # the one ended with 75 stands above or level with 6.5 renewed
    assert found.bands == [("good", 5, 1.0), ("watch", 17, pytest.approx(7 / 17)), ("risk", 2, 0.0)]
    await sign_in(await staff("admin"))
    web.cookies.set("language", "en", domain="127.0.0.1")
    page = (await web.get("/staff/customers/rules")).text
    assert "better than the number of sign-ins" in page
    await HealthSnapshot.all().update(score=50)
    page = (await web.get("/staff/customers/rules")).text
    assert "no better than the number of sign-ins" in page
