"""Mail is taken in over a real socket, kept before the 250, once; a mailbox elsewhere is looked into."""

from __future__ import annotations

import asyncio
import smtplib

import pytest
from msgspec.structs import replace

from channels.incoming import keeping, listener
from channels.incoming.mailbox import fetch_mail
from channels.models import IncomingMail
from core import settings as core_settings
from core.settings import SettingsError
from fakes.imap import FakeIMAP
from incoming_mails import letter

US = "support@in.tsukimi.example"


@pytest.fixture
async def door(house):
    core_settings.use(replace(house.settings, mail_listen="127.0.0.1:0", mail_domains="in.tsukimi.example"))
    server = await listener.listen()
    yield server.sockets[0].getsockname()[1]
    await listener.close(server)


async def handed_in(port: int, content: bytes, *to: str) -> dict:
    def speak():
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            return client.sendmail("satsuki@c.example", to or [US], content)

    return await asyncio.to_thread(speak)


async def test_what_was_answered_with_250_is_in_the_database_once(house, door):
    mail = letter("satsuki@c.example", "こんにちは")
    for _ in range(2):
        assert await handed_in(door, mail) == {}
    found = await IncomingMail.all()
    assert [(one.recipient, one.sender, one.state) for one in found] == [(US, "satsuki@c.example", "waiting")]
    assert bytes(found[0].content) == mail


async def test_strangers_mailboxes_and_too_large_mails_are_refused(house, door):
    for address in ("x@elsewhere.example", "x@in.tsukimi.example.evil.example", "x@evil-in.tsukimi.example"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await handed_in(door, letter("a@b.example", "x"), address)
        assert refused.value.recipients[address][0] == 550
    with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPSenderRefused, smtplib.SMTPServerDisconnected)):
        await handed_in(door, b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 10_100_000)
    assert await IncomingMail.all().count() == 0


async def test_a_bare_line_end_smuggles_no_second_mail(house, door):
    """CVE-2023-51764 and its kin: `\\n.\\n` is not the end of a mail."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door)
    inner = (
        b"MAIL FROM:<boss@tsukimi.example>\r\nRCPT TO:<" + US.encode() + b">\r\nDATA\r\nSubject: smuggled\r\n\r\n.\r\n"
    )
    for end in (b"\n.\n", b"\n.\r\n", b"\r.\r"):
        writer.write(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + US.encode() + b">\r\nDATA\r\n")
        writer.write(b"Subject: outer" + end[:1] + b"\r\n\r\ntext" + end + inner + b"RSET\r\n")
    writer.write(b"QUIT\r\n")
    async with asyncio.timeout(20):
        await reader.read()
    writer.close()
    assert not [one for one in await IncomingMail.all() if one.sender == "boss@tsukimi.example"]


async def test_when_it_cannot_be_kept_the_sender_comes_again(house, door, monkeypatch):
    async def away(*_args, **_named):
        raise OSError("the disk is full")

    monkeypatch.setattr(listener, "keep", away)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await handed_in(door, letter("a@b.example", "x"))
    assert refused.value.smtp_code == 451


async def test_the_door_needs_to_know_for_whom(house):
    core_settings.use(replace(house.settings, mail_listen="127.0.0.1:0"))
    with pytest.raises(SettingsError, match="ENGAWA_MAIL_DOMAINS"):
        await listener.listen()


async def test_a_mailbox_is_emptied_once_whatever_stops_in_between(house, monkeypatch):
    async with FakeIMAP() as box:
        user = box.user.replace("@", "%40")
        core_settings.use(replace(house.settings, imap_url=f"imap://{user}:{box.password}@127.0.0.1:{box.port}/INBOX"))
        box.put(letter("satsuki@c.example", "ひとつめ"))
        box.put(letter("satsuki@c.example", "ふたつめ"))
        from channels.incoming import mailbox

        marking = mailbox._seen
        monkeypatch.setattr(mailbox, "_seen", lambda uid: (_ for _ in ()).throw(OSError("gone")))
        with pytest.raises(OSError, match="gone"):
            await fetch_mail()
        monkeypatch.setattr(mailbox, "_seen", marking)
        assert await fetch_mail() == "fetched 1"
        assert await fetch_mail() == "fetched 0"
        assert await IncomingMail.all().count() == 2 and box.refused == []
        assert all(one.recipient == box.user for one in await IncomingMail.all())


async def test_what_is_nobodys_letter_is_ignored_with_its_reason(house, run_jobs):
    core_settings.use(replace(house.settings, mail_domains="in.tsukimi.example"))
    for content, said in (
        (letter("a@b.example", "x", more="Auto-Submitted: auto-replied\r\n"), "automatic"),
        (letter("a@b.example", "x", more="Precedence: bulk\r\n"), "automatic"),
        (letter("support@in.tsukimi.example", "x"), "from ourselves"),
        (b"Subject: nobody\r\n\r\nx", "from nobody"),
    ):
        made = await keeping.keep(content, US, "a@b.example")
        await run_jobs()
        mail = await IncomingMail.get(id=made)
        assert (mail.state, mail.outcome, bytes(mail.content)) == ("ignored", said, b"")
