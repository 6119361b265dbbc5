"""What the bot says, in the customer's language, with buttons that every channel can draw."""

from __future__ import annotations

from typing import Any

from core.i18n import _, speaking
from core.pages import absolute
from search import Hit

SNIPPET = 400


def source_of(hit: Hit) -> dict[str, Any]:
    return {"kind": hit.ref.kind, "id": hit.ref.id, "title": hit.title, "url": hit.url, "snippet": snippet_of(hit)}


def snippet_of(hit: Hit) -> str:
    return "".join(part.text for part in hit.snippet).strip()[:SNIPPET]


def answer(source: dict[str, Any], message_id: int, lang: str) -> tuple[str, dict[str, Any]]:
    """The answer with its source, and 'did it help?'. Returns words and content for the channels."""
    with speaking(lang):
        url = address_of(source)
        words = "\n\n".join(filter(None, (
            _("“%(title)s” should help.", title=source["title"]), source.get("snippet", ""), url,
            _("Did it help?"),
        )))  # fmt: skip
        buttons = [
            [_("It helped"), f"help:{message_id}:yes"],
            [_("Not solved yet"), f"help:{message_id}:no"],
            [_("Ask a person"), f"person:{message_id}"],
        ]
    return words, {"type": "answer", "title": source["title"], "url": url, "buttons": buttons}


def candidates(sources: list[dict[str, Any]], message_id: int, lang: str) -> tuple[str, dict[str, Any]]:
    """もしかして: three questions to choose from."""
    with speaking(lang):
        listed = "\n".join(f"{n}. {source['title']}" for n, source in enumerate(sources, 1))
        words = _("Did you mean one of these?") + "\n" + listed
        buttons = [[f"{n}. {source['title']}", f"pick:{message_id}:{n - 1}"] for n, source in enumerate(sources, 1)]
        buttons.append([_("Ask a person"), f"person:{message_id}"])
    return words, {"type": "candidates", "buttons": buttons}


def suggestion(band: str, sources: list[dict[str, Any]], lang: str) -> str:
    """The same for staff to send: no buttons, because what comes back goes to them."""
    with speaking(lang):
        if band == "answer":
            first = sources[0]
            words = [_("“%(title)s” should help.", title=first["title"]), first.get("snippet", ""), address_of(first)]
            return "\n\n".join(filter(None, words))
        listed = "\n".join(f"{n}. {one['title']}\n{address_of(one)}" for n, one in enumerate(sources, 1))
        return _("Did you mean one of these?") + "\n" + listed


def address_of(source: dict[str, Any]) -> str:
    return absolute(source["url"]) if source["url"].startswith("/") else str(source["url"])


def link(url: str, lang: str) -> tuple[str, dict[str, Any]]:
    with speaking(lang):
        return _("Open this page within ten minutes, sign in, and link your LINE account.") + f"\n{url}", {}


def heard_stop(word: str, changed: int, is_known: bool, lang: str) -> tuple[str, dict[str, Any]]:
    """What “stop” or “resume” came to."""
    with speaking(lang):
        if not is_known:
            words = [_("We send no news to this LINE account.")]
        elif word == "stop":
            words = [_("You will get no more news from us on LINE. Answers to your questions still come."),
                     _("Write “resume” to get it again.")]  # fmt: skip
        elif changed:
            words = [_("You will get our news on LINE again."), _("Write “stop” to end it.")]
        else:
            words = [_("Nothing was stopped here by a message. You choose what you receive on this page:"),
                     absolute("/me/contact")]  # fmt: skip
        return "\n".join(words), {}


def said(kind: str, lang: str, message_id: int = 0, **values: Any) -> tuple[str, dict[str, Any]]:
    """A short sentence of its own."""
    with speaking(lang):
        words = {
            "thanks": _("You are welcome. Write whenever something is unclear."),
            "greeting": _("Hello. This is the automatic assistant. Write your question in one sentence."),
            "helped": _("Good to hear. Write whenever something is unclear."),
            "other_words": _("Sorry that it did not help. Say it in other words, or ask a person."),
            "later": _("This takes a little longer. Tap to see the answer when it is ready."),
            "not_yet": _("The answer is not ready yet. You will get it here."),
            "which": _("Write what you want to know in one sentence."),
        }[kind]
        buttons = [[_("Ask a person"), f"person:{message_id}"]] if kind in ("other_words", "greeting", "which") else []
        if kind == "later":
            buttons = [[_("See the answer"), f"see:{message_id}"]]
    return words, {"type": kind, "buttons": buttons} if buttons else {}
