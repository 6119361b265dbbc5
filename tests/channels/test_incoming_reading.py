"""Any bytes are read: the writer's words, and nothing but Unreadable is raised."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.incoming.reading import Unreadable, fresh, parsed, read, unmarked
from channels.incoming.reports import key_in, report_of
from incoming_mails import bounce, complaint, letter
from shared_data import shared_data

KEY = "k3yk3yk3yk3yk3yk3yk3y"


@pytest.mark.parametrize("charset", ["iso-2022-jp", "shift_jis", "utf-8", "euc-jp"])
def test_japanese_letters_are_read_in_every_charset(charset):
    found = read(parsed(letter("satsuki@c.example", "締めの手順を教えてください。\n\nよろしく", charset=charset)))
    assert (found.sender, found.name, found.subject) == ("satsuki@c.example", "三輪 さつき", "請求書について")
    assert found.words == "締めの手順を教えてください。\n\nよろしく" and not found.is_automatic


def test_only_what_stands_above_the_quotation_is_the_message():
    whole = "承知しました。\n\n2026年11月25日(水) 9:12 サポート <support@tsukimi.example>:\n> 前の文\n> 続き"
    assert fresh(whole) == "承知しました。"
    assert fresh("Yes.\n\nOn Wed, 25 Nov 2026 at 09:12, Support <s@x.example> wrote:\n> no") == "Yes."
    assert fresh("> すべて引用") == "> すべて引用"


def test_html_alone_becomes_words_and_its_scripts_are_gone():
    mail = (b"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<style>x{}</style><p>Hello&amp;bye</p>"
            b"<script>alert(1)</script><div>two<br>three</div>")  # fmt: skip
    assert read(parsed(mail)).words == "Hello&bye\ntwo\nthree"


@pytest.mark.parametrize(("status", "action", "kind"), [
    ("5.1.1", "failed", "dead"), ("5.1.10", "failed", "dead"), ("5.0.0", "failed", "dead"), ("5.2.1", "failed", "dead"),
    ("5.2.2", "failed", "soft"), ("5.7.1", "failed", "soft"), ("4.4.7", "failed", "soft"),
    ("4.2.2", "delayed", "delayed"),
    ("2.0.0", "delivered", "delayed"), ("nonsense", "failed", "soft"),
])  # fmt: skip
def test_a_bounce_says_whether_the_address_is_dead(status, action, kind):
    found = report_of(parsed(bounce(KEY, status=status, action=action)))
    assert found is not None and found.kind == kind and found.references == (f"{KEY}@tsukimi.example",)


def test_complaints_and_letters_are_told_apart():
    assert report_of(parsed(complaint(KEY))).kind == "complaint"
    assert report_of(parsed(complaint(KEY, kind="not-spam"))).kind == "delayed"
    assert report_of(parsed(letter("a@b.example", "x"))) is None
    assert key_in(f"bounce+{KEY}@in.example") == KEY and not key_in("bounce+short@x") and not key_in("support@x")


def test_a_mail_that_nobody_writes_is_unreadable_and_costs_little():
    deep = b"From: a@b.example\r\n"
    for n in range(3000):
        deep += f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n'.encode()
    wide = b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 5000
    for mail in (deep, wide):
        with pytest.raises(Unreadable):
            read(parsed(mail))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3000), st.sampled_from([b"", b"Subject: =?", b"From: ", b"Content-Type: multipart/report;",
                                                  b"Content-Type: text/plain; charset="]))  # fmt: skip
def test_any_bytes_are_read_or_unreadable(data, before):
    try:
        message = parsed(before + data)
        report_of(message)
        found = read(message)
    except Unreadable:
        return
    for text in (found.subject, found.words, found.name, found.sender):
        text.encode()  # no lone surrogate, so that every database takes it
        assert "\0" not in text


def test_half_characters_of_utf_7_and_utf_16_are_left_out():
    for charset, data in (("utf-7", b"a+2AA-b"), ("utf-16-le", b"a\x00\x00\xd8b\x00"), ("utf-8", b"a\xed\xa0\x80b")):
        for kind in ("plain", "html"):
            mail = f"From: a@b.example\r\nContent-Type: text/{kind}; charset={charset}\r\n\r\n".encode() + data
            read(parsed(mail)).words.encode()


@pytest.mark.data
def test_naughty_strings_in_every_header_are_read():
    for line in (shared_data("hostile/blns") / "blns.txt").read_bytes().split(b"\n"):
        coded = base64.b64encode(line)
        mail = (
            b"From: "
            + line
            + b" <a@b.example>\r\nSubject: =?utf-8?b?"
            + coded
            + b"?=\r\nTo: "
            + line
            + b"\r\n\r\n"
            + line
        )
        read(parsed(mail)).words.encode()


def test_html_as_mail_programs_write_it():
    page = ("<html><head><title>x</title><style>p{}</style></head><body><!--[if mso]><p>no</p><![endif]--><p>"
            "こんにちは&nbsp;<b>山田</b></p>a &lt; b<br/>1 < 2 --> c<SCRIPT>alert(1)</SCRIPT ></body>")  # fmt: skip
    assert unmarked(page) == "こんにちは 山田\na < b\n1 < 2 --> c"
    assert unmarked("前<!-- 終わらない") == "前"


MIXED = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n'


@pytest.mark.parametrize("hostile", [
    b'Content-Disposition: attachment; filename="' + b";" * 300_000 + b"\n\nx",
    b"Content-Type: text/plain; " + b"; a*0=b" * 100_000 + b"\n\nx",
    b"Content-Type: text/html\n\n" + b"".join(b"<b a%d>" % n for n in range(20_000)),
    b"Content-Type: text/html\n\n" + b"<div>" * 40_000,
    b"Content-Type: text/html\n\n" + b"<br" * 60_000,
    b"Content-Type: text/html\n\n" + b"<!--" * 50_000,
    b"".join(MIXED % (n, n) for n in range(90)) + b"x\n" * 100_000,
    b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\n\n" * 200_000,
], ids=range(8))  # fmt: skip
def test_no_small_mail_costs_much(hostile):
    """Each of these took the standard library or an HTML parser between 1 and 60 seconds."""
    began = time.process_time()
    try:
        message = parsed(hostile)
        report_of(message)
        read(message)
    except Unreadable:
        pass
    assert time.process_time() - began < 0.5


def test_ids_and_kinds_hold_nothing_that_a_database_refuses():
    heads = b"From: a@b.example\nMessage-ID: <a\0b@x>\nReferences: <c\0@x>\nContent-Type: image/\0p"
    found = read(parsed(heads + b"\n\nabc"))
    assert (found.message_id, found.references) == ("ab@x", ("c@x",))
    assert "\0" not in str(found.attachments)
