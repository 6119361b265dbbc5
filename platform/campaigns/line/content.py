"""What a campaign says on LINE: up to three messages, each a text or a card, in the language of the mails."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from jinja2 import UndefinedError

from campaigns.language import PLAIN_TEXT, Missed, Problem, TooMuch, links_in, missing_name, problems_in, rendered
from campaigns.variables import Schema
from channels import line_messages as lm
from channels.outcomes import NotAccepted
from core.errors import Refused
from core.i18n import _, number
from core.settings import settings

MOST, BUTTONS = 3, 2
TEXT, CARD_TEXT, TITLE = lm.TEXT, 500, 40
PICTURE = re.compile(r"https://\S{1,990}|/media/[\w.-]{1,80}")
TOO_LONG = "line:"  # begins what TooMuch says of a message that LINE would not take


class Button(msgspec.Struct, frozen=True):
    """Leads to an https address or a path of this site; the click is counted as in mails."""

    label: str
    target: str


class Message(msgspec.Struct, frozen=True):
    """`kind`: text, or card (title, text, picture, one or two buttons). Words are Jinja; a picture is an address."""

    kind: str = "text"
    text: str = ""
    title: str = ""
    picture: str = ""
    buttons: tuple[Button, ...] = ()

    def words(self) -> list[tuple[str, str]]:
        """(field, Jinja)"""
        if self.kind == "text":
            return [("text", self.text)]
        labels = [(f"label{n}", button.label) for n, button in enumerate(self.buttons, 1)]
        return [("title", self.title), ("text", self.text), *labels]


def messages_of(kept: Any) -> tuple[Message, ...]:
    """Of what a revision holds."""
    return msgspec.convert(kept or [], tuple[Message, ...])


def problems(messages: Sequence[Message], schema: Schema, address_of: Callable[[str], str]) -> list[Problem]:
    """Everything that cannot be kept; `part` is the field's name in the form (line2_text)."""
    found: list[Problem] = []
    if len(messages) > MOST:
        found.append(Problem("line1_text", 0, 0, _("At most %(n)s messages at once.", n=MOST)))
    for at, message in enumerate(messages[:MOST], 1):
        for field, words in message.words():
            found += problems_in(words, f"line{at}_{field}", schema)
        found += [Problem(f"line{at}_{field}", 0, 0, what) for field, what in _wrong(message, address_of)]
    return found


def _wrong(message: Message, address_of: Callable[[str], str]) -> list[tuple[str, str]]:
    if message.kind == "text":
        return _long("text", message.text, TEXT) or ([] if message.text.strip() else [("text", _("Write the text."))])
    found = _long("title", message.title, TITLE) + _long("text", message.text, CARD_TEXT)
    if not (message.title.strip() or message.text.strip()):
        found.append(("title", _("A card needs a title or a text.")))
    if message.picture and not PICTURE.fullmatch(message.picture):
        found.append(("picture", _("Write an https address of a picture, or choose a file.")))
    for at, button in enumerate(message.buttons, 1):
        found += _button(at, button, address_of)
    return found


def _button(at: int, button: Button, address_of: Callable[[str], str]) -> list[tuple[str, str]]:
    found = _long(f"label{at}", button.label, lm.LABEL)
    if not button.label.strip():
        found.append((f"label{at}", _("Write what stands on the button.")))
    try:
        if not address_of(button.target).startswith(("https://", settings().url)):
            raise Refused("")
    except Refused:
        found.append((f"target{at}", _("Write an https address or a path such as /help.")))
    return found


def _long(field: str, words: str, most: int) -> list[tuple[str, str]]:
    """Words that are filled in may become longer or shorter: then the check over every recipient says so."""
    if "{" in words or lm.units(words) <= most:
        return []
    return [(field, _("At most %(n)s characters. LINE counts an emoji as two.", n=number(most)))]


def links_of(messages: Sequence[Message]) -> list[str]:
    """The targets of `link('…')` and of buttons, each once."""
    found: list[str] = []
    for message in messages:
        for _field, words in message.words():
            found += links_in(words)
        found += [button.target for button in message.buttons if message.kind == "card"]
    return list(dict.fromkeys(found))


class Templates:
    """Messages ready to render, once for each recipient."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.made = [{field: PLAIN_TEXT.from_string(words) for field, words in one.words()} for one in messages]

    def render(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        """LINE's message objects, for templates that passed the dry run. Raises Missed or TooMuch."""
        return self._made(values, _quickly)

    def render_bounded(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        """The same for what nobody has tried yet: within a time and a length."""
        return self._made(values, rendered)

    def _made(self, values: dict[str, Any], write: Callable[[Any, dict[str, Any]], str]) -> list[dict[str, Any]]:
        found = []
        for message, templates in zip(self.messages, self.made, strict=True):
            words = {field: tidy(write(template, values)) for field, template in templates.items()}
            found.append(_object(message, words, values["link"]))
        try:
            lm.check(found)
        except NotAccepted as refused:
            raise TooMuch(f"{TOO_LONG} {refused.reason}") from refused
        return found


def _quickly(template: Any, values: dict[str, Any]) -> str:
    try:
        return str(template.render(values))
    except UndefinedError as error:
        raise Missed(missing_name(error)) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise TooMuch(str(error)) from error


def _object(message: Message, words: dict[str, str], link: Callable[[str], str]) -> dict[str, Any]:
    if message.kind == "text":
        return lm.text(words["text"])
    for field, most in (("title", TITLE), ("text", CARD_TEXT), ("label1", lm.LABEL), ("label2", lm.LABEL)):
        if lm.units(words.get(field, "")) > most:
            raise TooMuch(f"{TOO_LONG} {field} has more than {most} characters")
    links = [(words[f"label{at}"], link(button.target)) for at, button in enumerate(message.buttons, 1)]
    if not all(label for label, _target in links):
        raise TooMuch(f"{TOO_LONG} a button without words")
    return lm.card(words["title"], words["text"], absolute(message.picture), links)


def absolute(picture: str) -> str:
    """LINE fetches pictures itself, whenever somebody looks: a picture of ours is public and stays."""
    return settings().url.rstrip("/") + picture if picture.startswith("/") else picture


def tidy(text: str) -> str:
    """What conditions leave behind: blank lines. LINE counts \\r\\n as two characters."""
    return re.sub(r"\n{3,}", "\n\n", text.replace("\r\n", "\n").strip())
