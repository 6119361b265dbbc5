"""Every page of every room, as everybody who may see it: no axe violation, no sideways scroll, no missing word.

Over the demo's company, in both languages, at 1280 and 390 px, colours also in the dark. A page that nobody reaches by
links fails: furnish what leads to it, or name it in NO_PAGE.
"""

from __future__ import annotations

import time

import pytest

from access.sessions import cookie_name, open_session
from browser import open_browser, served
from core.web import routes_of
from customers.models import Person
from journeys.crawling import NOT_PAGES, Crawl, untranslated
from journeys.furnishing import furnish

# Answers that are no pages of their own, or only at the end of something that is asked for elsewhere.
NO_PAGE = {
    "/community/similar", "/help/suggest", "/help/go/{key}/{position}", "/contact/live", "/staff/inbox/live",
    "/community/{thread_id}/unread", "/notices/{notice_id}", "/staff/campaigns/{campaign_id}/preview",
    "/staff/campaigns/{campaign_id}/preview/line",
    "/staff/campaigns/{campaign_id}", "/staff/customers/import/{batch_id}/progress", "/welcome", "/{rest}",
    "/community/posts/{post_id}", "/help/pick/{position}", "/staff/guides/{guide_id}/preview",
    "/staff/articles/tuning/preview", "/contact/pictures/{key}", "/contact/return/{sealed}",
    "/staff/guides/{guide_id}", "/staff/insights",  # they lead on to their first part
    "/staff/campaigns/ways/{run_id}",  # only from a task of a journey, and leads on to the person's way
    "/n/{token}/stop", "/n/{token}/{notice_id}",  # only from a mail: tests/customers/test_noticing_browser.py looks
    # Only with a session that waits for its code, one that grew old, or a token of the product: tests/access looks.
    "/sign-in/second-factor", "/sign-in/again", "/sign-on/{key}", "/sign-in/with/{slug}/back",
}  # fmt: skip
# Two workers walk at once: each holds its own pages, and reads the others only for their links.
PARTS = {"desk": ("/staff/customers", "/staff/settings", "/staff/campaigns"), "rest": ("",)}


def part_of(template: str) -> str:
    return next(name for name, beginnings in PARTS.items() if template.startswith(beginnings))


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.parametrize("part", PARTS)
async def test_every_page_holds(house, web, part):
    began = time.monotonic()
    asked = await furnish()
    async with served(web.application) as url, open_browser() as browser:
        templates = sorted({path for method, path, _ in routes_of(web.application) if method == "GET"})
        crawl = Crawl(browser, url, templates, lambda template: part_of(template) == part)
        with untranslated("ja") as missing:
            for who, start in asked.items():
                await crawl.walk(who, await cookies_of(who), ["/", *start])
    left = {one for one in templates if not crawl.seen[one]} - NO_PAGE
    print(f"{part}: {crawl.pages} pages of {len(crawl.seen)} addresses, {crawl.looks} looks, {crawl.axes} runs of axe,"
          f" {time.monotonic() - began:.0f} s")  # fmt: skip
    assert crawl.wrong == [], "\n".join(crawl.wrong)
    assert missing == set(), "sentences without a Japanese translation"
    unreached = sorted(one for one in left if not NOT_PAGES.search(one))
    assert unreached == [], "no link leads there: furnish what does, or name them in NO_PAGE"


async def cookies_of(who: str) -> dict[str, str]:
    if who == "visitor":
        return {}
    return {cookie_name(): await open_session((await Person.get(email=who)).id)}
