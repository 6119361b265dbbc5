"""A mail as its bytes say it: addresses, subject, words, attachments. Nothing here raises but Unreadable.

RFC 5322, 2045–2047. Headers are read by hand from the old policy: the new one raises on some hostile ones.
"""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

import msgspec

MOST_PARTS = 100
MOST_ATTACHMENTS = 20
LONGEST = 200_000  # characters of the words that are looked at
HEADER = 2000  # characters of one header that are looked at
KEPT_OF_IDS = 20_000  # of References
MOST_MARKS = 20_000  # lines that may be a boundary: splitting a mail into more takes the parser many seconds
DEEPEST = 60  # boundaries that are announced
# What mail programs of Japan call by the standard's name is Microsoft's extension of it.
CHARSETS = {"shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "ks_c_5601-1987": "cp949",
            "iso-2022-jp": "iso2022_jp_ext", "gb2312": "gb18030"}  # fmt: skip
MARK = re.compile(r"<!--|-->|<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})[^<>]*>|<[!?/][^<>]*>")  # linear: it stops at the next <
BREAKS = re.compile(r"br|/(p|div|tr|li|h[1-6])")
UNSEEN = {"style", "script", "title"}
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


class Unreadable(ValueError):
    """Too deep, or too many parts: nobody writes such a mail."""


class Attached(msgspec.Struct, frozen=True):
    name: str
    kind: str
    data: bytes


class Read(msgspec.Struct, frozen=True):
    """`words` is what the writer typed above the quotation; `whole` is all of it."""

    sender: str
    name: str
    recipients: tuple[str, ...]
    subject: str
    words: str
    whole: str
    message_id: str
    references: tuple[str, ...]
    date: float | None
    is_automatic: bool
    attachments: tuple[Attached, ...]


class Short(policy.Compat32):
    """Headers without end are cut: the standard library looks at their parameters in quadratic time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name[:100], value[: HEADER if name.lower().startswith("content-") else KEPT_OF_IDS]


SHORT = Short()


def parsed(raw: bytes) -> Message:
    """Raises Unreadable."""
    if raw.count(b"\n--") > MOST_MARKS or raw.count(b"boundary") > DEEPEST:
        raise Unreadable("more than 100 parts")
    try:
        message = message_from_bytes(raw, policy=SHORT)
        if sum(1 for _ in parts(message)) > MOST_PARTS:
            raise Unreadable("more than 100 parts")
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    return message


def parts(message: Message) -> Iterator[Message]:
    """Every part in order, without recursion, and not into mails that are attached."""
    waiting = [message]
    while waiting:
        one = waiting.pop()
        yield one
        payload = one.get_payload()
        if isinstance(payload, list) and one.get_content_maintype() == "multipart":
            waiting.extend(reversed(payload[: MOST_PARTS + 1]))


def read(message: Message) -> Read:
    sender, name = _sender(message)
    whole = _words(message)
    return Read(
        sender, name, tuple(_addresses(message, "to", "cc", "delivered-to", "x-original-to")),
        header(message, "subject")[:500], fresh(whole), whole, _ids(message, "message-id")[:1][0] if
        _ids(message, "message-id") else "", tuple(_ids(message, "in-reply-to", "references")), _date(message),
        _is_automatic(message), tuple(_attachments(message)),
    )  # fmt: skip


def header(message: Message, name: str) -> str:
    """One header as text on one line; encoded-words decoded, what cannot be is replaced."""
    value = str(message.get(name) or "")[:HEADER]
    try:
        pieces = decode_header(value)
    except Exception:  # the standard library's own, for a broken encoded-word: the header as it stands
        return _clean(value)
    return _clean("".join(
        piece if isinstance(piece, str) else _decoded(piece, charset or "utf-8") for piece, charset in pieces
    ))  # fmt: skip


def _clean(text: str) -> str:
    return " ".join(CONTROLS.sub("", text).split())


def _decoded(data: bytes, charset: str) -> str:
    charset = charset.lower().strip("\"' ")
    try:
        text = data.decode(CHARSETS.get(charset, charset), "replace")
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    return CONTROLS.sub("", text)  # UTF-7 and UTF-16 bring lone surrogates, whatever they were told


def _addresses(message: Message, *names: str) -> list[str]:
    values = [str(value)[:HEADER] for name in names for value in (message.get_all(name) or [])[:20]]
    try:
        found = [address.strip().lower() for _, address in getaddresses(values)]
    except Exception:  # the standard library's own, on what is no address list
        return []
    return [address for address in found if "@" in address and len(address) <= 320 and address.isprintable()][:100]


def _sender(message: Message) -> tuple[str, str]:
    found = _addresses(message, "from")
    raw = header(message, "from")
    return (found[0] if found else ""), _clean(raw.partition("<")[0].strip(' "'))[:160] if "<" in raw else ""


def _ids(message: Message, *names: str) -> list[str]:
    text = CONTROLS.sub("", " ".join(str(message.get(name) or "")[:KEPT_OF_IDS] for name in names))
    return re.findall(r"<([^<>\s]{3,250})>", text)[:50]


def _date(message: Message) -> float | None:
    try:
        found = parsedate_to_datetime(str(message.get("date") or "")[:100]).timestamp()
        return found if 0 < found < 4_102_444_800 else None
    except (ValueError, TypeError, OverflowError):
        return None


def _is_automatic(message: Message) -> bool:
    """RFC 3834, and what came before it: answering such a mail begins a loop."""
    auto = header(message, "auto-submitted").lower()
    precedence = header(message, "precedence").lower()
    return (auto not in ("", "no")) or precedence in ("bulk", "list", "junk", "auto_reply") or bool(
        header(message, "list-id") or header(message, "x-autoreply") or header(message, "x-auto-response-suppress")
    )  # fmt: skip


def text_of(part: Message) -> str:
    """A text part's characters; bytes that its charset does not have are replaced."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    return _decoded(data[: LONGEST * 4], part.get_content_charset() or "utf-8")[:LONGEST].replace("\r\n", "\n")


def _words(message: Message) -> str:
    """The plain part, else the HTML one without its marks."""
    plain, marked = [], []
    for part in parts(message):
        if part.get_content_disposition() == "attachment" or part.get_content_maintype() != "text":
            continue
        (marked if part.get_content_subtype() == "html" else plain).append(part)
    if plain:
        return CONTROLS.sub("", "\n".join(text_of(part) for part in plain))[:LONGEST].strip()
    return unmarked("\n".join(text_of(part) for part in marked)[:LONGEST]).strip()


def unmarked(marked: str) -> str:
    """The words of HTML, to be read as text, which pages escape. An HTML parser takes 10 s for 200 KB of `<b>`."""
    bare = CONTROLS.sub("", html_module.unescape("".join(_seen(marked))))
    lines = [" ".join(line.split()) for line in bare.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _seen(marked: str) -> Iterator[str]:
    at, until = 0, ""
    for mark in MARK.finditer(marked):
        whole, name = mark.group(), f"{mark.group(1) or ''}{(mark.group(2) or '').lower()}"
        if until:
            if until == name or (until == "-->" and whole.endswith("-->")):
                at, until = mark.end(), ""
            continue
        if whole == "-->":
            continue
        yield marked[at : mark.start()]
        at = mark.end()
        if BREAKS.fullmatch(name):
            yield "\n"
        until = "-->" if whole == "<!--" else f"/{name}" if name in UNSEEN else ""
    if not until:
        yield marked[at:]


def _attachments(message: Message) -> Iterator[Attached]:
    count = 0
    for part in parts(message):
        kind = part.get_content_type()
        if part.is_multipart() or (part.get_content_maintype() == "text" and part.get_content_disposition() != (
            "attachment")):  # fmt: skip
            continue
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes) or not payload:
            continue
        if (count := count + 1) > MOST_ATTACHMENTS:
            return
        name = _clean(_file_name(part)).replace("/", "_").replace("\\", "_")[:200]
        kind = _clean(kind)[:100]
        yield Attached(name or kind, kind, payload)


def _file_name(part: Message) -> str:
    try:
        return "".join(piece if isinstance(piece, str) else _decoded(piece, charset or "utf-8")
                       for piece, charset in decode_header(part.get_filename() or ""))  # fmt: skip
    except Exception:  # the standard library's own, for a broken parameter
        return ""


QUOTES = (
    re.compile(r"^\s*>"),
    re.compile(r"^-{2,}\s*(Original Message|元のメッセージ|転送されたメッセージ|Forwarded message)\s*-{2,}", re.I),
    re.compile(r"^\s*On .{6,200} wrote:\s*$"),
    re.compile(r"^\s*\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}.{0,120}[:：]\s*$"),
    re.compile(r"^_{10,}\s*$"),
)


def fresh(whole: str) -> str:
    """What stands above the first quotation (and not the quotation's own heading); all of it when nothing does."""
    kept: list[str] = []
    for line in whole.split("\n"):
        if any(mark.search(line) for mark in QUOTES):
            break
        kept.append(line)
    return "\n".join(kept).strip() or whole
