"""What RFC 5321, 5322, 6531, 1870, 6152 and 2920 demand of one command or of one message."""

import re
from dataclasses import dataclass, field

LINE_OCTETS = 998
COMMAND_OCTETS = 512
BARE_LF = re.compile(rb"(?<!\r)\n")
BARE_CR = re.compile(rb"\r(?!\n)")
UNSTUFFED = re.compile(rb"\r\n\.(?!\.)")
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
LOCAL = rf'({ATOM}(\.{ATOM})*|"([^"\\\r\n]|\\.)*")'
MAILBOX = re.compile(rf"(?P<local>{LOCAL})@(?P<domain>{LABEL}(\.{LABEL})*|\[[0-9a-fA-F.:]+\])")
PATH = re.compile(r"<(?P<address>[^<>]*)>(?P<options>( \S+)*)")
HEADER_LINE = re.compile(rb"[!-9;-~]+:[ \t]?.*|[ \t].*", re.DOTALL)


@dataclass
class Path:
    """The argument of MAIL or RCPT: an address and its ESMTP parameters."""

    address: str
    options: dict[str, str] = field(default_factory=dict)


class BadCommand(Exception):
    """A command that the server refuses with this reply."""

    def __init__(self, reply: str) -> None:
        self.reply = reply


def parse_path(argument: str, keyword: str, *, may_be_empty: bool, utf8: bool) -> Path:
    """`FROM:<a@example.com> SIZE=100`. No space after the colon (RFC 5321, 3.3 and 4.1.1.2)."""
    if not argument[: len(keyword)].upper() == keyword:
        raise BadCommand(f"501 5.5.4 Syntax: {keyword}<address>")
    match = PATH.fullmatch(argument[len(keyword) :])
    if match is None:
        raise BadCommand(f"501 5.5.4 Syntax: {keyword}<address> with nothing between the colon and the bracket")
    address = match["address"]
    if address or not may_be_empty:
        check_mailbox(address, utf8=utf8)
    options = dict(option.partition("=")[::2] for option in match["options"].split())
    return Path(address, {name.upper(): value for name, value in options.items()})


def check_mailbox(address: str, *, utf8: bool) -> None:
    """RFC 5321, 4.1.2 and 4.5.3.1; a local part such as `a..b` must be quoted."""
    if not address.isascii():
        if not utf8:
            raise BadCommand("553 5.6.7 A non-ASCII address needs SMTPUTF8")
        address = re.sub(r"[^\x00-\x7f]", "x", address)
    match = MAILBOX.fullmatch(address)
    if match is None:
        raise BadCommand("553 5.1.3 This is not an address of RFC 5321 (quote an unusual local part)")
    if len(match["local"]) > 64 or len(match["domain"]) > 255:
        raise BadCommand("553 5.1.3 Local parts have 64 octets at most, domains 255")


def problems_of_content(content: bytes, *, eight_bit: bool, utf8: bool) -> list[str]:
    """Everything that a strict server may refuse in what came between DATA and the final dot, still dot-stuffed."""
    problems = []
    if content.count(b"\r\n") != content.count(b"\n") or content.count(b"\r") != content.count(b"\n"):
        problems.append("bare LF" if BARE_LF.search(content) else "bare CR")
    if has_a_long_line(content):
        problems.append(f"a line of more than {LINE_OCTETS} octets")
    if UNSTUFFED.search(content) or (content[:1] == b"." and content[:2] != b".."):
        problems.append("a line that begins with one dot was not stuffed")
    if not content.isascii():
        problems += problems_of_bytes(content, eight_bit=eight_bit, utf8=utf8)
    if b"\0" in content:
        problems.append("a NUL octet")
    return problems + problems_of_header(content)


def has_a_long_line(content: bytes) -> bool:
    """The dot that stuffing adds does not count (RFC 5321, 4.5.3.1.6)."""
    lines = content.split(b"\r\n")
    longest = max(map(len, lines))
    return longest > LINE_OCTETS and any(len(line) - line.startswith(b".") > LINE_OCTETS for line in lines)


def problems_of_bytes(content: bytes, *, eight_bit: bool, utf8: bool) -> list[str]:
    header, _, _body = content.partition(b"\r\n\r\n")
    problems = []
    if not header.isascii() and not utf8:
        problems.append("non-ASCII octets in the header without SMTPUTF8")
    if not eight_bit:
        problems.append("octets above 127 without BODY=8BITMIME")
    return problems


def problems_of_header(content: bytes) -> list[str]:
    """RFC 5322, 2.2: `name: value` lines or folded ones; From and Date once (3.6); no second From, To, Subject."""
    header = content.partition(b"\r\n\r\n")[0]
    lines = header.split(b"\r\n")
    problems = [f"not a header line: {line[:40]!r}" for line in lines if line and not HEADER_LINE.fullmatch(line)]
    names = [line.partition(b":")[0].strip().lower() for line in lines if line[:1] not in (b" ", b"\t", b"")]
    problems += [f"the header lacks {name.decode()}" for name in (b"from", b"date") if name not in names]
    once = (b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"sender", b"reply-to")
    problems += [f"the header has {name.decode()} twice" for name in once if names.count(name) > 1]
    return problems
