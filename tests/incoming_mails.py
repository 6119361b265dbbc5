"""Mails as other servers write them, in the forms of RFC 3464 (appendix E) and RFC 5965 (appendix B)."""

from __future__ import annotations

import base64


def bounce(key: str, *, status: str = "5.1.1", action: str = "failed", to: str = "gone@customer.example",
           said: str = "550 5.1.1 user unknown", about: str = "") -> bytes:  # fmt: skip
    original = f"Message-ID: <{about or key}@tsukimi.example>\nFrom: news@tsukimi.example\nTo: {to}\nSubject: x\n"
    return f"""From: Mail Delivery Subsystem <MAILER-DAEMON@mx.customer.example>
To: bounce+{key}@in.tsukimi.example
Subject: Returned mail: see transcript for details
Date: Thu, 26 Nov 2026 01:00:00 +0900
MIME-Version: 1.0
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="RAA14128.773615765/CS.UTK.EDU"

--RAA14128.773615765/CS.UTK.EDU

The original message was received from tsukimi.example

--RAA14128.773615765/CS.UTK.EDU
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822;{to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--RAA14128.773615765/CS.UTK.EDU
Content-Type: message/rfc822

{original}
the text

--RAA14128.773615765/CS.UTK.EDU--
""".replace("\n", "\r\n").encode()


def complaint(key: str, *, kind: str = "abuse") -> bytes:
    return f"""From: <abusedesk@provider.example>
Date: Thu, 26 Nov 2026 01:00:00 +0900
Subject: FW: news
To: <abuse@in.tsukimi.example>
Message-ID: <20050308180036.1234@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <bounce+{key}@tsukimi.example>

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <news@tsukimi.example>
Message-ID: <{key}@tsukimi.example>
Subject: news

Spam?

--part1_13d.2e68ed54_boundary--
""".replace("\n", "\r\n").encode()


def letter(sender: str, words: str, *, subject: str = "請求書について", charset: str = "iso-2022-jp", more: str = "",
           picture: bytes = b"") -> bytes:  # fmt: skip
    """As a Japanese mail program writes it."""
    coded = base64.b64encode(subject.encode(charset)).decode()
    head = (f"From: =?{charset}?B?{base64.b64encode('三輪 さつき'.encode(charset)).decode()}?= <{sender}>\r\n"
            f"To: support@in.tsukimi.example\r\nSubject: =?{charset}?B?{coded}?=\r\n"
            f"Message-ID: <m1.{hash(words)}@c.example>\r\n"
            f"Date: Wed, 25 Nov 2026 10:00:00 +0900\r\nMIME-Version: 1.0\r\n{more}").encode()  # fmt: skip
    text = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n".encode()
    body = text + words.replace("\n", "\r\n").encode(charset) + b"\r\n"
    if not picture:
        return head + body
    return head + b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n--b1\r\n' + body + (
        b'--b1\r\nContent-Type: image/png; name="screen.png"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="screen.png"\r\n\r\n' + base64.encodebytes(picture) +
        b"--b1\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment;"
        b" filename=\"../../etc/passwd\"\r\n\r\n%PDF-1.4\r\n--b1--\r\n"
    )  # fmt: skip
