"""The SMTP sink accepts what the standard library sends, and refuses what the RFCs forbid."""

import asyncio
import json
import smtplib
import ssl
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest

from fakes.certificates import contexts_for
from fakes.process import fake_process
from fakes.smtp import FakeSMTP


@pytest.fixture
async def smtp():
    async with FakeSMTP() as server:
        yield server


def newsletter(to="mika@example.com", body="こんにちは\n.a line that begins with a dot\n") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Engawa <news@engawa.example>", to, "縁側だより"
    mail["Date"], mail["Message-ID"] = "Thu, 01 Jan 2026 00:00:00 +0900", f"<{to}>"
    mail.set_content(body, cte="base64" if not body.isascii() else "7bit")
    return mail


async def send(server, mail, **how):
    """Send with smtplib, in a thread, as an ordinary client does."""

    def run():
        with smtplib.SMTP(server.host, server.port, timeout=how.get("timeout", 5)) as client:
            if how.get("tls"):
                client.starttls(context=how["tls"])
            if how.get("login"):
                client.login(*how["login"])
            return client.send_message(mail)

    return await asyncio.to_thread(run)


class Dialogue:
    """A client that may break every rule."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, raw: bytes, answers: int = 1) -> list[str]:
        self.writer.write(raw)
        return [await self.hear() for _ in range(answers)]

    async def hear(self) -> str:
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 5)).decode().rstrip()
            if line[3:4] != "-":
                return line

    async def hears_nothing_more(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(), 5) == b""
        except ConnectionError:
            return True


@asynccontextmanager
async def dialogue(server, *, greeted=True):
    reader, writer = await asyncio.open_connection(server.host, server.port)
    talk = Dialogue(reader, writer)
    await talk.hear()
    if greeted:
        await talk.say(b"EHLO client.example\r\n")
    yield talk
    writer.close()


ENVELOPE = b"MAIL FROM:<news@engawa.example>\r\nRCPT TO:<mika@example.com>\r\nDATA\r\n"
HEADER = b"From: a@example.com\r\nDate: Thu, 01 Jan 2026 00:00:00 +0900\r\nMessage-ID: <1@example.com>\r\n\r\n"


async def reply_to_content(server, content: bytes) -> str:
    async with dialogue(server) as talk:
        assert [reply[:3] for reply in await talk.say(ENVELOPE, 3)] == ["250", "250", "354"]
        return (await talk.say(content))[0]


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


@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize("reply", ["451 4.3.0 Try again", "550 5.1.1 No such user"])
async def test_a_scripted_refusal_happens_once_and_the_next_try_succeeds(smtp, at, reply):
    smtp.faults.refuse(at, reply)
    with pytest.raises(smtplib.SMTPException) as refused:
        await send(smtp, newsletter())
    assert reply[:3] in str(refused.value)
    assert smtp.messages == []
    await send(smtp, newsletter())
    assert len(smtp.messages) == 1
    assert smtp.violations == []


async def test_a_refusal_of_one_recipient_leaves_the_others(smtp):
    smtp.faults.refuse("rcpt", "450 4.2.1 Busy", recipient="*@docomo.example", times=None)
    refused = await send(smtp, newsletter(to="mika@example.com, ken@docomo.example"))
    assert list(refused) == ["ken@docomo.example"]
    assert smtp.messages[0].recipients == ["mika@example.com"]


async def test_the_nth_and_every_nth_message(smtp):
    smtp.faults.refuse("dot", "451 4.3.0 Third", nth=3)
    smtp.faults.refuse("dot", "452 4.3.1 Even", every=2, times=None)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(await send(smtp, newsletter()))
        except smtplib.SMTPDataError as error:
            outcomes.append(error.smtp_code)
    assert outcomes == [{}, 452, 451, 452]


async def test_a_hang_up_before_the_dot_loses_the_message(smtp):
    smtp.faults.hang_up("content")
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        await send(smtp, newsletter())
    assert smtp.messages == []
    assert smtp.faulted == [(1, "hang up at content")]


async def test_a_hang_up_after_the_dot_keeps_the_message_and_says_so(smtp):
    smtp.faults.hang_up_after_the_dot()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        await send(smtp, newsletter())
    [mail] = smtp.messages
    assert not mail.answered
    assert mail.fault == "hang up at dot"


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_server_that_never_answers_the_dot(smtp, accepted):
    smtp.faults.never_answer("dot", accepted=accepted)
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        await send(smtp, newsletter(), timeout=0.2)
    assert [mail.answered for mail in smtp.messages] == ([False] if accepted else [])


@pytest.mark.parametrize("at", ["connect", "ehlo", "mail", "rcpt", "data", "dot"])
async def test_a_late_answer_is_still_an_answer(smtp, at):
    smtp.faults.answer_late(at, 0.05)
    await send(smtp, newsletter())
    assert [mail.answered for mail in smtp.messages] == [True]
    assert smtp.violations == []


async def test_too_many_connections_are_turned_away():
    async with FakeSMTP(max_connections=1) as smtp:
        async with dialogue(smtp):
            with pytest.raises(smtplib.SMTPConnectError) as refused:
                await send(smtp, newsletter())
            assert refused.value.smtp_code == 421


async def test_a_sink_of_its_own_process_writes_its_ledger_before_it_answers(tmp_path):
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"at": "dot", "hang_up": True, "accepted": True, "nth": 2}]))
    async with fake_process("smtp", "--faults", str(faults), "--cheap", ledger=tmp_path / "sent.jsonl") as sink:
        sink.host = "127.0.0.1"
        await send(sink, newsletter("one@example.com"))
        assert [entry["message_id"] for entry in sink.accepted()] == ["<one@example.com>"]
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            await send(sink, newsletter("two@example.com"))
    assert [(entry["rcpt"], entry["fault"]) for entry in sink.accepted()] == [
        (["one@example.com"], None),
        (["two@example.com"], "hang up at dot"),
    ]
