"""The mail server's page: rates and a DKIM key that a receiver can verify; secrets stay out of page and log."""

import base64
import html

from cryptography.hazmat.primitives.serialization import load_der_public_key

from channels.mail import way_out
from channels.models import Connection
from channels.senders import mail_account
from core.models import AuditEntry
from factories import staff

PAGE = "/staff/settings/mail"
URL = "smtps://user:geheim99@smtp.example.jp:465"


async def test_an_administrator_sets_the_mail_server(web, sign_in):
    admin = await sign_in(await staff("admin"))
    assert (await admin.get(PAGE)).status_code == 200
    typed = {"url": URL, "connections": "5", "rate": "30", "domain_rates": "docomo.ne.jp = 5\nezweb.ne.jp: 2.5",
             "key": "new", "dkim_domain": "Example.jp", "dkim_selector": "engawa2026"}  # fmt: skip
    wrong = [({"url": "http://x"}, "smtps://"), ({"domain_rates": "docomo 5"}, "docomo.ne.jp = 5"),
             ({"dkim_domain": "not a domain"}, "example.jp"), ({"dkim_selector": "a.b/"}, "ハイフン"),
             ({"key": "given", "dkim_key": "none"}, "PEM"), ({"rate": "-1"}, "rate")]  # fmt: skip
    for change, words in wrong:
        refused = await admin.submit(PAGE, typed | change)
        assert (refused.status_code, words in refused.text) == (422, True), change
    assert not await Connection.filter(kind="smtp").exists()
    assert (await admin.submit(PAGE, typed)).status_code == 303
    account = await mail_account()
    assert (account.url, account.rate, account.domain_rates) == (URL, 30, {"docomo.ne.jp": 5, "ezweb.ne.jp": 2.5})
    page = (await admin.get(PAGE)).text
    assert "engawa2026._domainkey.example.jp" in page
    assert "geheim99" not in page
    assert "PRIVATE" not in page
    record = html.unescape(page.partition("v=DKIM1; k=rsa; p=")[2].partition("<")[0])
    public = load_der_public_key(base64.b64decode(record))
    assert public == account.signer().key.public_key(), "what receivers look up verifies what we sign"
    kept = typed | {"url": "", "key": "keep", "rate": "10"}
    assert (await admin.submit(PAGE, kept)).status_code == 303
    after = await mail_account()
    assert (after.url, after.rate, after.dkim_key) == (URL, 10, account.dkim_key)
    log = str(await AuditEntry.filter(target_kind="mail_server").values_list("before", "after"))
    assert "smtp.example.jp" in log
    assert "geheim99" not in log
    assert base64.b64encode(b"PRIVATE").decode() not in log
    assert "PRIVATE" not in log
    assert (await admin.submit(PAGE, kept | {"key": "none"})).status_code == 303
    assert (await mail_account()).signer() is None
    out = await way_out()
    await out.close()
    csm = await sign_in(await staff("csm"), web.another())
    assert (await csm.get(PAGE)).status_code == 403
