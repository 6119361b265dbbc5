"""An SMTP server's address, its replies, and what became of a message."""

from __future__ import annotations

import ssl
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec


class Reply(msgspec.Struct, frozen=True):
    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:300]


class Outcome(msgspec.Struct, frozen=True):
    """`kind`: sent, retry, refused or uncertain. `stage`: where in the dialogue; `reason`: the server's words.

    `seconds`: not before they are over; `name`: what the other side calls the message (both are LINE's).
    """

    kind: str
    reason: str = ""
    stage: str = ""
    code: int = 0
    seconds: float = 0
    name: str = ""

    @property
    def is_dead_address(self) -> bool:
        """The server says that this mailbox does not exist: suppress it, do not only fail."""
        if self.kind != "refused" or self.stage != "rcpt":
            return False
        words = self.reason.split()
        detail = words[1] if len(words) > 1 else ""
        return detail.startswith("5.1.") or (self.code in (550, 551, 553) and detail[:2] != "5.")


class Gone(Exception):
    """The connection is lost, silent for too long, or closing."""


class Server(msgspec.Struct, frozen=True):
    """Where and how: read from `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port?ca=file`."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    security: str = "plain"  # plain, starttls, tls
    ca: str = ""
    patience: float = 60.0
    per_connection: int = 500
    name: str = "localhost"

    @classmethod
    def at(cls, url: str, name: str = "localhost") -> Server:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        security = {"smtps": "tls", "smtp+starttls": "starttls"}.get(parts.scheme, "plain")
        usual = {"tls": 465, "starttls": 587}.get(security, 25)
        return cls(
            host=parts.hostname or "localhost", port=parts.port or usual, user=unquote(parts.username or ""),
            password=unquote(parts.password or ""), security=security, ca=query.get("ca", [""])[0],
            patience=float(query.get("timeout", ["60"])[0]), name=query.get("ehlo", [name])[0],
        )  # fmt: skip

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca or None)
