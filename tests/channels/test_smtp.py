"""The client against a strict server on a real socket: what became of each message is always known."""

import asyncio

import pytest

from channels.mime import Letter, Skeleton
from channels.smtp import Pool, Server
from fakes.certificates import certificate_for, contexts_for
from fakes.smtp import FakeSMTP


def letter(to="mika@example.com", body="こんにちは", **more) -> Letter:
    shape = Skeleton("news@engawa.example", "縁側だより", html=False)
    raw = shape.fill(to=to, subject="縁側だより", text=body, message_id="<1@engawa.example>")
    return Letter(more.get("sender", "bounce+1@engawa.example"), to, more.get("raw", raw), "<1@engawa.example>")


def pool(smtp, size=1, **options) -> Pool:
    return Pool(Server(host=smtp.host, port=smtp.port, patience=options.pop("patience", 2), **options), size)


async def send(smtp, *letters, **options):
    out = pool(smtp, **options)
    try:
        return [await out.send(one) for one in letters]
    finally:
        await out.close()


@pytest.mark.parametrize("pipelining", [True, False])
async def test_many_messages_over_few_connections_without_a_violation(pipelining):
    async with FakeSMTP(pipelining=pipelining) as smtp:
        out = pool(smtp, size=4)
        outcomes = await asyncio.gather(*(out.send(letter(f"p{n}@example.com")) for n in range(60)))
        await out.close()
        assert {one.kind for one in outcomes} == {"sent"}
        assert len(smtp.messages) == 60
        assert smtp.connections == 4
        assert smtp.violations == []


async def test_dots_quotes_and_carriers_arrive_as_they_were():
    raw = b"From: a@b.example\r\nTo: a@b.example\r\nDate: Thu, 01 Jan 2026 00:00:00 +0900\r\n"
    raw += b"Message-ID: <d@e>\r\n\r\n.one\r\n..two\r\n.\r\nend\r\n"
    async with FakeSMTP() as smtp:
        outcomes = await send(smtp, letter(raw=raw), letter("a..b@docomo.ne.jp"))
        assert [one.kind for one in outcomes] == ["sent", "sent"]
        assert smtp.messages[0].raw == raw
        assert smtp.messages[1].recipients in (['"a..b"@docomo.ne.jp'], ["a..b@docomo.ne.jp"])
        assert smtp.violations == []


@pytest.mark.parametrize(("at", "reply", "kind"), [
    ("mail", "451 4.3.0 Try later", "retry"), ("mail", "550 5.7.1 Not you", "retry"),
    ("rcpt", "450 4.2.1 Mailbox busy", "retry"), ("rcpt", "550 5.1.1 No such user", "refused"),
    ("data", "451 4.3.0 Later", "retry"), ("data", "554 5.7.1 Spam", "refused"),
    ("dot", "452 4.3.1 Full", "retry"), ("dot", "554 5.6.0 No", "refused"),
    ("connect", "421 4.7.0 Busy", "retry"), ("ehlo", "421 4.7.0 Busy", "retry"),
])  # fmt: skip
async def test_refusals_are_told_apart_and_the_next_message_goes(at, reply, kind):
    async with FakeSMTP() as smtp:
        smtp.faults.refuse(at, reply)
        first, second = await send(smtp, letter("a@example.com"), letter("b@example.com"))
        assert (first.kind, first.code) == (kind, int(reply[:3]))
        assert second.kind == "sent"
        assert [mail.recipients for mail in smtp.messages] == [["b@example.com"]]
        # RFC 2920, 3.1: what followed a refused MAIL in its group is refused too, as it should be.
        assert at == "mail" or smtp.violations == []


async def test_only_a_dead_mailbox_is_a_dead_address():
    async with FakeSMTP() as smtp:
        smtp.faults.refuse("rcpt", "550 5.1.1 No such user", recipient="a@*")
        smtp.faults.refuse("rcpt", "550 5.7.1 Policy", recipient="b@*")
        smtp.faults.refuse("dot", "550 5.1.1 Odd", recipient="c@*")
        outcomes = await send(smtp, letter("a@e.example"), letter("b@e.example"), letter("c@e.example"))
        assert [one.is_dead_address for one in outcomes] == [True, False, False]


@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "content"])
async def test_lost_before_the_dot_is_certainly_not_sent(at):
    async with FakeSMTP() as smtp:
        smtp.faults.hang_up(at)
        first, second = await send(smtp, letter("a@example.com"), letter("b@example.com"))
        assert (first.kind, second.kind) == ("retry", "sent")
        assert len(smtp.messages) == 1


async def test_lost_after_the_dot_is_uncertain_and_never_repeated():
    async with FakeSMTP() as smtp:
        smtp.faults.hang_up_after_the_dot()
        first, second = await send(smtp, letter("a@example.com"), letter("b@example.com"))
        assert (first.kind, second.kind) == ("uncertain", "sent")
        assert len(smtp.messages) == 2


@pytest.mark.parametrize(("at", "kind"), [("rcpt", "retry"), ("content", "retry"), ("dot", "uncertain")])
async def test_silence_ends_at_the_deadline(at, kind):
    async with FakeSMTP() as smtp:
        smtp.faults.never_answer(at, accepted=at == "dot")
        began = asyncio.get_running_loop().time()
        (outcome,) = await send(smtp, letter(), patience=0.5)
        assert asyncio.get_running_loop().time() - began < 2
        # Silent content: the dot has left, so nobody can know.
        assert outcome.kind == ("uncertain" if at == "content" else kind)


async def test_a_kept_connection_that_the_server_closed_is_replaced():
    async with FakeSMTP() as smtp:
        out = pool(smtp)
        assert (await out.send(letter("a@example.com"))).kind == "sent"
        for session in list(smtp.open):
            session.drop()
        await asyncio.sleep(0.05)
        assert (await out.send(letter("b@example.com"))).kind == "sent"
        await out.close()


async def test_a_frozen_sender_does_not_finish_its_message():
    async with FakeSMTP() as smtp:
        out = pool(smtp)
        outcome = await out.send(letter(), may_still=lambda: False)
        await out.close()
        assert outcome.kind == "retry"
        assert smtp.messages == []


async def test_no_server_is_a_retry():
    out = Pool(Server(host="127.0.0.1", port=1, patience=1))
    assert (await out.send(letter())).kind == "retry"


async def test_starttls_and_a_password(tmp_path):
    certificate, _ = certificate_for("127.0.0.1")
    server_context, _ = contexts_for("127.0.0.1")
    async with FakeSMTP(tls=server_context, require_tls=True, users={"engawa": "pass word"}) as smtp:
        server = Server.at(f"smtp+starttls://engawa:pass%20word@{smtp.host}:{smtp.port}?timeout=2")
        unknown = await Pool(server).send(letter())
        assert unknown.kind == "retry"
        assert "certificate" in unknown.reason.lower()
        assert smtp.messages == []


async def test_a_wrong_password_is_not_the_recipients_fault():
    async with FakeSMTP(users={"engawa": "right"}) as smtp:
        (right,) = await send(smtp, letter(), user="engawa", password="right")
        (wrong,) = await send(smtp, letter(), user="engawa", password="wrong")
        assert (right.kind, wrong.kind, wrong.stage) == ("sent", "retry", "auth")


async def test_addresses_beyond_ascii_need_a_server_that_takes_them():
    async with FakeSMTP(smtputf8=True) as able, FakeSMTP() as unable:
        assert (await send(able, letter("用户@example.com")))[0].kind == "sent"
        assert (await send(unable, letter("用户@example.com")))[0].kind == "refused"
        assert unable.violations == [] and able.violations == []


async def test_a_letter_above_the_limit_is_refused_here():
    async with FakeSMTP(size_limit=2000) as smtp:
        (outcome,) = await send(smtp, letter(body="x" * 5000))
        assert (outcome.kind, outcome.code) == ("refused", 552)
        assert smtp.violations == []
