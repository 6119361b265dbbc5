"""The SMTP sink accepts what the standard library sends, and refuses what the RFCs forbid."""

import asyncio
import smtplib
import ssl

import pytest

from fakes.certificates import contexts_for
from fakes.smtp import FakeSMTP
from fakes.smtp_clients import ENVELOPE, HEADER, dialogue, newsletter, reply_to_content, send


async def test_a_mail_of_the_standard_library_arrives_as_it_was_written(smtp):
    mail = newsletter()
    assert await send(smtp, mail) == {}
    [received] = smtp.messages
    assert received.sender == "news@engawa.example"
    assert received.recipients == ["mika@example.com"]
    assert received.parsed["Subject"] == "縁側だより"
    assert received.parsed.get_content() == mail.get_content()
    assert (received.message_id, received.connection, received.answered) == ("<mika@example.com>", 1, True)
    assert smtp.violations == []


async def test_dots_are_unstuffed(smtp):
    await send(smtp, newsletter(body=".one\n..two\n...\n"))
    assert smtp.messages[0].parsed.get_content() == ".one\n..two\n...\n"
    assert smtp.violations == []


async def test_several_mails_share_a_connection_and_a_pipelined_envelope(smtp):
    async with dialogue(smtp) as talk:
        for _ in range(2):
            assert (await talk.say(ENVELOPE, 3))[2][:3] == "354"
            assert (await talk.say(HEADER + b"hi\r\n.\r\n"))[0][:3] == "250"
        assert (await talk.say(b"QUIT\r\n"))[0][:3] == "221"
    assert [mail.connection for mail in smtp.messages] == [1, 1]
    assert smtp.violations == []


async def test_an_empty_message_needs_no_line_before_the_dot(smtp):
    assert "554" in await reply_to_content(smtp, b".\r\n")
    assert "lacks from" in str(smtp.violations[0])


@pytest.mark.parametrize(
    ("commands", "reply"),
    [
        (b"MAIL FROM:<a@example.com>\r\n", "503"),
        (b"EHLO\r\n", "501"),
        (b"HELLO there\r\n", "500"),
        (b"EHLO client.example\n", "500"),
        (b"NOOP " + b"x" * 600 + b"\r\n", "500"),
        (b"NOOP \xe7\xb8\x81\r\n", "500"),
        (b"STARTTLS\r\n", "502"),
        (b"RCPT TO:<a@example.com>\r\n", "503"),
        (b"DATA\r\n", "503"),
    ],
)
async def test_commands_out_of_order_or_malformed_are_refused(smtp, commands, reply):
    async with dialogue(smtp, greeted=False) as talk:
        assert (await talk.say(commands))[0][:3] == reply
    assert len(smtp.violations) == 1


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"MAIL FROM: <a@example.com>", "501"),
        (b"MAIL FROM:a@example.com", "501"),
        (b"MAIL TO:<a@example.com>", "501"),
        (b"MAIL FROM:<a..b@docomo.example>", "553"),
        (b"MAIL FROM:<a.@docomo.example>", "553"),
        (b"MAIL FROM:<no-at-sign>", "553"),
        (b"MAIL FROM:<" + b"a" * 65 + b"@example.com>", "553"),
        (b"MAIL FROM:<a@example.com> SIZE=99999999", "552"),
        (b"MAIL FROM:<a@example.com> SIZE=big", "501"),
        (b"MAIL FROM:<a@example.com> COLOUR=red", "555"),
        (b"MAIL FROM:<a@example.com> SMTPUTF8", "555"),
        (b"MAIL FROM:<a@example.com> BODY=BINARYMIME", "555"),
        (b'MAIL FROM:<"a..b"@docomo.example> SIZE=100 BODY=8BITMIME', "250"),
        (b"MAIL FROM:<>", "250"),
    ],
)
async def test_the_envelope_is_read_as_rfc_5321_writes_it(smtp, command, reply):
    async with dialogue(smtp) as talk:
        assert (await talk.say(command + b"\r\n"))[0][:3] == reply
    assert bool(smtp.violations) == (reply != "250")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (HEADER + b"x" * 999 + b"\r\n.\r\n", "998 octets"),
        (b"Subject: " + b"x" * 990 + b"\r\n" + HEADER + b"\r\n.\r\n", "998 octets"),
        (HEADER + b"one\ntwo\r\n.\r\n", "bare LF"),
        (HEADER + b"one\n.\ntwo\r\n.\r\n", "bare LF"),
        (HEADER + b"one\rtwo\r\n.\r\n", "bare CR"),
        (HEADER + b".not stuffed\r\n.\r\n", "not stuffed"),
        (HEADER + "縁側\r\n.\r\n".encode(), "8BITMIME"),
        ("Subject: 縁側\r\n".encode() + HEADER + b"x\r\n.\r\n", "without SMTPUTF8"),
        (HEADER + b"a\0b\r\n.\r\n", "NUL"),
        (b"Subject: no from\r\n\r\nx\r\n.\r\n", "lacks from"),
        (b"Subject: a\r\nSubject: b\r\n" + HEADER + b"x\r\n.\r\n", "subject twice"),
        (b"Not a header\r\n" + HEADER + b"x\r\n.\r\n", "not a header line"),
    ],
)
async def test_content_that_a_strict_server_refuses(smtp, content, problem):
    assert (await reply_to_content(smtp, content))[:3] == "554"
    assert any(problem in str(violation) for violation in smtp.violations), smtp.violations
    assert smtp.messages == []


async def test_lines_of_998_octets_pass_even_when_they_are_stuffed(smtp):
    content = HEADER + b"x" * 998 + b"\r\n.." + b"x" * 997 + b"\r\n.\r\n"
    assert (await reply_to_content(smtp, content))[:3] == "250"
    assert smtp.violations == []


async def test_a_message_above_the_size_limit_is_refused():
    async with FakeSMTP(size_limit=100) as smtp:
        assert (await reply_to_content(smtp, HEADER + b"0123456789\r\n.\r\n"))[:3] == "552"
        assert smtp.messages == []


async def test_nothing_may_follow_the_dot_before_its_answer(smtp):
    assert (await reply_to_content(smtp, HEADER + b"hi\r\n.\r\nMAIL FROM:<a@example.com>\r\n"))[:3] == "554"
    assert "after the final dot" in str(smtp.violations[0])
    assert smtp.messages == []


async def test_nothing_may_follow_the_dot_while_its_answer_is_late(smtp):
    smtp.faults.answer_late("dot", 0.3)
    async with dialogue(smtp) as talk:
        await talk.say(ENVELOPE, 3)
        await talk.say(HEADER + b"hi\r\n.\r\n", 0)
        await asyncio.sleep(0.05)
        await talk.say(b"NOOP\r\n", 0)
        assert await talk.hears_nothing_more()
    assert "after the final dot" in str(smtp.violations[0])


async def test_content_may_not_come_before_the_354(smtp):
    async with dialogue(smtp) as talk:
        await talk.say(ENVELOPE + HEADER, 2)
        assert await talk.hears_nothing_more()
    assert "before the 354" in str(smtp.violations[0])


async def test_pipelining_needs_the_offer():
    async with FakeSMTP(pipelining=False) as smtp:
        async with dialogue(smtp) as talk:
            await talk.say(ENVELOPE, 0)
            assert await talk.hears_nothing_more()
        assert "PIPELINING was not offered" in str(smtp.violations[0])


async def test_smtputf8_lets_utf8_headers_and_addresses_in_when_it_is_offered():
    async with FakeSMTP(smtputf8=True) as smtp:
        mail = newsletter(to="縁側@example.com")
        await send(smtp, mail)
        assert smtp.messages[0].recipients == ["縁側@example.com"]
        assert smtp.violations == []


async def test_signing_in_with_plain_and_login():
    async with FakeSMTP(users={"mailer": "secret"}) as smtp:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            await send(smtp, newsletter(), login=("mailer", "wrong"))
        with pytest.raises(smtplib.SMTPSenderRefused):
            await send(smtp, newsletter())
        await send(smtp, newsletter(), login=("mailer", "secret"))
        async with dialogue(smtp) as talk:
            replies = [(await talk.say(line))[0][:3] for line in (b"AUTH LOGIN\r\n", b"bWFpbGVy\r\n", b"c2VjcmV0\r\n")]
            assert replies == ["334", "334", "235"]
        assert len(smtp.messages) == 1


async def test_starttls_is_offered_and_may_be_required():
    server_context, client_context = contexts_for("127.0.0.1")
    async with FakeSMTP(tls=server_context, require_tls=True) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused):
            await send(smtp, newsletter())
        await send(smtp, newsletter(), tls=client_context)
        assert len(smtp.messages) == 1
        with pytest.raises(ssl.SSLError):
            await send(smtp, newsletter(), tls=ssl.create_default_context())
