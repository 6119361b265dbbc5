# ruff: noqa: E501 -- a story is read whole
"""A business review shows what happened in its days, stays as it was shown, and gives away nothing it should not."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from community import actions as community
from community_house import a_board, as_person
from core.clock import local_day
from core.context import Here, enter
from core.models import AuditEntry
from core.principal import SYSTEM
from customers import goals, timeline
from customers.models import Account, Touchpoint
from customers.rules import FieldRule, HealthRule, set_rule
from factories import a_contract, a_person, an_account, staff
from insights.models import BusinessReview, ReviewLine, ReviewVersion
from insights.reviews import making
from insights.reviews.gathering import gather
from insights.reviews.periods import Period, chosen
from review_parts import DAY, a_survey, answered, asked, at, scored, used

pytestmark = pytest.mark.anyio
R = "/staff/insights/reviews"
FIRST, LAST = date(2024, 7, 1), date(2024, 9, 30)
QUARTER = Period.of(FIRST, LAST, date(2024, 4, 1))
HOSTILE = "</textarea><script>alert('x')</script>{{ 7*7 }}“>%s%(n)s\u202e"


async def made(csm: Any, account: Any, period: Period = QUARTER, **more: Any) -> BusinessReview:
    await as_person(csm)
    return await making.build(account.id, period, language="ja", **more)


async def text_of(web: Any, review: Any, query: str = "") -> str:
    answer = await web.get(f"{R}/{review.id}/sheets{query}")
    assert answer.status_code == 200, answer.text[:500]
    return re.sub(r"<[^>]+>", " ", answer.text.split("<main", 1)[1])


# Figures against what was done by hand ------------------------------------------------------------------------


async def test_use_counts_people_days_and_features_of_its_days_only(house: Any) -> None:
    await set_rule("health", HealthRule(core_features=("closed", "approved")))
    account, other = await an_account(), await an_account()
    await a_contract(account, seats=10, starts_on=FIRST - 400 * DAY)
    await a_contract(account, product="別", seats=4, starts_on=FIRST - 400 * DAY)
    await a_contract(account, seats=99, starts_on=FIRST - 400 * DAY, ended_on=LAST)
    await used(account, 1, FIRST, "closed", times=3)
    await used(account, 1, LAST, "closed", "approved")
    await used(account, 2, FIRST + DAY, "approved")
    await used(account, 3, FIRST - DAY, "closed")  # the last day of the time before
    await used(account, 4, date(2024, 4, 1), "other")
    await used(account, 5, date(2024, 3, 31), "closed")  # before both
    await used(account, 6, LAST + DAY, "closed")  # after
    await used(other, 7, FIRST, "closed")
    found = (await gather(account.id, QUARTER)).figures["use"]
    assert (found["people"], found["people_before"], found["seats"]) == (2, 2, 10)
    assert found["days"] == round(3 / 2 / (92 / 28), 1)
    assert sum(found["active"]) == 3 and found["active"][0] == 2 and found["active"][-1] == 1
    assert found["active_before"][0] == 1 and found["active_before"][-1] == 1
    assert found["ends"][-1] == str(LAST) and len(found["ends"]) == 13
    assert (
        found["features"]
        == [
            {"name": "closed", "people": 1, "people_before": 1, "times": 4, "times_before": 1},
            {"name": "approved", "people": 2, "people_before": 0, "times": 2, "times_before": 0},
        ][::-1]
    ), "those of most people first"


async def test_support_counts_each_thing_where_it_happened_in_tokyo(house: Any) -> None:
    """Midnight in Tokyo is 15:00 of the day before in UTC: the border is Tokyo's."""
    account, person = await an_account(), await a_person()
    monday = date(2024, 7, 8)
    await asked(account, at(FIRST, 0, 0))  # the very first moment
    await asked(account, at(FIRST - DAY, 23, 59))  # a minute before: the time before
    await asked(account, at(LAST, 23, 59))
    await asked(account, at(LAST + DAY, 0, 0))  # after
    await asked(account, at(monday, 10), first=at(monday, 10, 30), resolved=at(monday, 12), score=5, person=person)
    await asked(account, at(monday, 10, 1), first=at(monday, 12, 1), resolved=at(monday, 13), score=2, person=person)
    await asked(account, at(monday, 11), first=at(monday, 11, 40))
    await asked(await an_account(), at(monday))
    found = (await gather(account.id, QUARTER)).figures["support"]
    assert (found["begun"], found["begun_before"], found["resolved"], found["answered"]) == (5, 1, 2, 3)
    assert found["wait"] == 40 and found["wait_before"] is None
    assert (found["rated"], found["good"], found["rated_before"]) == (2, 1, 0)


async def test_surveys_give_nps_and_the_newest_words(house: Any) -> None:
    account, guide = await an_account(), await a_survey()
    people = [await a_person(account=account) for _n in range(5)]
    for n, score in enumerate((10, 9, 8, 6, 10)):
        await answered(guide, account, people[n], score, at(FIRST + n * DAY), "よい" if n in (0, 4) else "")
    await answered(guide, account, people[0], 0, at(FIRST - DAY))
    await answered(guide, await an_account(), people[1], 0, at(FIRST + DAY), "よその声")
    await asked(account, at(FIRST), resolved=at(FIRST, 12), score=1, comment="遅い", person=people[2])
    await asked(account, at(FIRST), resolved=at(FIRST, 13), score=1, comment="名乗らない人")
    got = await gather(account.id, QUARTER)
    found = got.figures["feedback"]
    assert (found["n"], found["score"], found["n_before"], found["score_before"]) == (5, 40, 1, -100)
    assert [(one["kind"], one["body"], one["person_id"]) for one in got.lines] == [
        ("nps", "よい", people[4].id),
        ("nps", "よい", people[0].id),
        ("csat", "遅い", people[2].id),
    ], "whoever cannot be erased is not quoted"


async def test_community_goals_health_and_contract(house: Any) -> None:
    today = local_day()
    period = Period.of(today - 30 * DAY, today, today - 61 * DAY)
    csm = await staff("csm", "白石", "ひより")
    account = await an_account(csm_id=csm.id)
    member, helper = await a_person(account=account), await a_person("木村", "健", account=account)
    board = await a_board()
    asker = await as_person(member)
    thread = await community.publish(
        asker, board.id, "締め日の変え方を知りたい", "どこで変えますか。", at=at(today - 3 * DAY)
    )
    await community.reply(await as_person(helper), thread.id, "設定の画面で変えられます。", at=at(today - 2 * DAY))
    outsider = await a_person("よそ", "人")
    theirs = await community.publish(
        await as_person(outsider), board.id, "ほかの会社の質問です", "教えてください。", at=at(today - 3 * DAY)
    )
    post = await community.reply(await as_person(helper), theirs.id, "こうすればできます。", at=at(today - DAY))
    await community.accept(await as_person(outsider), post.id)
    for n in range(3):
        await timeline.record(member.id, "help.read", account_id=account.id, at=at(today - n * DAY), key=f"r{n}")
    await as_person(csm)
    goal = await goals.agree(account.id, goals.Wanted("締めを早くする", due_on=today + 9 * DAY))
    await goals.say(goal, progress=100, state="reached", note="秘密のメモ")
    await a_contract(account, seats=3, amount=98_765, starts_on=today - 400 * DAY, renews_on=today + 60 * DAY)
    await scored(account, today - 40 * DAY, 50)
    figures = (await gather(account.id, period)).figures
    found = figures["community"]
    assert (found["posts"], found["writers"], found["asked"], found["solved"]) == (3, 2, 1, 0)
    assert (found["answers"], found["chosen"], found["read"], found["readers"]) == (2, 1, 3, 1)
    assert [(one["title"], one["state"], one["done"]) for one in figures["goals"]["goals"]] == [
        ("締めを早くする", "reached", 100)
    ]
    assert "秘密のメモ" not in str(figures)
    assert figures["health"]["score_before"] == 50 and figures["health"]["line"][-1][1] == figures["health"]["score"]
    assert figures["contract"]["contracts"][0]["amount"] == 98_765


def test_periods_end_where_they_should() -> None:
    today = date(2026, 11, 26)
    quarter = chosen("quarter", today)
    assert (quarter.first, quarter.last, quarter.before_first) == (
        date(2026, 7, 1),
        date(2026, 9, 30),
        date(2026, 4, 1),
    )
    assert chosen("quarter", date(2026, 1, 1)).first == date(2025, 10, 1)
    three = chosen("m3", today)
    assert (three.first, three.last, three.before_first) == (date(2026, 8, 27), today, date(2026, 5, 27))
    assert chosen("m3", date(2026, 5, 30)).first == date(2026, 2, 28), "a month without such a day ends earlier"
    own = chosen("custom", today, date(2026, 3, 1), date(2026, 3, 10))
    assert (own.before_first, own.before_last) == (date(2026, 2, 19), date(2026, 2, 28))
    for period in (quarter, three, own, chosen("m12", today), chosen("m6", today)):
        ends = period.points()
        assert ends == sorted(set(ends)) and ends[-1] == period.last and ends[0] >= period.first
        lengths = [(b - a).days for a, b in zip([period.first - DAY, *ends], ends, strict=False)]
        assert max(lengths) <= 2 * min(lengths), "no point is a stump beside the others"


# The pages ----------------------------------------------------------------------------------------------------


async def test_a_review_is_made_in_one_click_written_shown_and_updated(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account("青葉渡工業", csm_id=csm.id)
    await used(account, 1, LAST, "x")
    await sign_in(csm)
    assert f"{R}/of/{account.id}" in (await web.get(f"/staff/customers/{account.id}")).text
    assert "ワンクリック" in (await web.get(R)).text and "青葉渡工業" in (await web.get(f"{R}/companies")).text
    days = {"period": "custom", "first": str(FIRST), "last": str(LAST), "audience": "customer", "language": "ja"}
    sent = await web.submit(f"{R}/of/{account.id}", days)
    review = await BusinessReview.get()
    assert sent.status_code == 303 and sent.headers["location"] == f"{R}/{review.id}"
    assert "1人が利用しました" in await text_of(web, review)
    assert "1 person used the product" in await text_of(web, review, "?language=en")
    words = {
        "revision": 1,
        "title": "定例会",
        "language": "ja",
        "summary": "**順調**です",
        "achievements": "- 締め",
        "challenges": "",
    }
    preview = await web.submit(f"{R}/{review.id}/words", words | {"do": "preview"})
    assert "<strong>順調</strong>" in preview.text and (await BusinessReview.get()).summary == ""
    assert (await web.submit(f"{R}/{review.id}/words", words)).status_code == 303
    late = await web.submit(f"{R}/{review.id}/words", words | {"summary": "あとから"})
    assert late.status_code == 409 and "ほかの人が" in late.text and "あとから" in late.text and "順調" in late.text
    assert (await BusinessReview.get()).summary == "**順調**です"
    await used(account, 2, LAST, "x")
    assert "1人が利用しました" in await text_of(web, review), "what was shown stays"
    assert (await web.submit(f"{R}/{review.id}/versions")).status_code == 303
    shown = await text_of(web, review)
    assert "2人が利用しました" in shown and "順調" in shown
    assert "1人が利用しました" in await text_of(web, review, "?version=1")
    assert await ReviewVersion.all().count() == 2
    assert (
        "定例会" in (await web.get(R)).text
        and "レビューを作りました" in (await web.get(f"/staff/customers/{account.id}/timeline")).text
    )
    for wrong in ("?version=3", "?version=x", "?audience=nobody", "?language=fr", "?version=99999999999999999999"):
        assert (await web.get(f"{R}/{review.id}/sheets{wrong}")).status_code == 404, wrong
    assert (await web.submit(f"{R}/{review.id}", {"_method": "DELETE"})).status_code == 303
    assert await BusinessReview.all().count() == 0 and await ReviewVersion.all().count() == 0
    done = [one.action for one in await AuditEntry.filter(target_kind="business_review").order_by("id")]
    assert done == [f"business_review.{what}" for what in ("make", "write", "refresh", "drop")]


@pytest.mark.parametrize("days", [("", ""), ("2026-09-30", "2026-07-01"), ("2026-07-01", "2999-01-01"), ("x", "y"),
                                  ("2026-07-01", "2026-07-02"), ("2020-01-01", "2026-01-01")])  # fmt: skip
async def test_days_that_make_no_sense_are_said_beside_the_field(web: Any, sign_in: Any, house: Any, days: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    await sign_in(csm)
    sent = await web.submit(f"{R}/of/{account.id}", {"period": "custom", "first": days[0], "last": days[1]})
    assert sent.status_code == 422 and "ください" in sent.text and await BusinessReview.all().count() == 0


async def test_an_empty_account_gives_a_useful_page(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account("新しい会社", csm_id=csm.id)
    review = await made(csm, account)
    assert (await ReviewVersion.get()).figures == {}
    await sign_in(csm)
    desk = (await web.get(f"{R}/{review.id}")).text
    assert "この期間の数字がまだありません" in desk and "製品のイベントが届いていません" in desk
    shown = await text_of(web, review)
    assert "新しい会社" in shown and "まとめを書くか" in shown and "0人" not in shown and "前の期間：0" not in shown


async def test_hostile_words_are_words(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(HOSTILE, csm_id=csm.id)
    person = await a_person(HOSTILE[:60], "x", account=account)
    await set_rule("health", HealthRule(core_features=(HOSTILE,)))
    await a_contract(account, product=HOSTILE[:100], plan=HOSTILE[:100], seats=3, starts_on=FIRST - DAY)
    await used(account, person.id, LAST, HOSTILE)
    await answered(await a_survey(), account, person, 3, at(LAST), HOSTILE)
    await as_person(csm)
    await goals.agree(account.id, goals.Wanted(HOSTILE, HOSTILE))
    review = await made(csm, account, Period.of(FIRST, local_day(), FIRST - 90 * DAY))
    await making.add_action(review, HOSTILE, person.id, "theirs", None)
    await making.say(review, making.Words(HOSTILE[:100], "ja", HOSTILE, HOSTILE, HOSTILE), 1)
    await making.choose(review, review.shown, {HOSTILE: HOSTILE}, set())
    await sign_in(csm)
    for path in (R, f"{R}/of/{account.id}", f"{R}/{review.id}", f"{R}/{review.id}/sheets?audience=internal",
                 f"{R}/{review.id}/sheets?audience=customer&language=en", f"/staff/customers/{account.id}/timeline"):  # fmt: skip
        answer = await web.get(path)
        assert answer.status_code == 200 and "<script>alert" not in answer.text and "{{ 7*7 }}" in answer.text, path
    assert "alert(" in (await web.get(f"{R}/{review.id}/sheets?audience=internal")).text


# Who sees what ------------------------------------------------------------------------------------------------


async def test_the_customers_version_holds_what_was_chosen_and_no_more(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account("青葉", csm_id=csm.id)
    person = await a_person("三輪", "さつき", account=account)
    await a_contract(account, amount=98_765, seats=3, starts_on=FIRST - DAY)
    await scored(account, LAST, 66)
    await answered(await a_survey(), account, person, 3, at(LAST), "使いにくい")
    review = await made(csm, account)
    await sign_in(csm)
    ours, theirs = await text_of(web, review, "?audience=internal"), await text_of(web, review, "?audience=customer")
    for secret in ("使いにくい", "三輪 さつき", "98,765", "100点中66点"):
        assert secret in ours and secret not in theirs, secret
    ticked = {"internal": ["use"], "customer": ["quotes", "contract", "money", "nonsense"]}
    assert (await web.submit(f"{R}/{review.id}/sections", ticked)).status_code == 303
    ours, theirs = await text_of(web, review, "?audience=internal"), await text_of(web, review, "?audience=customer")
    assert "98,765" in theirs and "使いにくい" in theirs and "三輪" not in theirs, "their words without their name"
    assert "98,765" not in ours and "nonsense" not in str((await BusinessReview.get()).shown)
    assert await AuditEntry.filter(action="business_review.open").count() == 1, "once a day for each of the staff"


async def test_who_may_not_see_money_or_conversations_sees_none_and_decides_nothing(
    web: Any, sign_in: Any, house: Any
) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    await a_contract(account, amount=98_765, seats=3, starts_on=FIRST - DAY)
    review = await made(csm, account)
    await making.choose(
        review, {"internal": ["contract"], "customer": ["contract", "money"]}, {}, {"contract", "money"}
    )
    await set_rule("fields", FieldRule(hidden={"account.money": ("csm",)}))
    await sign_in(csm)
    for audience in ("internal", "customer"):
        assert "98,765" not in await text_of(web, review, f"?audience={audience}")
    assert "契約の金額" not in (await web.get(f"{R}/{review.id}")).text
    await web.submit(f"{R}/{review.id}/sections", {"internal": ["contract"], "customer": ["contract"]})
    assert "money" in (await BusinessReview.get()).shown["customer"], "what somebody else decided stays"
    await web.submit(f"{R}/{review.id}/sections", {"customer": ["money"]})
    assert (await BusinessReview.get()).shown == {"internal": [], "customer": ["money"]}


async def test_another_csm_an_editor_and_a_customer_see_nothing(web: Any, sign_in: Any, house: Any) -> None:
    csm, other, editor = await staff("csm"), await staff("csm", "別", "人"), await staff("editor", "記", "者")
    account = await an_account("ひみつ商事", csm_id=csm.id)
    customer = await a_person(account=account)
    await asked(account, at(LAST), person=customer)
    review = await made(csm, account)
    for who in (other, customer):
        await sign_in(who)
        for path in (
            f"{R}/{review.id}",
            f"{R}/{review.id}/sheets",
            f"{R}/of/{account.id}",
            f"{R}/{review.id}/deletion",
        ):
            assert (await web.get(path)).status_code in (403, 404), path
        for path in ("words", "sections", "versions", "actions", "tasks"):
            assert (await web.submit(f"{R}/{review.id}/{path}", {"title": "x", "revision": 1})).status_code in (
                403,
                404,
            )
        assert "ひみつ商事" not in (await web.get(R)).text
    await sign_in(editor)
    shown = await web.get(f"{R}/{review.id}/sheets?audience=internal")
    assert shown.status_code in (200, 404) and "件の会話" not in shown.text, (
        "no conversations without the right to them"
    )
    assert (await web.submit(f"{R}/{review.id}/words", {"title": "x", "revision": 1})).status_code == 403
    assert await ReviewVersion.all().count() == 1


async def test_a_merged_account_carries_its_reviews_over(web: Any, sign_in: Any, house: Any) -> None:
    from customers import merging

    csm, admin = await staff("csm"), await staff("admin")
    keep, lose = await an_account("残る", csm_id=csm.id), await an_account("移る", csm_id=csm.id)
    review = await made(csm, lose)
    await as_person(admin)
    log = await merging.merge("account", keep.id, lose.id)
    assert (await BusinessReview.get()).account_id == keep.id
    await sign_in(csm)
    assert "残る" in (await web.get(f"{R}/{review.id}")).text
    await as_person(admin)
    await merging.undo(log.id)
    assert (await BusinessReview.get()).account_id == lose.id
    await Account.filter(id=lose.id).delete()
    assert await ReviewVersion.all().count() == 0 and await ReviewLine.all().count() == 0


async def test_the_system_reads_the_same(house: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))
    account = await an_account()
    review = await making.build(account.id, QUARTER, language="en", for_customers=False)
    assert review.shown["customer"] == [] and review.made_by_id is None
    assert await Touchpoint.filter(account_id=account.id, kind="insights.review_made").count() == 1
