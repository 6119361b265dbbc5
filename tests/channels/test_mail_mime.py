"""What leaves parses back equal, and nothing typed becomes a header of its own."""

import base64
import hashlib
import re
from email import message_from_bytes, policy
from email.header import decode_header

import pytest
from channels.dkim import Signer, relaxed_body, relaxed_value
from channels.mime import Skeleton, address_header, base64_lines, header, quoted_address
from core.errors import Refused
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

# What a header may hold: no line ends, no controls (they become spaces), no halves of characters.
plain = st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), blacklist_characters="\ufeff")
line = st.text(plain, max_size=300)
body = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\x00"), max_size=2000)


def parsed(raw: bytes):
    return message_from_bytes(raw.replace(b"\r\n", b"\n"), policy=policy.default)


def filled(**parts) -> bytes:
    skeleton = Skeleton("news@engawa.example", "縁側だより", reply_to="support@engawa.example")
    given = {"to": "mika@example.com", "subject": "題", "text": "本文", "html": "<p>本文</p>", "message_id": "<1@e.example>"}
    return skeleton.fill(**(given | parts))


@given(text=body, html=body)
@settings(max_examples=150, deadline=None)
def test_bodies_parse_back_equal(text, html):
    mail = parsed(filled(text=text, html=html))
    plain_part, html_part = mail.iter_parts()
    assert plain_part.get_payload(decode=True) == text.replace("\n", "\r\n").encode()
    assert html_part.get_payload(decode=True) == html.replace("\n", "\r\n").encode()
    assert mail["From"].addresses[0].display_name == "縁側だより"


@given(subject=line)
@settings(max_examples=300, deadline=None)
def test_subjects_parse_back_equal_in_words_that_never_split_a_character(subject):
    raw = header("Subject", subject)
    assert raw.endswith(b"\r\n")
    assert all(len(one) <= 76 for one in raw[:-2].split(b"\r\n")) or subject.isascii()
    words = re.findall(rb"=\?utf-8\?b\?([^?]*)\?=", raw)
    if words:
        assert all(len(b"=?utf-8?b??=" + word) <= 75 for word in words)
        assert "".join(base64.b64decode(word).decode() for word in words) == subject
    else:
        assert raw == f"Subject: {subject}\r\n".encode()


def test_the_standard_library_reads_a_long_japanese_subject():
    subject = "年末の締めを3日で終える準備 " * 10 + "𠮷野家さま"
    assert parsed(filled(subject=subject))["Subject"] == subject
    assert decode_header(header("Subject", "締め").decode().partition(": ")[2])[0][0].decode() == "締め"


@pytest.mark.parametrize("bad", ["a\r\nBcc: everyone@example.com", "a\nX: y", "a\rb", "a\0b"])
def test_line_breaks_are_refused_in_every_header(bad):
    with pytest.raises(Refused):
        header("Subject", bad)
    with pytest.raises(Refused):
        address_header("To", "a@example.com", bad)
    with pytest.raises(Refused):
        address_header("To", f"{bad}@example.com")
    with pytest.raises(Refused):
        filled(subject=bad)


def test_old_carrier_addresses_are_quoted_and_domains_become_a_labels():
    assert quoted_address("a..b@docomo.ne.jp") == '"a..b"@docomo.ne.jp'
    assert quoted_address(".dot.@docomo.ne.jp") == '".dot."@docomo.ne.jp'
    assert quoted_address("taro@日本語.jp") == "taro@xn--wgv71a119e.jp"
    assert quoted_address("taro+tag@example.com") == "taro+tag@example.com"
    for bad in ("", "a", "@b", "a@", "a b@c.jp", "<a@b.jp>", "a@b.jp>\r\nRCPT TO:<c@d.jp"):
        with pytest.raises(Refused):
            quoted_address(bad)


@given(st.binary(max_size=3000))
def test_base64_lines_are_those_of_the_standard_library(data):
    assert base64_lines(data) == base64.encodebytes(data).replace(b"\n", b"\r\n")


def test_every_line_is_short_and_ascii():
    raw = filled(subject="長い件名" * 40, text="あ" * 5000, html="x" * 9000)
    assert raw.isascii()
    assert max(len(one) for one in raw.split(b"\r\n")) <= 78


def verified(raw: bytes, key) -> bool:
    """A small verifier written from RFC 6376, apart from the signer."""
    mail_head, _, mail_body = raw.partition(b"\r\n\r\n")
    lines = [one for one in re.split(rb"\r\n(?![ \t])", mail_head) if one]
    signature = next(one for one in lines if one.lower().startswith(b"dkim-signature:"))
    tags = dict(tag.strip().split(b"=", 1) for tag in re.sub(rb"\s+", b"", signature.partition(b":")[2]).split(b";"))
    if base64.b64decode(tags[b"bh"]) != hashlib.sha256(relaxed_body(mail_body)).digest():
        return False
    by_name = {one.partition(b":")[0].strip().lower(): one.partition(b":")[2] for one in lines}
    text = b"".join(name + b":" + relaxed_value(by_name[name]) + b"\r\n" for name in tags[b"h"].split(b":"))
    unsigned = re.sub(rb"(;\s*b=)[^;]*$", rb"\1", signature.partition(b":")[2])
    text += b"dkim-signature:" + relaxed_value(unsigned)
    mark = base64.b64decode(tags[b"b"])
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            key.public_key().verify(mark, text, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.public_key().verify(mark, hashlib.sha256(text).digest())
    except Exception:
        return False
    return True


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_dkim_signatures_hold_and_cover_one_click(kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption()).decode()  # fmt: skip
    extra = b"List-Unsubscribe: <https://e.example/u/1>\r\n" + header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    signed = Signer("engawa.example", "s1", pem).sign(filled(subject="署名" * 30, extra=extra), canonical=True)
    assert verified(signed, key)
    assert b"list-unsubscribe:list-unsubscribe-post" in signed
    assert not verified(signed.replace(b"One-Click", b"Two-Click"), key)
    assert max(len(one) for one in signed.split(b"\r\n")) <= 998


def test_a_key_that_is_none_is_refused():
    with pytest.raises(Refused):
        Signer("e.example", "s", "not a key")
