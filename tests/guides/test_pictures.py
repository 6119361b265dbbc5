"""A picture in a guide: sent with its step, for all once the guide is out, drawn in a page that allows nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from browser import axe_violations, open_browser, open_page, screenshot, served
from core.pictures import send
from drawings import a_picture
from factories import staff
from guides import contents, linting, rollout, script
from guides.models import Guide
from guides_host_page import HostPage, snippet
from guides_parts import Page, a_product, a_user, an_author, everybody, live, token, written

SEEN = "document.querySelector('engawa-guides').shadowRoot"
DARK = f"""() => {{
  const canvas = {SEEN}.querySelector('canvas');
  return canvas && [...canvas.getContext('2d').getImageData(9, 9, 1, 1).data].join(' ') === '42 75 141 255';
}}"""


async def test_a_picture_is_kept_with_its_step_shown_and_taken_away(web: Any, sign_in: Any) -> None:
    await an_author()
    desk, guest = await sign_in(await staff("csm"), web.another()), web.another()
    guide = await written("modal", steps=[{"text": "15日までに締めてください。"}], segment_id=await everybody())
    base = f"/staff/guides/{guide.id}"
    fields = {"title": "締め日が近づいています", "text": "15日までに締めてください。"}

    svg = {"picture": ("x.svg", b"<svg/>", "image/svg+xml")}
    refused = await desk.submit(f"{base}/content?step=1&lang=ja", fields, files=svg)
    assert refused.status_code == 422 and "PNG、JPEG、GIF、WebPのどれか" in refused.text
    sent = {"picture": ("締め.png", a_picture(size=(1600, 1000)), "image/png")}
    assert (await desk.submit(f"{base}/content?step=1&lang=ja", fields, files=sent)).status_code == 303
    guide = await Guide.get(id=guide.id)
    key = guide.steps[0]["picture"]["key"]
    assert "画像の説明がありません" in (await desk.get(f"{base}/content")).text
    assert "warn" in [one.tone for one in linting.remarks(guide)]

    # Words change without the picture; it is the same in every language.
    assert (await desk.submit(f"{base}/content?step=1&lang=ja", fields | {"alt": "締めの画面"})).status_code == 303
    await desk.submit(f"{base}/content?step=1&lang=en", {"title": "The closing day is near", "alt": "The page"})
    guide = await Guide.get(id=guide.id)
    shown = [contents.body_of(guide, one)["steps"][0] for one in ("ja", "en")]
    assert [one["alt"] for one in shown] == ["締めの画面", "The page"]
    assert [one["picture"] for one in shown] == [{"src": f"/media/small/{key}", "width": 420, "height": 262}] * 2
    assert [(await one.get(f"/media/{key}")).status_code for one in (desk, guest)] == [200, 404]

    before = contents.revision_of(guide)
    await desk.submit(f"{base}/content?step=1&lang=ja", fields | {"without_picture": "on"})
    guide = await Guide.get(id=guide.id)
    assert "picture" not in guide.steps[0] and contents.revision_of(guide) != before
    assert [(await one.get(f"/media/{key}")).status_code for one in (desk, guest)] == [200, 404]


async def test_what_is_out_is_for_everybody_also_on_other_sites(web: Any) -> None:
    await an_author()
    made = await a_product()
    await a_user()
    kept = await send(a_picture(), "a.png")
    guide = await live("banner", steps=[{"picture": kept.key, "alt": "締めの画面"}])
    page = Page(web, made)
    found = (await page.post("session")).json()["guides"]
    body = (await web.get(f"/w/content/{found[0][1]}")).json()
    answer = await web.another().get(body["steps"][0]["picture"]["src"])
    assert answer.status_code == 200
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    # Browsers that were given a document still draw it when the guide is paused.
    await an_author()
    await rollout.pause(guide)
    assert (await web.another().get(f"/media/{kept.key}")).status_code == 200


async def test_a_picture_of_another_text_is_refused(web: Any) -> None:
    await an_author()
    kept = await send(a_picture(), "a.png")
    await written("modal", steps=[{"picture": kept.key}])
    with pytest.raises(Exception, match="ファイルを選んで"):
        await written("modal", "別のガイド", steps=[{"picture": kept.key}])
    with pytest.raises(Exception, match="画像は入りません"):
        await written("survey", steps=[{"picture": (await send(a_picture(), "a.png")).key}])


@pytest.fixture
async def stage(web: Any) -> AsyncIterator[Any]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(served(web.application))
        host = HostPage(base)
        site = await stack.enter_async_context(served(host))
        await an_author()
        made = await a_product(site)
        await a_user()
        host.tag = snippet(base, made.key, token(made))
        yield site, await stack.enter_async_context(open_browser())


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
async def test_it_is_drawn_where_the_page_allows_no_pictures(house: Any, stage: Any, width: int) -> None:
    if house.engine != "sqlite":
        pytest.skip("faces do not depend on the database")
    site, browser = stage
    kept = await send(a_picture(size=(1600, 900)), "a.png")
    await live(
        "modal", "締め日が近づいています", steps=[{"text": "15日まで。", "picture": kept.key, "alt": "締めの画面"}]
    )
    async with open_page(browser, width=width) as page:
        await page.goto(site)
        await page.wait_for_selector("engawa-guides canvas")
        for _ in range(100):
            if await page.evaluate(DARK):
                break
            await page.wait_for_timeout(30)
        assert await page.evaluate(DARK)
        assert await page.evaluate(f"{SEEN}.querySelector('canvas').ariaLabel") == "締めの画面"
        assert await page.evaluate("seen.shift") == 0 and await page.evaluate("seen.broken") == []
        assert await axe_violations(page) == []
        await screenshot(page, f"guide-picture-{width}", whole=False)
    assert len(script.current().zipped) <= 8_192


@pytest.mark.browser
async def test_its_description_stands_there_when_it_does_not_come(house: Any, stage: Any) -> None:
    if house.engine != "sqlite":
        pytest.skip("faces do not depend on the database")
    site, browser = stage
    kept = await send(a_picture(), "a.png")
    await live("banner", steps=[{"picture": kept.key, "alt": "締めの画面"}])
    async with open_page(browser, width=390) as page:
        await page.route("**/media/**", lambda route: route.fulfill(status=404))
        await page.goto(site)
        await page.wait_for_selector("engawa-guides p:has-text('締めの画面')")
        assert await page.evaluate("seen.broken") == []
