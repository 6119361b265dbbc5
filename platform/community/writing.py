"""What somebody wrote, made ready before the transaction opens: rendered, cut, counted, recognised."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import msgspec

from community import rules
from core.errors import Refused
from core.i18n import _, ngettext
from core.markdown import Pictures, excerpt, markdown_in_thread
from core.pictures import ready
from core.refs import Ref

LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
IMAGE = re.compile(r"!\[")
MENTION = re.compile(r"(?<![\w@/.])@([\w.\-]{1,60})")
HONORIFICS = ("さん", "様", "さま", "くん", "君", "氏")
KANA = re.compile(r"[\u3040-\u30ff]")
HAN = re.compile(r"[\u4e00-\u9fff]")


class Written(msgspec.Struct, frozen=True):
    """A text that is fit to be stored. `digest` is the same for the same words, however spaced."""

    body: str
    html: str
    lang: str
    excerpt: str
    digest: str
    links: int
    images: int
    mentions: tuple[str, ...]
    pictures: Pictures = Pictures()


async def written(body: str, lang: str = "", *, by: int | None = None, of: Ref | None = None) -> Written:
    """`by` writes it, `of` is the post that is changed: their pictures may stand in it. Raises Refused when it is too
    short or too long."""
    body = body.replace("\x00", "").strip()
    short, long = rules.BODY
    if len(body) < short:
        missing = short - len(body)
        raise Refused(
            ngettext("Write at least %(n)s more character.", "Write at least %(n)s more characters.", missing)
        )
    if len(body) > long:
        raise Refused(_("The text is too long: at most %(most)s characters.", most=long))
    pictures = await ready(body, by, of)
    html = str(await markdown_in_thread(body, pictures=pictures))
    return Written(body, html, lang or language_of(body), excerpt(body, rules.EXCERPT), digest_of(body),
                   len(LINK.findall(body)), len(IMAGE.findall(body)), mentions_in(body), pictures)  # fmt: skip


def title_of(text: str) -> str:
    """One line, trimmed. Raises Refused when it is too short or too long."""
    title = " ".join(text.replace("\x00", "").split())
    short, long = rules.TITLE
    if len(title) < short:
        missing = short - len(title)
        raise Refused(ngettext("Write at least %(n)s more character in the title.",
                               "Write at least %(n)s more characters in the title.", missing))  # fmt: skip
    if len(title) > long:
        raise Refused(_("The title is too long: at most %(most)s characters.", most=long))
    return title


def tags_of(typed: str | list[str]) -> list[str]:
    """At most three tags from what was typed: split at commas and spaces, without # and doubles."""
    parts = re.split(r"[,、，\s]+", typed) if isinstance(typed, str) else typed
    clean = [unicodedata.normalize("NFKC", part).strip().lstrip("#").strip()[:40] for part in parts]
    return list(dict.fromkeys(tag for tag in clean if tag))[: rules.TAGS]


def language_of(text: str) -> str:
    """`ja` as soon as there are kana or many ideographs, else `en`."""
    return "ja" if KANA.search(text) or len(HAN.findall(text)) * 5 > len(text) else "en"


def digest_of(text: str) -> str:
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()
    return hashlib.sha256(folded.encode()).hexdigest()[:32]


def mentions_in(text: str) -> tuple[str, ...]:
    """The handles after @, each as typed and without a trailing さん; code is left out."""
    plain = re.sub(r"```.*?```|`[^`]*`", " ", text, flags=re.DOTALL)
    return tuple(dict.fromkeys(MENTION.findall(plain)))


def handles_of(mentions: tuple[str, ...]) -> list[str]:
    """What the mentioned may be called: 「@みちくささん」 is either みちくさ or みちくささん."""
    found = []
    for mention in mentions:
        found.append(mention)
        found += [mention.removesuffix(title) for title in HONORIFICS if mention.endswith(title) and mention != title]
    return found
