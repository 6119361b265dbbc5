"""Business reviews that CSMs made for the regular meetings, with their words and next actions."""

from __future__ import annotations

from datetime import timedelta

from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from core.clock import local_day
from customers import health
from insights.reviews import making, periods

MADE = 20  # hours ago
LINE = (56, 49, 42, 35, 28, 21, 14, 7)  # days ago on which the companies of a review were scored, for its line
LAST = 1  # and all of them, so that each has others beside it


async def load(known: Known) -> None:
    cast, told = Cast(known), data("reviews.json")
    names = {one["event"]: one["name"]["ja"] for one in data("events.json")["catalogue"]}
    await health.recompute(list(known.accounts.values()), local_day() - timedelta(days=LAST))
    for ago in LINE:
        await health.recompute([known.accounts[one["account"]] for one in told], local_day() - timedelta(days=ago))
    for one in told:
        csm = await cast.be(one["by"])
        with at(hours_ago(MADE), csm):
            period = periods.chosen(one["period"], local_day())
            review = await making.build(known.accounts[one["account"]], period, language="ja")
            said = {name: one[name] for name in ("title", "summary", "achievements", "challenges")}
            words = making.Words(language="ja", **said)
            await making.say(review, words, review.revision)
            await making.choose(review, review.shown, names, set())
            for action in one["actions"]:
                owner = known.people[action["who"]] if action["who"] else 0
                due = local_day() + timedelta(days=action["days"])
                await making.add_action(review, action["title"], owner, action["side"], due)
    await cast.leave()
