# ruff: noqa: E501 -- a story is read whole
"""Next actions of a review become tasks once; erasing a person takes what a review holds of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community_house import as_person
from core.clock import local_day
from core.database import rows
from core.errors import Conflict, Refused
from customers import merging, privacy, tasks
from customers.models import Person, Task
from factories import a_person, an_account, staff
from insights.models import BusinessReview, ReviewAction, ReviewLine
from insights.reviews import making
from insights.reviews.periods import Period
from review_parts import DAY, a_survey, answered, at

pytestmark = pytest.mark.anyio
R = "/staff/insights/reviews"


def days() -> Period:
    return Period.of(local_day() - 30 * DAY, local_day(), local_day() - 61 * DAY)


async def made(csm: Any, account: Any) -> BusinessReview:
    await as_person(csm)
    return await making.build(account.id, days(), language="ja")


async def test_next_actions_become_tasks_once(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account("青葉", csm_id=csm.id)
    person = await a_person("三輪", "さつき", account=account)
    review = await made(csm, account)
    await sign_in(csm)
    base = f"{R}/{review.id}"
    due = str(local_day() + timedelta(days=9))
    for title, owner, on in (("通知を設定する", f"ours:{csm.id}", due), ("試しに締める", f"theirs:{person.id}", ""),
                             ("拠点を決める", "theirs:0", due)):  # fmt: skip
        assert (await web.submit(f"{base}/actions", {"title": title, "owner": owner, "due_on": on})).status_code == 303
    page = (await web.get(base)).text
    assert "3件をやることにする" in page and page.count("三輪 さつき") == 2
    for _twice in range(2):
        assert (await web.submit(f"{base}/tasks")).status_code == 303
    found = {one.title: one for one in await Task.all()}
    assert set(found) == {"通知を設定する", "状況を確認する：試しに締める", "状況を確認する：拠点を決める"}
    assert found["通知を設定する"].owner_id == csm.id and str(found["通知を設定する"].due_on) == due
    assert found["状況を確認する：試しに締める"].person_id == person.id
    assert found["状況を確認する：拠点を決める"].owner_id == csm.id, "the CSM's to follow up"
    page = (await web.get(base)).text
    assert "件をやることにする" not in page and "すべてやることになっています" in page
    action = await ReviewAction.all().order_by("id").first()
    assert (await web.submit(f"{base}/actions/{action.id}", {"_method": "DELETE"})).status_code == 303
    assert (await web.submit(f"{base}/actions/{action.id}", {"_method": "DELETE"})).status_code == 404
    assert await Task.all().count() == 3, "tasks stay"


async def test_two_at_once_open_each_task_once(house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    review = await made(csm, account)
    for n in range(3):
        await making.add_action(review, f"その{n}", 0, "ours", None)
    done = await asyncio.gather(*(making.to_tasks(review) for _n in range(4)))
    assert sorted(done) == [0, 0, 0, 3] and await Task.all().count() == 3
    assert await ReviewAction.filter(task_id__gt=0).count() == 3


async def test_all_become_tasks_or_none(house: Any) -> None:
    """Somebody of the staff who does not see the account cannot own its task."""
    csm, other = await staff("csm"), await staff("csm", "別", "人")
    account = await an_account(csm_id=csm.id)
    review = await made(csm, account)
    await making.add_action(review, "できる", csm.id, "ours", None)
    await making.add_action(review, "できない", other.id, "ours", None)
    with pytest.raises(Refused):
        await making.to_tasks(review)
    assert await Task.all().count() == 0 and await ReviewAction.filter(task_id__isnull=True).count() == 2


@pytest.mark.parametrize("sent", [
    {"title": ""}, {"title": "x" * 201}, {"title": "x", "owner": "ours:999999"}, {"title": "x", "owner": "theirs:999999"},
    {"title": "x", "owner": "nobody:0"}, {"title": "x", "owner": "ours"}, {"title": "x", "owner": "ours:" + "9" * 24},
    {"title": "x", "due_on": "2020-01-01"}, {"title": "x", "due_on": "tomorrow"},
])  # fmt: skip
async def test_an_action_that_makes_no_sense_is_refused(web: Any, sign_in: Any, house: Any, sent: Any) -> None:
    csm = await staff("csm")
    review = await made(csm, await an_account(csm_id=csm.id))
    await sign_in(csm)
    answer = await web.submit(f"{R}/{review.id}/actions", sent)
    assert answer.status_code == 422 and await ReviewAction.all().count() == 0


async def test_neither_strangers_nor_our_own_customers_stand_in_for_staff(house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    theirs, stranger = await a_person(account=account), await a_person("別", "人")
    review = await made(csm, account)
    for owner, side in ((theirs.id, "ours"), (stranger.id, "theirs"), (csm.id, "theirs")):
        with pytest.raises(Refused):
            await making.add_action(review, "x", owner, side, None)


async def test_two_updates_at_once_make_one_version(house: Any) -> None:
    csm = await staff("csm")
    review = await made(csm, await an_account(csm_id=csm.id))
    done = await asyncio.gather(*(making.refresh(review) for _n in range(3)), return_exceptions=True)
    assert sorted(str(one) if one == 2 else type(one).__name__ for one in done) == ["2", "Conflict", "Conflict"]
    assert all(one == 2 or isinstance(one, Conflict) for one in done)
    assert (await BusinessReview.get()).version == 2


async def test_erasing_a_person_takes_their_words_and_name_from_what_was_kept(
    web: Any, sign_in: Any, house: Any
) -> None:
    csm, admin = await staff("csm"), await staff("admin")
    account = await an_account("青葉", csm_id=csm.id)
    person, colleague = await a_person("秘密", "太郎", account=account), await a_person("木村", "健", account=account)
    guide = await a_survey()
    await answered(guide, account, person, 3, at(local_day() - DAY), "秘密の不満")
    await answered(guide, account, colleague, 9, at(local_day() - DAY), "よい")
    await as_person(csm)
    await tasks.add(account.id, tasks.Wanted("秘密さんに電話する", local_day(), person_id=person.id))
    await tasks.add(account.id, tasks.Wanted("契約書を送る", local_day()))
    review = await made(csm, account)
    await making.add_action(review, "確認する", person.id, "theirs", None)
    await making.refresh(review)
    await sign_in(csm)
    ours = (await web.get(f"{R}/{review.id}/sheets?audience=internal")).text
    assert "秘密の不満" in ours and "秘密 太郎" in ours and "秘密さんに電話する" in ours
    await as_person(admin)
    handed = await privacy.export(person.id)
    assert [one["body"] for one in handed["business_review_line"]] == ["秘密の不満", "秘密さんに電話する"] * 2
    await privacy.erase(person.id, "本人の希望")
    for number in (1, 2):
        ours = (await web.get(f"{R}/{review.id}/sheets?audience=internal&version={number}")).text
        assert "秘密" not in ours and "よい" in ours and "契約書を送る" in ours and "確認する" in ours
    assert "秘密" not in (await web.get(f"{R}/{review.id}")).text
    for table in ("business_review_line", "business_review_version", "business_review_action"):
        assert "秘密" not in str([tuple(row) for row in await rows(f"SELECT * FROM {table}")]), table


async def test_who_was_erased_while_figures_were_gathered_is_not_kept(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    person = await a_person(account=account)
    await answered(await a_survey(), account, person, 3, at(local_day() - DAY), "消える声")
    gathered = making.gather

    async def slowly(*asked: Any) -> Any:
        found = await gathered(*asked)
        await Person.filter(id=person.id).update(state="erased")
        return found

    monkeypatch.setattr(making, "gather", slowly)
    await made(csm, account)
    assert await ReviewLine.all().count() == 0


async def test_words_follow_a_merged_person(house: Any) -> None:
    csm, admin = await staff("csm"), await staff("admin")
    account = await an_account(csm_id=csm.id)
    one, two = await a_person("同じ", "人", account=account), await a_person("同じ", "人", account=account)
    await answered(await a_survey(), account, two, 8, at(local_day() - DAY), "声")
    review = await made(csm, account)
    await making.add_action(review, "x", two.id, "theirs", None)
    await as_person(admin)
    await merging.merge("person", one.id, two.id)
    assert (await ReviewLine.get()).person_id == one.id and (await ReviewAction.get()).owner_id == one.id
