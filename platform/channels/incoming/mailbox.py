"""A mailbox elsewhere that is looked into each minute (IMAP4rev1, RFC 3501): `ENGAWA_IMAP_URL=imaps://user:…@host/INBOX`.

What was kept is marked as seen. Killed in between, the same mail is fetched again and is known by its bytes.
"""

from __future__ import annotations

import asyncio
import imaplib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from channels.incoming.keeping import MOST_BYTES, keep
from core.jobs import every
from core.settings import settings

AT_ONCE = 50
PATIENCE = 20.0
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@every(minutes=1, attempts=1, timeout=300)
async def fetch_mail() -> str:
    """The unseen mails of the mailbox, oldest first."""
    if not settings().imap_url:
        return "no mailbox"
    fetched = 0
    for uid in await asyncio.to_thread(_unseen):
        content, recipient = await asyncio.to_thread(_content, uid)
        if content:
            fetched += await keep(content, recipient, way="imap") is not None
        await asyncio.to_thread(_seen, uid)
    return f"fetched {fetched}"


@contextmanager
def _box() -> Iterator[imaplib.IMAP4]:
    parts = urlsplit(settings().imap_url)
    kind = imaplib.IMAP4 if parts.scheme == "imap" else imaplib.IMAP4_SSL
    box = kind(parts.hostname or "localhost", parts.port or (143 if parts.scheme == "imap" else 993), timeout=PATIENCE)
    try:
        box.login(unquote(parts.username or ""), unquote(parts.password or ""))
        box.select(f'"{unquote(parts.path.strip("/")) or "INBOX"}"')
        yield box
    finally:
        box.logout()


def _unseen() -> list[bytes]:
    with _box() as box:
        found = box.uid("SEARCH", "UNSEEN")[1]
        return (found[0] or b"").split()[:AT_ONCE]


def _content(uid: bytes) -> tuple[bytes, str]:
    """Its bytes, and the mailbox's own address as recipient; empty when it is too large to be a letter."""
    number = uid.decode()
    with _box() as box:
        size = SIZE.search(b" ".join(_flat(box.uid("FETCH", number, "(RFC822.SIZE)")[1])))
        if size and int(size.group(1)) > MOST_BYTES:
            return b"", ""
        found = box.uid("FETCH", number, "(BODY.PEEK[])")[1]
    content = next((bytes(part[1]) for part in found if isinstance(part, tuple) and len(part) > 1), b"")
    parts = urlsplit(settings().imap_url)
    user = unquote(parts.username or "")
    return content, user if "@" in user else f"{user}@{parts.hostname}"


def _flat(found: list[object]) -> list[bytes]:
    return [bytes(piece) for part in found for piece in (part if isinstance(part, tuple) else (part,))
            if isinstance(piece, bytes)]  # fmt: skip


def _seen(uid: bytes) -> None:
    with _box() as box:
        box.uid("STORE", uid.decode(), "+FLAGS", "(\\Seen)")
