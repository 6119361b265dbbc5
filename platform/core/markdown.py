"""What people write, as safe HTML: CommonMark with tables and strike-through, then an allow-list.

No HTML of the writer's, links marked `nofollow ugc noopener`, headings below the page's. Pictures are those that the
caller knows to belong to the text (core.pictures.ready); all others, also of our own, are links.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markupsafe import Markup

from core.tasks import in_thread

LONGEST = 32 * 1024
LONG = 4 * 1024
TAGS = {"a", "b", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p",
        "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"}, "ol": {"start"}, "th": {"scope"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height", "loading", "decoding"},
}  # fmt: skip
SCHEMES = {"http", "https", "mailto"}
REL = "nofollow ugc noopener"
MEDIA = re.compile(r"/media/([A-Za-z0-9_-]{20,60}\.[a-z]{2,5})")
# CSS pixels at most: wider than any column, and a phone's screen does not push the next sentence off the page.
WIDEST, HIGHEST = 800, 560
# What the editor puts between the brackets (core/static/js/pictures.js); nobody has described the picture then.
UNDESCRIBED = {"", "画像の説明", "describe the picture"}
BARE_LINK = re.compile(r"https?://[^\s<>\"'`「」『』（）()\[\]、。，．｜|]+")
TRAILING = ".,:;!?"


def _is_east_asian(letter: str) -> bool:
    return bool(letter) and unicodedata.east_asian_width(letter) in "WF"


class _Inline(StateInline):
    """CommonMark asks for spaces around emphasis that touches punctuation; Japanese has none (**「締め」**を)."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        found = super().scanDelims(start, canSplitWord)
        before = self.src[start - 1] if start > 0 else " "
        after = self.src[start + found.length] if start + found.length < self.posMax else " "
        if not (_is_east_asian(before) or _is_east_asian(after)):
            return found
        opens, closes = not isWhiteSpace(ord(after)), not isWhiteSpace(ord(before))
        # Where both are possible, an opening bracket after, or a closing one before, decides.
        if opens and closes and _is_punctuation(after) and not _is_punctuation(before):
            closes = unicodedata.category(after) not in {"Ps", "Pi"}
        if opens and closes and _is_punctuation(before) and not _is_punctuation(after):
            opens = unicodedata.category(before) not in {"Pe", "Pf"} or found.can_open
        return Scanned(opens, closes, found.length)


def _is_punctuation(letter: str) -> bool:
    return isMdAsciiPunct(ord(letter)) or isPunctChar(letter)


class _InlineParser(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        state = _Inline(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


class Sized(msgspec.Struct, frozen=True):
    """A picture that may stand in the text, in pixels; `small` is the width of its file for phones, or 0."""

    key: str
    width: int
    height: int
    small: int = 0

    def tag(self, words: str) -> str:
        """The size is said, so that the page does not jump when the picture comes."""
        scale = min(1.0, WIDEST / max(self.width, 1), HIGHEST / max(self.height, 1))
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        sizes = f"(max-width: 48rem) 94vw, {width}px"
        choice = f' srcset="/media/small/{self.key} {self.small}w, /media/{self.key} {self.width}w" sizes="{sizes}"'
        return (f'<img src="/media/{self.key}"{choice if self.small else ""} width="{width}" height="{height}"'
                f' alt="{words}" loading="lazy" decoding="async">')  # fmt: skip


class Pictures(msgspec.Struct, frozen=True):
    """Those of one text. `nameless` is said for one that nobody described, in the writer's language."""

    sized: tuple[Sized, ...] = ()
    nameless: str = ""

    def __bool__(self) -> bool:
        return bool(self.sized)


class _Renderer(RendererHTML):
    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        address, said = str(token.attrGet("src") or ""), token.content.strip()
        found, pictures = MEDIA.fullmatch(address), env["pictures"]
        if said in UNDESCRIBED and found:
            said = pictures.nameless
        words, leads = html.escape(said) or html.escape(address), html.escape(address)
        one = next((one for one in pictures.sized if found and one.key == found.group(1)), None)
        inside = one.tag(words) if one else words
        return inside if token.meta.get("is_linked") else f'<a href="{leads}">{inside}</a>'


def _mark_linked_pictures(state: StateCore) -> None:
    """Once over the text: a renderer that looked back from each picture would take seconds over thousands of them."""
    for block in state.tokens:
        inside = 0
        for token in block.children or ():
            inside += (token.type == "link_open") - (token.type == "link_close")
            if token.type == "image" and inside > 0:
                token.meta["is_linked"] = True


def _link_bare_addresses(state: StateCore) -> None:
    for block in state.tokens:
        if block.type == "inline" and block.children and "://" in block.content:
            block.children = _linked(block.children)


def _linked(children: list[Token]) -> list[Token]:
    made: list[Token] = []
    inside = 0
    for token in children:
        inside += token.type == "link_open"
        inside -= token.type == "link_close"
        if token.type != "text" or inside or "://" not in token.content:
            made.append(token)
            continue
        position = 0
        for found in BARE_LINK.finditer(token.content):
            address = found.group().rstrip(TRAILING)
            made.append(_text(token.content[position : found.start()]))
            made += [Token("link_open", "a", 1, attrs={"href": address}), _text(address), Token("link_close", "a", -1)]
            position = found.start() + len(address)
        made.append(_text(token.content[position:]))
    return made


def _text(words: str) -> Token:
    return Token("text", "", 0, content=words)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20}, renderer_cls=_Renderer)
    rules = parser.inline
    parser.inline = _InlineParser()
    parser.enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline"])
    parser.inline.ruler2.enableOnly(["balance_pairs", "strikethrough", "emphasis", "fragments_join"])
    del rules
    parser.core.ruler.push("bare_links", _link_bare_addresses)
    parser.core.ruler.push("linked_pictures", _mark_linked_pictures)
    return parser


def _shifted(tokens: list[Token], shift: int) -> list[Token]:
    """The highest heading used becomes the one below the page's: nobody knows the writer's levels."""
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + 1 + shift)}"
    return tokens


# Most tools need spaces around ** beside Japanese, so writers type them. They belong to Markdown, not to the sentence.
_EAST = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
_OPENING, _CLOSING = r"<(?:b|code|del|em|i|s|strong)>", r"</(?:b|code|del|em|i|s|strong)>"
_before_emphasis = re.compile(rf"(?<={_EAST}) (?={_OPENING}{_EAST})")
_after_emphasis = re.compile(rf"({_EAST}{_CLOSING}) (?={_EAST}|{_OPENING}{_EAST})")


def _closed_up(made: str) -> str:
    return _after_emphasis.sub(r"\1", _before_emphasis.sub("", made))


NONE = Pictures()


@lru_cache(maxsize=512)
def _html(text: str, shift: int, pictures: Pictures = NONE) -> str:
    parser = _parser()
    tokens = _shifted(parser.parse(text), shift)
    made = _closed_up(parser.renderer.render(tokens, parser.options, {"pictures": pictures}))
    return nh3.clean(made, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=REL)


def markdown(text: str | None, shift: int = 1, pictures: Pictures = NONE) -> Markup:
    """Safe HTML of `text`, cut at 32 KB. `shift` lowers headings: 1 makes the highest an h2."""
    return Markup(_html(_cut(text or ""), shift, pictures))  # noqa: S704  cleaned by nh3


async def markdown_in_thread(text: str, shift: int = 1, pictures: Pictures = NONE) -> Markup:
    """The same, beside the event loop when it is long; for actions that store the HTML."""
    if len(text) <= LONG:
        return markdown(text, shift, pictures)
    made: Markup = await in_thread(markdown, text, shift, pictures)
    return made


def _cut(text: str) -> str:
    return text if len(text) * 4 <= LONGEST else text.encode()[:LONGEST].decode(errors="ignore")


_inline = re.compile(r"</?(?:a|abbr|b|code|del|em|i|ins|kbd|mark|s|small|span|strong|sub|sup|u)(?:\s[^>]*)?>")
_tags = re.compile(r"<[^>]*>")
_alt = re.compile(r'<img [^>]*?alt="([^"]*)"[^>]*>')
_space = re.compile(r"\s+")


def described(made: str) -> str:
    """Cleaned HTML with the descriptions of its pictures in their place: they are read, and found, as words."""
    return _alt.sub(r" \1 ", made)


def words_of(made: str) -> str:
    """The words of cleaned HTML, in one line. Only what stands in a line of its own is set apart, so that
    **締め日**を, and also 「**締め日** を」, stay together."""
    joined = _inline.sub("", _closed_up(described(made)))
    return _space.sub(" ", html.unescape(_tags.sub(" ", joined)).replace("\0", "")).strip()


def excerpt(text: str | None, n: int = 120) -> str:
    """The first `n` characters as plain words, for previews; markup of `text` is gone."""
    plain = words_of(_html(_cut(text or "")[: n * 8], 1))
    return plain if len(plain) <= n else plain[: n - 1].rstrip() + "…"
