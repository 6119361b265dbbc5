"""A picture of a newsletter: sent on its page, named by the body, open to a mail program that has no session."""

from __future__ import annotations

import html
import re

import pytest

from campaigns import actions, rollout
from campaigns.compose import Draft
from campaigns.pictures import add_picture, pictures_of
from campaigns_parts import MJML, SUBJECT, a_campaign, a_reader, be
from core.database import rows
from drawings import a_picture, opened
from factories import staff


@pytest.fixture
async def csm(house, brand, sign_in):
    person = await staff("admin")
    await sign_in(person)
    be(person)
    return person


async def test_from_the_page_into_the_mail(house, smtp, csm, web, run_jobs):
    tester = await a_reader(50)
    campaign = await a_campaign([await a_reader(1)])
    base = f"/staff/campaigns/{campaign.id}"
    assert "まだ画像はありません" in (await web.get(f"{base}/pictures")).text
    files = [("pictures", ("年末.png", a_picture(size=(1600, 800)), "image/png")),
             ("pictures", ("人.jpg", a_picture("JPEG"), "image/jpeg"))]  # fmt: skip
    assert (await web.submit(f"{base}/pictures", files=files)).status_code == 303
    page = (await web.get(f"{base}/pictures")).text
    lines = [html.unescape(one) for one in re.findall(r'<code[^>]*id="markup-\d+">([^<]*)</code>', page)]
    assert len(lines) == 2 and 'width="550px"' in lines[0] and 'width="40px"' in lines[1]
    address = re.search(rf'src="{re.escape(house.url)}(/media/small/[^"]+)"', lines[0])[1]

    body = MJML.replace("<mj-button", lines[0].replace('alt=""', 'alt="締めの予定"') + "<mj-button", 1)
    be(csm)
    await actions.keep_content(await actions.find(campaign.id), Draft(SUBJECT, body, "準備"))
    await rollout.start_pilot(await actions.find(campaign.id), "社内", [tester.id])
    await run_jobs()
    shown = smtp.messages[0].parsed.get_body(("html",)).get_content()
    assert f'src="{house.url}{address}"' in shown and "締めの予定" in shown
    answer = await web.another().get(address)
    assert answer.headers["cache-control"].startswith("public") and opened(answer.content).size == (1080, 540)
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_what_is_no_picture_is_said_and_what_is_scheduled_takes_none(house, csm, web, sign_in):
    campaign = await a_campaign([await a_reader(1)])
    base = f"/staff/campaigns/{campaign.id}"
    svg = {"pictures": ("x.svg", b"<svg/>", "image/svg+xml")}
    refused = await web.submit(f"{base}/pictures", files=svg)
    assert refused.status_code == 422 and "PNG、JPEG、GIF、WebPのどれか" in refused.text
    assert (await web.submit(f"{base}/pictures", {})).status_code == 422
    await campaign.filter(id=campaign.id).update(state="scheduled")
    late = await web.submit(f"{base}/pictures", files={"pictures": ("a.png", a_picture(), "image/png")})
    assert late.status_code == 422 and await rows("SELECT 1 FROM media") == []
    member = await sign_in(await a_reader(2), web.another())
    asked = await member.submit(f"{base}/pictures", files={"pictures": ("a.png", a_picture(), "image/png")})
    assert asked.status_code == 403


async def test_each_campaign_has_its_own(house, csm):
    first, second = await a_campaign([await a_reader(1)]), await a_campaign([await a_reader(2)])
    await add_picture(first, a_picture(), "a.png")
    assert [len(await pictures_of(one)) for one in (first, second)] == [1, 0]
