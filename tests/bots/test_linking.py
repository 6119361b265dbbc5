"""A LINE account is tied to a person by a nonce that works once, and only through the signed-in page."""

from urllib.parse import parse_qs, urlsplit

from core.clock import now
from customers.models import Identity, Touchpoint
from factories import a_person, an_account
from inbox.models import Conversation
from wires import *  # noqa: F403
from wires import LINE


async def test_the_whole_way(web, line, line_channel, sign_in, run_jobs, faq):
    mika = line.person("Mika")
    await line.deliver(LINE, [line.text(mika, "請求書をダウンロードする")], client=web)
    await run_jobs()
    await line.deliver(LINE, [line.text(mika, "連携")], client=web)
    await run_jobs()
    page = next(text.split("\n")[1] for sent in line.sent for text in sent.texts if "/link/line" in text)
    account = await an_account()
    person = await a_person(account=account)
    assert not await Touchpoint.exclude(person_id=None).filter(kind__startswith="inbox.").exists()
    browser = await sign_in(person)
    path = page.removeprefix("http://127.0.0.1:8000")
    assert (await browser.get(path)).status_code == 200
    assert not await Identity.filter(kind="line").exists(), "a GET links nothing"
    token = parse_qs(urlsplit(page).query)["linkToken"][0]
    sent = await browser.submit("/link/line", {"token": token})
    dialog = urlsplit(sent.headers["location"])
    assert dialog.netloc == "access.line.me"
    nonce = parse_qs(dialog.query)["nonce"][0]
    assert line.use_link_token(token) == mika
    event = line.account_link(mika, nonce)
    await line.deliver(LINE, [event], client=web)
    await line.redeliver(LINE, [event], client=web)
    await run_jobs()
    assert (await Identity.get(kind="line")).person_id == person.id
    conversation = await Conversation.get()
    assert (conversation.person_id, conversation.customer_key) == (person.id, f"person:{person.id}")
    said = await Touchpoint.filter(kind="inbox.asked").order_by("id")
    assert [(one.data["text"], one.person_id, one.account_id) for one in said] == [
        ("請求書をダウンロードする", person.id, account.id), ("連携", person.id, account.id),
    ], "what was asked before is on the person's timeline, and their company's"  # fmt: skip
    other = line.person("Ken")
    await line.deliver(LINE, [line.account_link(other, nonce)], client=web)
    await run_jobs()
    assert await Identity.filter(kind="line").count() == 1, "a nonce works once"


async def test_an_old_or_made_up_nonce_links_nobody(web, line, line_channel, run_jobs):
    from bots.models import LinkNonce

    person = await a_person()
    await LinkNonce.create(nonce="old", person_id=person.id, expires_at=now())
    for nonce in ("old", "made-up", ""):
        await line.deliver(LINE, [line.account_link(line.person("Mika"), nonce)], client=web)
    await line.deliver(LINE, [line.account_link(line.person("Mika"), "old", "failed")], client=web)
    await run_jobs()
    assert not await Identity.filter(kind="line").exists()


async def test_the_page_needs_a_sign_in_and_a_token(web, sign_in):
    assert (await web.get("/link/line?linkToken=abcdefgh1")).status_code == 303
    browser = await sign_in(await a_person())
    assert (await browser.get("/link/line")).status_code == 422
    assert (await browser.submit("/link/line", {"token": "https://evil.example"})).status_code == 422
