"""The embedded script: read from `browser/`, made small, named by its hash. No Node, no build step."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

import msgspec

from core.clock import now
from core.database import rows, write

BROWSER = Path(__file__).parent / "browser"
OUTBOX = Path(__file__).parents[1] / "inbox" / "static" / "outbox.js"
# What must stay as it is, what goes, and the white space between.
_token = re.compile(
    r"""(?P<kept>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<space>\s+)|(?P<code>.)""",
    re.S,
)
_word = re.compile(r"[\w$]")


class Embedded(msgspec.Struct, frozen=True):
    """`hash` stands in the address, `integrity` in the snippet (SRI)."""

    body: bytes
    hash: str
    integrity: str
    zipped: bytes


def smaller(source: str) -> str:
    """JavaScript without comments, and with white space only between words (and between signs such as `+ +`)."""
    parts: list[str] = []
    gap = False
    for found in _token.finditer(source):
        if found["comment"] or found["space"]:
            gap = True
            continue
        piece = found.group()
        last = parts[-1][-1] if parts else ""
        if gap and ((_word.match(last) and _word.match(piece[0])) or last + piece[0] in ("++", "--")):
            parts.append(" ")
        parts.append(piece)
        gap = False
    return "".join(parts)


def smaller_css(source: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};,>]) ?", r"\1", text).replace(": ", ":").replace(";}", "}").strip()


def embedded_of(source: str) -> Embedded:
    body = source.encode()
    digest = hashlib.sha384(body).digest()
    return Embedded(body, hashlib.sha256(body).hexdigest()[:32], "sha384-" + base64.b64encode(digest).decode(),
                    gzip.compress(body, 9, mtime=0))  # fmt: skip


@lru_cache(maxsize=1)
def chat() -> Embedded:
    """The chat: a module that the script loads by its hash, when somebody wants it."""
    outbox = OUTBOX.read_text().replace("export ", "")
    source = smaller(outbox + (BROWSER / "chat.js").read_text())
    return embedded_of(source.replace('"@CHATCSS@"', json.dumps(smaller_css((BROWSER / "chat.css").read_text()))))


@lru_cache(maxsize=1)
def current() -> Embedded:
    css = json.dumps(smaller_css((BROWSER / "engawa.css").read_text()))
    source = smaller((BROWSER / "engawa.js").read_text())
    return embedded_of(source.replace('"@CSS@"', css).replace("@CHAT@", chat().hash)
                       .replace("@CHATSRI@", chat().integrity))  # fmt: skip


_kept: set[str] = set()


async def with_hash(name: str) -> Embedded | None:
    """Today's script or chat, or one that some page embedded when it was today's."""
    if name in (current().hash, chat().hash):
        if name not in _kept:
            for one in (current(), chat()):  # both: a page that embeds today's script may want its chat in a year
                await write("INSERT INTO guide_script (hash, body, created_at) VALUES (?, ?, ?) ON CONFLICT (hash)"
                            " DO NOTHING", one.hash, one.body.decode(), now())  # fmt: skip
                _kept.add(one.hash)
        return current() if name == current().hash else chat()
    found = await rows("SELECT body FROM guide_script WHERE hash = ?", name[:64].replace("\x00", ""))
    return embedded_of(found[0][0]) if found else None


def forget() -> None:
    _kept.clear()
