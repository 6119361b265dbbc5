"""MJML with template tags: the tags are protected, mrml compiles once, the tags are put back.

`<` inside `{% if a < 5 %}` breaks mrml, and text between sections is moved or lost, so a tag becomes a word that MJML
does not touch, and one that stands between elements becomes `<mj-raw>word</mj-raw>`.
"""

from __future__ import annotations

import difflib
import re

import mrml
import msgspec

from campaigns.language import Problem
from core.i18n import _

# A tag has at most 500 characters, which keeps a page of "{{ {{ {{" from being read again and again.
TAG = r"\{\{.{0,500}?\}\}|\{%.{0,500}?%\}|\{#.{0,2000}?#\}"
DEEPEST = 40
PIECE = re.compile(
    rf"(?P<tag>{TAG})|(?P<comment><!--.*?-->)|(?P<close></\s*(?P<closed>[\w-]+)\s*>)"
    rf"|(?P<open><(?P<opened>[\w-]+)(?P<inside>(?>{TAG}|\"[^\"]*\"|'[^']*'|[^<>\"'])*+)>)",
    re.DOTALL,
)
TAGS = re.compile(TAG, re.DOTALL)
ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(\"[^\"]*\"|'[^']*')", re.DOTALL)
WORD = re.compile(r"jx(\d+)xj")
# In these, text is text; everywhere else only elements may stand.
TEXTS = {"mj-text", "mj-button", "mj-table", "mj-raw", "mj-title", "mj-preview", "mj-navbar-link",
         "mj-social-element", "mj-accordion-title", "mj-accordion-text"}  # fmt: skip
KNOWN = TEXTS | {
    "mjml", "mj-head", "mj-body", "mj-section", "mj-column", "mj-group", "mj-wrapper", "mj-hero", "mj-image",
    "mj-divider", "mj-spacer", "mj-social", "mj-navbar", "mj-accordion", "mj-accordion-element", "mj-carousel",
    "mj-carousel-image", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-style", "mj-include",
}  # fmt: skip
VOID = {"br", "img", "hr", "wbr", "input", "meta", "link", "col", "area"}
ADDRESS = re.compile(r"^\{\{\s*(link\('[^']*'\)|link\(\"[^\"]*\"\)|unsubscribe_url)\s*\}\}$"
                     r"|^mailto:\{\{\s*sender\.(contact|email)\s*\}\}$")  # fmt: skip
SPOKEN = {"alt", "title", "aria-label"}
SCRIPTED = re.compile(
    r"<\s*(script|iframe|object|embed|form|base|meta|svg|math|input)\b|\son\w+\s*=|javascript:", re.IGNORECASE
)


class Compiled(msgspec.Struct, frozen=True):
    html: str
    words: dict[str, str]
    protected: str  # html with words in place of the tags: what the text part is made from


class _Protector:
    def __init__(self, source: str) -> None:
        self.source = source
        self.words: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.stack: list[str] = []

    def word(self, tag: str) -> str:
        name = f"jx{len(self.words)}xj"
        self.words[name] = tag
        # As many lines as before, so that what mrml says still names the writer's line.
        return name + "\n" * tag.count("\n")

    def no(self, at: int, what: str) -> None:
        before = self.source[:at]
        self.problems.append(Problem("body", before.count("\n") + 1, at - before.rfind("\n"), what))

    def run(self) -> str:
        kept: list[str] = []
        at = 0
        for found in PIECE.finditer(self.source):
            kept += [self.between(at, found.start()), self.piece(found)]
            at = found.end()
        return "".join([*kept, self.between(at, len(self.source))])

    def between(self, start: int, end: int) -> str:
        text = self.source[start:end]
        if text.strip() and not any(name in TEXTS or name == "mj-style" for name in self.stack):
            self.no(start + len(text) - len(text.lstrip()), _("Text belongs inside mj-text."))
        return text

    def piece(self, found: re.Match[str]) -> str:
        if tag := found["tag"]:
            return self.tag(tag, found.start())
        if found["comment"]:
            return "\n" * found["comment"].count("\n")
        if found["close"]:
            if found["closed"] in self.stack:
                while self.stack.pop() != found["closed"]:
                    pass
            return found.group()
        return self.open(found)

    def tag(self, tag: str, at: int) -> str:
        if tag.startswith("{#"):
            return "\n" * tag.count("\n")
        if any(name in TEXTS for name in self.stack):
            return self.word(tag)
        if "mj-style" in self.stack or "mj-head" in self.stack:
            self.no(at, _("Nothing can be filled in here; do it inside mj-text."))
            return ""
        if tag.startswith("{{"):
            self.no(at, _("Text belongs inside mj-text."))
            return ""
        return f"<mj-raw>{self.word(tag)}</mj-raw>"

    def open(self, found: re.Match[str]) -> str:
        name, inside = found["opened"].lower(), found["inside"]
        if name == "mj-include":
            self.no(found.start(), _("mj-include is not possible."))
        elif name.startswith("mj") and name not in KNOWN:
            meant = difflib.get_close_matches(name, KNOWN, n=1)
            what = _("there is no %(name)s. Did you mean %(meant)s?", name=name, meant=meant[0]) if meant else _(
                "there is no %(name)s.", name=name)  # fmt: skip
            self.no(found.start(), what)
        at = found.start("inside")
        if TAGS.search(inside):
            inside = ATTRIBUTE.sub(lambda one: self.attribute(one, at), inside)
            if TAGS.search(inside):
                self.no(found.start(), _("Inside <…>, values go into href, alt or title only."))
                inside = TAGS.sub("", inside)
        if not inside.rstrip().endswith("/") and name not in VOID:
            self.stack.append(found["opened"])
            if len(self.stack) == DEEPEST:
                self.no(found.start(), _("This is nested too deeply."))
        return f"<{found['opened']}{inside}>"

    def attribute(self, found: re.Match[str], at: int) -> str:
        name, quote, value = found[1].lower(), found[2][0], found[2][1:-1]
        if not TAGS.search(value):
            return found.group()
        if not (name in SPOKEN or (name == "href" and ADDRESS.match(value.strip()))):
            what = (_("An address is link('https://…') or unsubscribe_url.") if name in ("href", "src")
                    else _("Nothing can be filled into %(name)s.", name=found[1]))  # fmt: skip
            self.no(at + found.start(), what)
        return f"{found[1]}={quote}{TAGS.sub(lambda tag: self.word(tag.group()).strip(), value)}{quote}"


def compile_mjml(source: str, preheader: str = "") -> tuple[Compiled | None, list[Problem]]:
    """HTML with its template tags, or what is wrong with the MJML. Takes some milliseconds: run it in a thread."""
    complete = whole(source, preheader)
    protector = _Protector(complete)
    protected = protector.run()
    if protector.problems:
        moved = complete != source  # what was put around it shifts the first line
        return None, [msgspec.structs.replace(one, column=0) if moved and one.line == 1 else one
                      for one in protector.problems]  # fmt: skip
    try:
        # No web font of a third party: it would tell them who opened the mail.
        html = mrml.to_html(protected, None, mrml.RenderOptions(fonts={})).content
    except Exception as error:  # mrml names no type of its own
        return None, [_mrml_problem(str(error), protected)]
    lost = [tag for word, tag in protector.words.items() if word not in html]
    if lost:
        return None, [Problem("body", 0, 0, _("MJML drops this here: %(tag)s", tag=lost[0][:80]))]
    if found := SCRIPTED.search(WORD.sub("", protected)):
        return None, [Problem("body", 0, 0, _("Scripts and forms do not work in mail: %(what)s", what=found.group()))]
    # Style sheets may hold what looks like a tag; blanks change nothing there.
    html = html.replace("{{", "{ {").replace("{%", "{ %").replace("{#", "{ #")
    return Compiled(put_back(html, protector.words), protector.words, html), []


def whole(source: str, preheader: str = "") -> str:
    """A body alone gets its <mjml> around it, and the preheader its <mj-preview>, on lines that exist already."""
    if "<mjml" not in source:
        source = f"<mjml><mj-body>{source}</mj-body></mjml>"
    if preheader and "<mj-preview" not in source:
        preview = f"<mj-preview>{_escaped(preheader)}</mj-preview>"
        if "<mj-head>" in source:
            source = source.replace("<mj-head>", f"<mj-head>{preview}", 1)
        else:
            source = source.replace("<mj-body", f"<mj-head>{preview}</mj-head><mj-body", 1)
    return source


def _escaped(text: str) -> str:
    """The words between the tags; the tags themselves are not touched."""
    kept: list[str] = []
    at = 0
    for tag in TAGS.finditer(text):
        kept += [_plain(text[at : tag.start()]), tag.group()]
        at = tag.end()
    return "".join([*kept, _plain(text[at:])])


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def put_back(text: str, words: dict[str, str]) -> str:
    return WORD.sub(lambda word: words.get(word.group(), word.group()), text)


POSITION = re.compile(r"(?:position|at|span)\D{0,12}(\d+)")


def _mrml_problem(message: str, protected: str) -> Problem:
    found = POSITION.search(message)
    line = protected[: int(found[1])].count("\n") + 1 if found else 0
    return Problem("body", line, 0, _("The MJML cannot be read: %(words)s", words=message[:200]))
