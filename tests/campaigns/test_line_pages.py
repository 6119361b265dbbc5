"""A campaign on LINE through the pages: what staff do, and what a reader opens."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from campaigns.models import Campaign, Delivery, Revision, TrackedLink
from campaigns_parts import LINE_TEXT, MJML, SUBJECT, a_reader, a_segment, on_line
from core.models import Brand
from customers import consent
from customers.models import ConsentProof
from factories import staff
from wires import *  # noqa: F403


@pytest.fixture
async def csm(house, brand, sign_in):
    person = await staff("admin")
    await sign_in(person)
    return person


TEXT = {"line1_kind": "text", "line1_text": LINE_TEXT}
CARD = {"line2_kind": "card", "line2_title": "年末の締め", "line2_text": "準備はこちらです。", "line2_label1": "見る",
        "line2_target1": "/help/017"}  # fmt: skip


async def opened(web, channels="line"):
    made = await web.submit("/staff/campaigns/new", {"name": "年末の締め", "topic": "usage", "kind": "announcement",
                                                     "channels": channels})  # fmt: skip
    assert made.status_code == 303, made.text
    return made.headers["location"]


async def test_from_the_first_page_to_the_talk_and_the_report(house, csm, line, line_channel, web, run_jobs):
    people, tester = [await a_reader(n) for n in (1, 2)], await a_reader(50)
    users = [await on_line(line, one) for one in (*people, tester)]
    silent = await a_reader(3)
    at = await opened(web)
    assert at.endswith("/content/line")
    base = at.removesuffix("/content/line")
    assert "配信停止" in (await web.get(at)).text, "the starter says how to stop"
    assert (await web.get(f"{base}/content")).headers["location"] == at
    saved = await web.submit(at, TEXT | CARD)
    assert saved.status_code == 303, saved.text
    segment = await a_segment([*people, silent])
    kept = await web.submit(f"{base}/recipients", {
        "name": "年末の締め", "topic": "usage", "segment_id": str(segment.id), "tracking": "aggregate",
        "when_uncertain": "leave"})  # fmt: skip
    assert kept.status_code == 303, kept.text
    assert "LINEと連携していない" in (await web.get(f"{base}/recipients")).text
    page = (await web.get(f"{at}?person={people[0].id}")).text
    assert f"/preview/line?person={people[0].id}" in page
    talk = await web.get(f"{base}/preview/line?person={people[0].id}")
    assert "田辺1さん、株式会社つきみ計算舎です。" in talk.text and "準備はこちらです。" in talk.text
    assert "img-src https:" in talk.headers["content-security-policy"]
    assert (await web.submit(f"{base}/checks")).status_code == 303
    assert "今月の配信数" in (await web.get(f"{base}/checks")).text
    assert (await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": tester.email})).status_code == 303
    await run_jobs()
    assert len(line.sent_to(users[2])) == 2
    assert (await web.submit(f"{base}/verdict", {"passed": "yes", "note": "よい"})).status_code == 303
    assert (await web.submit(f"{base}/schedule", {"at": "now"})).status_code == 303
    await run_jobs()
    assert len(line.sent_to(users[0])) == 2 and line.refused == []
    report = (await web.get(f"{base}/report")).text
    assert "LINEが受け付けました" in report and "LINEと連携していない" in report
    assert re.search(r'report\?channel=line">LINE</a></th><td class="num">2</td><td class="num">1</td>', report)
    assert "田辺1" not in (await web.get(f"{base}/report?channel=email")).text
    csv = (await web.get(f"{base}/report?format=csv")).text
    assert "チャネル" in csv and csv.count("LINE,") >= 3
    assert "「年末の締め」をLINEで受け取りました" in (await web.get(f"/staff/customers/people/{people[0].id}")).text
    calendar = await web.get("/staff/customers/calendar")
    assert calendar.status_code == 200 and "年末の締め" in calendar.text and "LINE" in calendar.text


async def test_both_channels_have_a_page_each_and_one_verdict(house, smtp, csm, line, line_channel, web, run_jobs):
    reader, tester = await a_reader(1), await a_reader(50)
    await on_line(line, tester)
    at = await opened(web, "line_first")
    base = at.removesuffix("/content/line")
    await web.submit(at, TEXT)
    mail = await web.submit(f"{base}/content", {"subject": SUBJECT, "mjml": MJML, "preheader": "", "text": ""})
    assert mail.status_code == 303, mail.text
    kept = await Revision.get(id=(await Campaign.get()).revision_id)
    assert (
        kept.line[0]["text"].startswith("{{ person.family_name }}さん") and kept.html and kept.channels == "line_first"
    )
    for part in ("content", "content/line"):
        page = (await web.get(f"{base}/{part}")).text
        assert f'href="{base}/content/line"' in page and "LINEの友だちにはLINE" in page
    segment = await a_segment([reader])
    await web.submit(f"{base}/recipients", {"name": "年末の締め", "topic": "usage", "segment_id": str(segment.id),
                                            "tracking": "aggregate", "when_uncertain": "leave"})  # fmt: skip
    await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": tester.email})
    await run_jobs()
    await web.submit(f"{base}/verdict", {"passed": "yes", "note": "よい"})
    changed = await web.submit(f"{base}/channels", {"channels": "email"})
    assert changed.headers["location"] == f"{base}/content"
    refused = await web.submit(f"{base}/schedule", {"at": "now"})
    assert refused.status_code == 422
    await web.submit(f"{base}/channels", {"channels": "line_first"})
    assert (await web.submit(f"{base}/schedule", {"at": "now"})).status_code == 303
    assert (await web.submit(f"{base}/channels", {"channels": "line"})).status_code == 409
    assert (await web.submit(at, TEXT)).status_code in (409, 422)
    await run_jobs()
    assert len(smtp.mails_to("reader1@example.com")) == 1


async def test_mistakes_stand_at_their_fields_and_nothing_is_kept(house, csm, line_channel, web):
    at = await opened(web)
    wrong = await web.submit(at, {"line1_kind": "text", "line1_text": "{{ person.nmae }}", "line2_kind": "card",
                                  "line2_label1": "見る", "line2_target1": "javascript:1",
                                  "line2_picture": "http://x.test/a.png"})  # fmt: skip
    assert wrong.status_code == 422
    for field in ("line1_text", "line2_title", "line2_picture", "line2_target1"):
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', wrong.text), field
    assert "name ですか" in wrong.text or "name" in wrong.text
    assert await Revision.all().count() == 0
    assert (await web.submit(at, {"line1_kind": ""})).status_code == 422
    assert (await web.submit(at.replace("/content/line", "/channels"), {"channels": "fax"})).status_code >= 400


def a_picture(kind: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (200, 130), "#2b4a8b").save(held, kind)
    return held.getvalue()


async def test_an_uploaded_picture_is_cleaned_public_and_of_a_kind_that_line_shows(house, csm, line_channel, web):
    at = await opened(web)
    page = await web.get(at)
    token = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)[1]
    fields = TEXT | CARD | {"_csrf_token": token}
    sent = await web.post(at, data=fields, files={"line2_file": ("a.jpg", a_picture("JPEG"), "image/jpeg")})
    assert sent.status_code == 303, sent.text
    kept = (await Revision.get()).line[1]["picture"]
    assert re.fullmatch(r"/media/[\w-]+\.jpg", kept)
    web.cookies.clear()
    assert (await web.get(kept)).headers["content-type"] == "image/jpeg", "LINE fetches it without a key"


@pytest.mark.parametrize(("name", "data"), [("a.webp", a_picture("WEBP")), ("a.svg", b"<svg/>"), ("a.jpg", b"no")])
async def test_other_pictures_are_refused_at_their_field(house, csm, line_channel, web, name, data):
    at = await opened(web)
    token = re.search(r'name="_csrf_token" value="([^"]+)"', (await web.get(at)).text)[1]
    sent = await web.post(
        at, data=TEXT | CARD | {"_csrf_token": token}, files={"line2_file": (name, data, "image/jpeg")}
    )
    assert sent.status_code == 422
    assert 'id="f-line2_file-error"' in sent.text or "aria-invalid" in sent.text
    assert await Revision.all().count() == 0


async def test_the_link_in_a_message_stops_this_topic_on_line_and_takes_it_back(house, csm, line, line_channel, web,
                                                                                run_jobs):  # fmt: skip
    reader, tester = await a_reader(1), await a_reader(50)
    await on_line(line, reader)
    await on_line(line, tester)
    at = await opened(web)
    base = at.removesuffix("/content/line")
    await web.submit(at, {"line1_kind": "text", "line1_text": "{{ sender.name }} {{ unsubscribe_url }}"})
    segment = await a_segment([reader])
    await web.submit(f"{base}/recipients", {"name": "年末の締め", "topic": "usage", "segment_id": str(segment.id),
                                            "tracking": "aggregate", "when_uncertain": "leave"})  # fmt: skip
    await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": tester.email})
    await run_jobs()
    token = (await Delivery.get()).token
    web.cookies.clear()
    asked = await web.get(f"/u/{token}")
    assert "LINEでの配信を止める" in asked.text
    assert (await web.post(f"/u/{token}")).status_code == 303
    assert await consent.state_of(tester.id, "usage", "line") == "refused"
    assert await consent.state_of(tester.id, "usage", "email") == "given"
    assert "LINEでの配信を止めました" in (await web.get(f"/u/{token}")).text
    assert (await web.submit(f"/u/{token}/again")).status_code == 303
    assert await consent.state_of(tester.id, "usage", "line") == "given"
    assert await ConsentProof.filter(person_id=tester.id, channel="line").count() == 3


async def test_a_member_chooses_line_for_each_topic(house, brand, line, line_channel, web, sign_in):
    reader = await a_reader(1)
    await on_line(line, reader, says=None)
    await sign_in(reader)
    page = (await web.get("/me/contact")).text
    assert 'value="usage:line"' in page and 'value="tracking:line"' in page
    await web.submit("/me/contact", {"wants": ["usage:email", "usage:line"]})
    assert await consent.state_of(reader.id, "usage", "line") == "given"


async def test_who_only_reads_sees_the_page_and_changes_nothing(house, csm, line_channel, web, sign_in):
    at = await opened(web)
    await web.submit(at, TEXT)
    reader = await staff("agent")
    await sign_in(reader)
    assert (await web.submit(at, TEXT)).status_code == 403
    assert (await web.submit(at.replace("/content/line", "/channels"), {"channels": "email"})).status_code == 403


async def test_a_campaign_by_mail_is_as_it_was(house, smtp, csm, web):
    at = await opened(web, "email")
    assert at.endswith("/content")
    page = (await web.get(at)).text
    assert "送るチャネル：メール" in page and "content/line" not in page
    assert (await Brand.get(slug="default")).sender_name in "株式会社つきみ計算舎"


async def test_a_link_that_line_looks_at_is_nobodys_click(house, csm, line, line_channel, web, run_jobs):
    reader, tester = await a_reader(1), await a_reader(50)
    await on_line(line, tester)
    await consent.decide(tester.id, "tracking", "line", "given", source="form")
    at = await opened(web)
    base = at.removesuffix("/content/line")
    await web.submit(at, TEXT)
    segment = await a_segment([reader])
    await web.submit(f"{base}/recipients", {"name": "年末の締め", "topic": "usage", "segment_id": str(segment.id),
                                            "tracking": "individual", "when_uncertain": "leave"})  # fmt: skip
    await on_line(line, reader)
    await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": tester.email})
    await run_jobs()
    link, delivery = await TrackedLink.get(), await Delivery.get()
    path = f"/c/{link.token}/{delivery.key}"
    for robot in ("facebookexternalhit/1.1;line-poker/1.0", "Line-Poker/1.0"):
        looked = await web.get(path, headers={"User-Agent": robot})
        assert looked.headers["location"] == "http://127.0.0.1:8000/help/017"
    assert ((await TrackedLink.get()).clicks, (await Delivery.get()).clicked_at) == (0, None)
    await web.get(path, headers={"User-Agent": "Mozilla/5.0 (iPhone) Line/14.1.0"})
    assert (await TrackedLink.get()).clicks == 1 and (await Delivery.get()).clicked_at is not None
