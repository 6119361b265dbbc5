"""A campaign's content: checked and compiled once, rendered for each recipient."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import msgspec
from jinja2 import Template, UndefinedError

from campaigns.language import (
    HTML,
    MOST_OUTPUT,
    PLAIN_TEXT,
    Missed,
    Problem,
    TooMuch,
    links_in,
    missing_name,
    problems_in,
    rendered,
)
from campaigns.line.content import Message, links_of, problems
from campaigns.mjml import compile_mjml, put_back
from campaigns.plaintext import text_of
from campaigns.variables import Schema
from channels.senders import Sender
from core.clock import local_day
from core.errors import Refused
from core.i18n import _
from core.settings import settings

LONGEST_SUBJECT = 300


class Draft(msgspec.Struct, frozen=True):
    """What was written. An empty `text` is made from the MJML. `line` and `channels` None: as they were."""

    subject: str
    mjml: str
    preheader: str = ""
    text: str = ""
    line: tuple[Message, ...] | None = None
    channels: str | None = None

    @property
    def has_mail(self) -> bool:
        return bool(self.subject.strip() or self.mjml.strip())

    @property
    def hash(self) -> str:
        """Of the content and of the channels for which it is tried; of mails alone as it always was."""
        parts = [self.subject, self.preheader, self.mjml, self.text]
        if self.line:
            parts.append(msgspec.json.encode(self.line).decode())
        if self.channels and self.channels != "email":
            parts.append(self.channels)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


class Content(msgspec.Struct, frozen=True):
    """A draft that is fine, compiled: Jinja in HTML and in text, and the addresses it links to."""

    draft: Draft
    html: str
    plain: str
    links: list[str]


class Mistakes(Refused):
    """What was written cannot be kept as it is; `problems` says where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].sentence)
        self.problems = problems


def compiled(draft: Draft, schema: Schema) -> Content:
    """Raises Mistakes. CPU work of some milliseconds: call it in a thread.

    Where there are messages for LINE the mail may be left empty; the checks say when a channel has no content.
    """
    found = problems(draft.line or (), schema, address_of)
    if not draft.has_mail and draft.line:
        if found:
            raise Mistakes(found)
        return Content(draft, "", "", links_of(draft.line))
    found += problems_in(draft.subject, "subject", schema) + problems_in(draft.preheader, "preheader", schema)
    found += problems_in(draft.mjml, "body", schema) + problems_in(draft.text, "text", schema)
    if not draft.subject.strip():
        found.append(Problem("subject", 0, 0, _("Write a subject.")))
    if not draft.mjml.strip():
        found.append(Problem("body", 0, 0, _("Write the text of the mail.")))
    if any(letter in draft.subject for letter in "\r\n\0"):
        found.append(Problem("subject", 0, 0, _("A line of a mail's header may not hold a line break.")))
    made, more = compile_mjml(draft.mjml, draft.preheader)
    found += more
    if found or made is None:
        raise Mistakes(sorted(dict.fromkeys(found), key=lambda one: (one.part, one.line)))
    plain = draft.text or put_back(text_of(made.protected), made.words)
    links = list(dict.fromkeys(links_in(draft.mjml) + links_in(plain) + links_of(draft.line or ())))
    return Content(draft, made.html, plain, links)


def address_of(target: str) -> str:
    """The address that `link('…')` leads to: https, mailto, or a path of this site. Raises Refused for others."""
    if target.startswith("/") and not target.startswith("//"):
        return settings().url.rstrip("/") + target
    own = settings().url.rstrip("/") + "/"
    if target.startswith(("https://", "mailto:", own)) and len(target) < 2000 and " " not in target:
        return target
    raise Refused(_("%(address)s: write an https address or a path such as /help.", address=target[:200] or "—"))


class Templates:
    """A revision ready to render. `sender` and the unsubscribe address come on top of the recipient's values."""

    def __init__(self, subject: str, html: str, plain: str) -> None:
        self.subject: Template = PLAIN_TEXT.from_string(subject)
        self.html: Template = HTML.from_string(html)
        self.plain: Template = PLAIN_TEXT.from_string(plain)

    def render(self, values: dict[str, Any]) -> tuple[str, str, str]:
        """Subject, text and HTML, for templates that passed the dry run. Raises Missed or TooMuch."""
        try:
            found = self.subject.render(values), self.plain.render(values), self.html.render(values)
        except UndefinedError as error:
            raise Missed(missing_name(error)) from error
        except (TypeError, ValueError, OverflowError) as error:
            raise TooMuch(str(error)) from error
        return self._within(*found)

    def render_bounded(self, values: dict[str, Any]) -> tuple[str, str, str]:
        """The same for what nobody has tried yet: within a time and a length (previews, dry runs)."""
        return self._within(rendered(self.subject, values), rendered(self.plain, values), rendered(self.html, values))

    def _within(self, subject: str, text: str, html: str) -> tuple[str, str, str]:
        if len(html) > MOST_OUTPUT or len(text) > MOST_OUTPUT:
            raise TooMuch(f"more than {MOST_OUTPUT} characters")
        subject = " ".join(subject.split())
        if len(subject) > LONGEST_SUBJECT:
            raise TooMuch(f"a subject of more than {LONGEST_SUBJECT} characters")
        return subject, text, html


def common_values(sender: Sender) -> dict[str, Any]:
    """What is the same for every recipient of a sending."""
    return {
        "sender": {k: v for k, v in (("name", sender.name), ("address", sender.address), ("contact", sender.contact),
                                     ("email", sender.email)) if v},
        "today": local_day(),
    }  # fmt: skip


def unsubscribe_address(token: str) -> str:
    return f"{settings().url.rstrip('/')}/u/{token}"


def new_token() -> str:
    return secrets.token_hex(16)
