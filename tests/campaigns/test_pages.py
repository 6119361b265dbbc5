"""The whole story through the pages: what staff do, what a reader's mail program does."""

import re

import pytest

from campaigns.models import Campaign, Delivery
from campaigns_parts import MJML, SUBJECT, a_reader, a_segment
from core.models import Brand
from customers import consent
from factories import a_person, staff


@pytest.fixture
async def csm(house, brand, sign_in):
    person = await staff("admin")
    await sign_in(person)
    return person


async def written(web, people):
    segment = await a_segment(people)
    made = await web.submit("/staff/campaigns/new", {"name": "年末の締め", "topic": "usage", "kind": "newsletter"})
    assert made.status_code == 303, made.text
    base = made.headers["location"].removesuffix("/content")
    saved = await web.submit(f"{base}/content", {"subject": SUBJECT, "mjml": MJML, "preheader": "準備", "text": ""})
    assert saved.status_code == 303, saved.text
    kept = await web.submit(f"{base}/recipients", {
        "name": "年末の締め", "topic": "usage", "segment_id": str(segment.id), "tracking": "aggregate",
        "when_uncertain": "leave", "is_public": "on"})  # fmt: skip
    assert kept.status_code == 303, kept.text
    return base


async def test_from_the_first_page_to_the_report(house, smtp, csm, web, run_jobs):
    people = [await a_reader(n) for n in range(1, 4)]
    tester = await a_reader(50)
    base = await written(web, people)
    for part in ("content", f"content?person={people[0].id}", "recipients", "checks", "pilot", "schedule", "report"):
        answer = await web.get(f"{base}/{part}")
        assert answer.status_code == 200, (part, answer.text)
    assert "田辺1" in (await web.get(f"{base}/preview?person={people[0].id}")).text
    assert (await web.submit(f"{base}/checks")).status_code == 303
    refused = await web.submit(f"{base}/schedule", {"at": "now"})
    assert refused.status_code == 422
    unknown = await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": "nobody@example.com"})
    assert unknown.status_code == 422 and "nobody@example.com" in unknown.text
    assert (await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": tester.email})).status_code == 303
    await run_jobs()
    assert len(smtp.messages) == 1
    assert "reader50" not in (await web.get(f"{base}/pilot")).text
    assert (await web.submit(f"{base}/verdict", {"passed": "yes", "note": "よい"})).status_code == 303
    assert (await web.submit(f"{base}/schedule", {"at": "now"})).status_code == 303
    await run_jobs()
    report = (await web.get(f"{base}/report")).text
    assert "田辺2" in report and "届いた" in report
    csv = await web.get(f"{base}/report?format=csv")
    assert "株式会社水面2" in csv.text
    link = f"/staff/customers/people/{people[0].id}"
    assert f'href="{link}"' in report and (await web.get(link)).status_code == 200
    assert len(smtp.messages) == 4
    for path in ("/staff/campaigns", "/news", f"/news/{base.rpartition('/')[2]}"):
        answer = await web.get(path)
        assert answer.status_code == 200 and "年末の締め" in answer.text


async def test_mistakes_are_shown_with_their_line_and_nothing_is_kept(house, csm, web):
    made = await web.submit("/staff/campaigns/new", {"name": "下書き", "topic": "usage", "kind": "newsletter"})
    path = made.headers["location"]
    answer = await web.submit(path, {
        "subject": "題", "mjml": "<mj-section><mj-column>\n<mj-text>\n{{ person.fmily_name }}\n"
        "</mj-text></mj-column></mj-section>"})  # fmt: skip
    assert answer.status_code == 422
    assert "3行目 11文字目" in answer.text and "family_name" in answer.text
    assert (await Campaign.get()).revision_id is None


async def pressed(web, path, label, shown=None):
    """The button of the page as it stands there: with the token that its own form holds, and no other."""
    shown = shown or await web.get(path)
    form = next(one for one in re.findall(r"<form.*?</form>", shown.text, re.S) if label in one)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return await web.post(re.search(r'action="([^"]+)"', form)[1], data=fields, follow_redirects=True)


async def test_one_click_needs_no_cookie_and_a_get_never_unsubscribes(house, smtp, csm, web, run_jobs):
    reader = await a_reader(1)
    base = await written(web, [reader])
    await web.submit(f"{base}/pilot", {"group_name": "社内", "addresses": (await a_reader(50)).email})
    await run_jobs()
    await web.submit(f"{base}/verdict", {"passed": "yes", "note": "よい"})
    await web.submit(f"{base}/schedule", {"at": "now"})
    await run_jobs()
    mail = smtp.mails_to("reader1@example.com")[0]
    path = re.search(r"<http://127\.0\.0\.1:8000(/u/[^>]+)>", mail.parsed["List-Unsubscribe"])[1]
    client = web.another()
    client.headers.pop("origin")
    for _ in range(3):
        assert (await client.get(path)).status_code == 200
    assert await consent.state_of(reader.id, "usage", "email") == "given"
    client.cookies.clear()
    answer = await client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert await consent.state_of(reader.id, "usage", "email") == "refused"
    assert (await Delivery.get(person_id=reader.id)).unsubscribed_at
    # Saying yes again needs our own page: no token of a form, no consent.
    assert (await client.post(f"{path}/again")).status_code == 403
    shown = await pressed(web, path, "また受け取る")
    assert await consent.state_of(reader.id, "usage", "email") == "given" and "またお送りします" in shown.text
    shown = await pressed(web, path, "配信を止める", shown)
    assert await consent.state_of(reader.id, "usage", "email") == "refused"
    shown = await pressed(web, path, "また受け取る", shown)
    assert await consent.state_of(reader.id, "usage", "email") == "given" and "またお送りします" in shown.text
    assert (await client.get("/u/0123456789abcdef")).status_code == 404
    link = re.search(r"/c/[0-9a-f]{32}", mail.parsed.get_body(("plain",)).get_content())[0]
    followed = await client.get(link)
    assert (followed.status_code, followed.headers["location"]) == (302, "http://127.0.0.1:8000/help/017")
    assert (await client.get("/c/" + "0" * 32)).status_code == 404


async def test_previews_live_in_a_sandbox_of_their_own(house, csm, web):
    base = await written(web, [await a_reader(1)])
    answer = await web.get(f"{base}/preview")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


async def test_only_staff_with_the_right_come_in(house, brand, web, sign_in):
    assert (await web.get("/staff/campaigns")).status_code == 303
    await sign_in(await a_person())
    for path in ("/staff/campaigns", "/staff/campaigns/new", "/staff/mailbox"):
        assert (await web.get(path)).status_code == 403


async def test_the_sender_is_kept_and_a_header_cannot_be_smuggled_in(house, csm, web):
    fields = {
        "name": "つきみ\r\nBcc: x@example.com",
        "email": "news@tsukimi.example",
        "address": "架空県",
        "contact": "c@e.example",
    }
    answer = await web.submit("/staff/campaigns/sender", fields)
    assert answer.status_code in (303, 422)
    assert "\n" not in (await Brand.get(slug="default")).sender_name
