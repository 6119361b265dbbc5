"""Single mails: a ledger row each, over SMTP or into the mailbox."""

import pytest
from msgspec.structs import replace

from channels import mail
from channels.models import Mail, OutgoingMail
from core import settings as core_settings
from core.database import rows, transaction
from core.errors import Refused
from core.models import Brand
from fakes.smtp import FakeSMTP


@pytest.fixture
async def smtp(house):
    async with FakeSMTP() as server:
        core_settings.use(replace(house.settings, smtp_url=f"smtp://{server.host}:{server.port}?timeout=1"))
        yield server


async def states():
    return [(row[0], row[1]) for row in await rows("SELECT state, reason FROM outgoing_mail ORDER BY id")]


async def test_a_mail_goes_once_per_key_and_its_text_is_forgotten(house, smtp, run_jobs):
    await Brand.filter(slug="default").update(sender_name="つきみ計算舎", sender_email="news@tsukimi.example")
    for _ in range(2):
        await mail.post("mika@example.com", "サインイン", "https://…/secret", "<p>secret</p>", key="sign-in:1")
    await run_jobs()
    (got,) = smtp.messages
    assert got.recipients == ["mika@example.com"]
    assert got.parsed["Subject"] == "サインイン"
    assert got.parsed["From"].addresses[0].display_name == "つきみ計算舎"
    assert "secret" in got.parsed.get_body(("plain",)).get_content()
    row = await OutgoingMail.get()
    assert (row.state, row.text, row.html) == ("sent", "", "")
    assert smtp.violations == []


async def test_a_rolled_back_transaction_sends_nothing(house, smtp, run_jobs):
    with pytest.raises(RuntimeError):
        async with transaction():
            await mail.post("mika@example.com", "題", "文")
            raise RuntimeError
    await run_jobs()
    assert smtp.messages == []


async def test_a_busy_server_is_tried_again_and_a_dead_mailbox_is_not(house, smtp, run_jobs):
    smtp.faults.refuse("rcpt", "450 4.2.1 Busy", recipient="busy@*", times=None)
    smtp.faults.refuse("rcpt", "550 5.1.1 Nobody", recipient="nobody@*", times=None)
    await mail.post("busy@example.com", "題", "文")
    await mail.post("nobody@example.com", "題", "文")
    await run_jobs()
    assert await states() == [("waiting", "450 4.2.1 Busy"), ("failed", "550 5.1.1 Nobody")]
    smtp.faults.clear()
    row = await OutgoingMail.get(recipient="busy@example.com")
    await mail.deliver_mail(mail_id=row.id)
    assert [one.recipients for one in smtp.messages] == [["busy@example.com"]]


async def test_lost_after_the_dot_stays_uncertain(house, smtp, run_jobs):
    smtp.faults.hang_up_after_the_dot()
    await mail.post("mika@example.com", "題", "文")
    await run_jobs()
    row = await OutgoingMail.get()
    assert row.state == "uncertain"
    await mail.deliver_mail(mail_id=row.id)
    assert len(smtp.messages) == 1


async def test_a_sender_that_died_between_intent_and_answer_leaves_it_uncertain(house, smtp):
    await mail.post("mika@example.com", "題", "文")
    await OutgoingMail.all().update(state="attempting", attempt=1)
    row = await OutgoingMail.get()
    await mail.deliver_mail(mail_id=row.id)
    assert (await OutgoingMail.get()).state == "uncertain"
    assert smtp.messages == []


async def test_without_a_server_mail_lands_in_the_mailbox(house, run_jobs):
    await mail.post("mika@example.com", "題", "文")
    await run_jobs()
    kept = await Mail.get()
    assert (kept.recipient, kept.subject) == ("mika@example.com", "題")
    assert (await states())[0][0] == "sent"


async def test_a_header_cannot_be_injected(house):
    with pytest.raises(Refused):
        await mail.post("mika@example.com", "題\r\nBcc: all@example.com", "文")
    with pytest.raises(Refused):
        await mail.post("mika@example.com\r\nRCPT TO:<b@example.com>", "題", "文")
