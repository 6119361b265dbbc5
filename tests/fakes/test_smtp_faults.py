"""The SMTP sink fails where it is told to, and its ledger knows what it accepted."""

import json
import smtplib

import pytest

from fakes.process import fake_process
from fakes.smtp import FakeSMTP
from fakes.smtp_clients import dialogue, newsletter, send


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
