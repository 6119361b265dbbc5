"""The help centre's numbers are what a naive count of the rows gives."""

from __future__ import annotations

import random
from datetime import timedelta

from core.clock import as_of, now
from core.refs import Ref
from customers import timeline
from customers.models import Touchpoint
from factories import a_person, an_account, staff
from inbox.actions.receiving import Heard, receive
from insights.spans import chosen
from numbers_page import opened, per_cent, shown, tabled
from search.find import Found
from search.models import SearchQuery
from search.queries import record_click, record_outcome, record_query

DAY = timedelta(days=1)


async def searched(random, people, article: int, words: list[str]) -> None:
    """One search by somebody or nobody, some time in the last 60 days, with what may come of it."""
    total = random.choice([0, 1, 5])
    with as_of(now() - timedelta(days=random.uniform(0, 60))):
        found = Found(random.choice(words), [], total, 0.5, random.choice(["answer", "none"]), "ja", "default")
        person = random.choice([None, *people])
        key = await record_query(found, surface=random.choice(["help", "help", "suggest", "bot"]), person_id=person)
        if total and random.random() < 0.6:
            await record_click(key, Ref("article", article), 1)
            await record_outcome(key, random.choice(["solved", "not_solved"]))
        if person and random.random() < 0.5:
            await timeline.record(person, "help.read", about=Ref("article", article), key=f"read:{key}")
    if person and random.random() < 0.4:
        with as_of(now() - timedelta(days=random.uniform(0, 60))):
            await receive(
                Heard(channel="web", customer_key=f"person:{person}", person_id=person, body="教えて", at=now())
            )


async def test_the_page_says_what_a_recount_says(web, sign_in):
    chance = random.Random(7)
    people = [(await a_person(email=f"reader{n}@example.com")).id for n in range(4)]
    for _n in range(90):
        await searched(chance, people, 3, ["請求書", "=1+1", "有給 残り"])
    await sign_in(await staff("admin"))
    for period in ({"days": "28"}, {"days": "7"}, {"first": "2000-01-01", "last": "2099-01-01"}):
        span = chosen(period)
        asked = "&".join(f"{key}={value}" for key, value in period.items())
        within = [q for q in await SearchQuery.filter(surface="help") if span.begins <= q.created_at < span.ends]
        wrote = await Touchpoint.filter(kind="inbox.asked")

        def alone(person: int, at, wrote=wrote) -> bool:
            return not any(t.person_id == person and at <= t.at < at + DAY for t in wrote)

        settled = [q for q in within if q.person_id and q.created_at < now() - DAY]
        reads = [t for t in await Touchpoint.filter(kind="help.read") if span.begins <= t.at < span.ends]
        old = [t for t in reads if t.at < now() - DAY]
        deflected = [q for q in settled if alone(q.person_id, q.created_at)]
        calm = [t for t in old if alone(t.person_id, t.at)]
        wanted = {
            "searches": (len(within), str(len(within))),
            "found": (n := sum(q.results > 0 for q in within), per_cent(n, len(within))),
            "clicked": (n := sum(q.clicked_id is not None for q in within), per_cent(n, len(within))),
            "nothing": (n := sum(q.results == 0 for q in within), per_cent(n, len(within))),
            "deflected": (len(deflected), per_cent(len(deflected), len(settled))),
            "reads": (len(reads), str(len(reads))),
            "reads_deflected": (len(calm), per_cent(len(calm), len(old))),
        }
        said = await shown(web, "help", asked)
        assert {name: said[name] for name in wanted} == {name: words for name, (_n, words) in wanted.items()}, period
        for name, (count, _words) in wanted.items():
            assert len(await opened(web, "help", name, asked)) == count, (name, period)
        top = await tabled(web, "help", "top", asked)
        assert sum(int(list(row.values())[1]) for row in top) == len(within)
        assert not any(list(row.values())[0].startswith("=") for row in top), "no cell is a formula"


async def test_feedback_counts_the_last_answer_of_everybody(web, sign_in, house):
    from helpcenter.models import Article, ArticleFeedback

    article = await Article.create(state="published")
    for n, (helpful, days) in enumerate([(True, 1), (True, 5), (False, 10), (True, 40), (False, 41), (False, 42)]):
        moment = now() - timedelta(days=days)
        await ArticleFeedback.create(article_id=article.id, visitor=str(n), is_helpful=helpful, created_at=moment,
                                     updated_at=moment)  # fmt: skip
    await sign_in(await staff("editor"))
    said = await shown(web, "help")
    assert (said["helped"], said["unhelped"]) == ("67", "33")
    assert len(await opened(web, "help", "helped")) == 2
    page = (await web.get("/staff/insights/help")).text
    assert "前の期間：33 %（+34）" in page, "compared with the period before"


async def test_a_csm_counts_what_their_own_customers_read(web, sign_in):
    csm = await staff("csm", email="csm@example.com")
    mine, theirs = await an_account(csm_id=csm.id), await an_account()
    for n, account in enumerate((mine, theirs, theirs)):
        person = await a_person(account=account)
        await timeline.record(person.id, "help.read", about=Ref("article", 1), key=f"read:{n}")
    await sign_in(csm)
    assert (await shown(web, "help"))["reads"] == "1"
    assert len(await opened(web, "help", "reads")) == 1
    await sign_in(await staff("manager"))
    assert (await shown(web, "help"))["reads"] == "3"


async def test_only_staff_who_write_articles_see_it(web, sign_in):
    assert (await web.get("/staff/insights/help")).status_code == 303
    for role, status in (("agent", 403), ("csm", 200), ("editor", 200)):
        await sign_in(await staff(role, email=f"{role}@example.com"))
        assert (await web.get("/staff/insights/help")).status_code == status, role
        assert (await web.get("/staff/insights/help/rows/searches")).status_code == status, role
    assert (await web.get("/staff/insights/conversations")).status_code == 403, "an editor answers nobody"
    assert (await web.get("/staff/insights/nothing")).status_code == 404
    assert (await web.get("/staff/insights/help/rows/nobody")).status_code == 404
    assert (await web.get("/staff/insights/help?format=nothing.csv")).status_code == 404
