"""How the community reads on a customer's timeline and at the bell. Imported for what it registers."""

from __future__ import annotations

import json
from typing import Any

from community.rules import reason_words
from core.i18n import _, lazy, moment, ngettext
from customers.task_words import task_leads_to
from customers.telling import describe_notice
from customers.timeline import describe

THREAD = "/community/{about_id}"
POST = "/community/posts/{about_id}"


def _idea(data: dict[str, Any]) -> str:
    title, message = data.get("title", ""), data.get("message", "")
    said = {
        "reviewing": _("“%(title)s” is under review now", title=title),
        "planned": _("“%(title)s” is planned now", title=title),
        "shipped": _("“%(title)s” is here", title=title),
        "declined": _("“%(title)s” will not be made", title=title),
    }.get(data.get("status", ""), _("“%(title)s” takes votes again", title=title))
    return _("%(state)s: %(said)s", state=said, said=message) if message else said


def _hidden(data: dict[str, Any]) -> str:
    return _("Your post in “%(title)s” was hidden: %(reason)s", title=data.get("title", ""),
             reason=reason_words(data.get("reason", "")))  # fmt: skip


def _paused(data: dict[str, Any]) -> str:
    return _("Several people reported what you wrote. You can write again from %(when)s, or once a moderator agrees.",
             when=moment(data.get("until")))  # fmt: skip


def _hidden_words(data: dict[str, Any]) -> str:
    return reason_words(data.get("reason", ""))


def why_words(why: Any) -> str:
    """'3 answers about #billing were chosen', of what `Expert.why` kept."""
    said = json.loads(why) if isinstance(why, str) else why or {}
    count, tags = int(said.get("answers", 0)), " ".join(f"#{tag}" for tag in said.get("tags", []))
    if not count:
        return _("You help on this board.")
    if not tags:
        return ngettext("%(n)s answer of yours to a question like this was chosen.",
                        "%(n)s answers of yours to questions like this were chosen.", count)  # fmt: skip
    return ngettext("%(n)s answer of yours about %(tags)s was chosen.",
                    "%(n)s answers of yours about %(tags)s were chosen.", count, tags=tags)  # fmt: skip


def _called(data: dict[str, Any]) -> str:
    """Who was asked reads why it is them."""
    return _("%(by)s asked “%(title)s”. Do you know the answer? %(why)s", by=data.get("by", ""),
             title=data.get("title", ""), why=why_words(data))  # fmt: skip


describe("community.asked", lazy("Asked in the community: “%(title)s”"), "chat", tone="info", href=THREAD,
         label=lazy("Asked in the community"))  # fmt: skip
describe("community.suggested", lazy("Wrote an idea: “%(title)s”"), "bulb", href=THREAD, label=lazy("Wrote an idea"))
describe("community.posted", lazy("Wrote in the community: “%(title)s”"), "talk", href=THREAD,
         label=lazy("Wrote in the community"))  # fmt: skip
describe("community.answered", lazy("Answered “%(title)s”"), "talk", href=POST, label=lazy("Answered in the community"))
describe("community.replied", lazy("Replied to “%(title)s”"), "talk", href=POST, label=lazy("Replied in the community"))
describe("community.solved", lazy("Found the answer to “%(title)s”"), "done", tone="good", href=THREAD,
         label=lazy("Found an answer in the community"))  # fmt: skip
describe("community.helped", lazy("Their answer to “%(title)s” was chosen"), "thumb", tone="good", href=THREAD,
         label=lazy("An answer of theirs was chosen"))  # fmt: skip
describe("community.hidden", lazy("A post of theirs in “%(title)s” was hidden"), "hide", tone="warn",
         text=_hidden_words, href=POST, label=lazy("A post was hidden"))  # fmt: skip

describe_notice("community.called", _called, "chat", group="asked")
describe_notice("community.waiting", lazy("“%(title)s” still has no answer"), "clock", group="asked")
task_leads_to("question", THREAD)
describe_notice("community.thread", lazy("%(by)s wrote “%(title)s”"), "chat", group="watched")
describe_notice("community.mentioned", lazy("%(by)s mentioned you in “%(title)s”"), "talk",
                group="answers")  # fmt: skip
describe_notice("community.answered", lazy("%(by)s replied to your “%(title)s”"), "talk", group="answers")
describe_notice("community.replied", lazy("%(by)s replied to “%(title)s”"), "talk", group="watched")
describe_notice("community.accepted", lazy("Your answer to “%(title)s” was chosen"), "done", group="answers")
describe_notice("community.solved", lazy("“%(title)s” is solved"), "done", group="watched")
describe_notice("community.hidden", _hidden, "hide", group="posts")
describe_notice(
    "community.closed",
    lazy("“%(title)s” is closed until a moderator has looked: several people reported it"),
    "lock", group="posts",
)  # fmt: skip
describe_notice(
    "community.article", lazy("What you wrote in “%(title)s” is in the help centre now. Thank you."), "book",
    group="answers",
)  # fmt: skip
describe_notice("community.paused", _paused, "clock", group="posts")
describe_notice("community.needs_info", lazy("“%(title)s”: those who want to help need to know more"), "info",
                group="answers")  # fmt: skip
describe_notice("community.retitled", lazy("A moderator changed the title or tags of “%(title)s”"), "edit",
                group="posts")  # fmt: skip
describe_notice("community.idea", _idea, "bulb", group="watched")
