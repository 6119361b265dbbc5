"""How tasks read: what somebody wrote, or what opened them, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from core.i18n import _, day, lazy
from customers.sentences import describe
from customers.telling import describe_notice

# Why there is a task: in filters and beside it
CAUSES = {"by_hand": lazy("Written by staff"), "goal": lazy("Goal not reached"), "detractor": lazy("Unhappy answer"),
          "health": lazy("Health fell"), "renewal": lazy("Renewal ahead"),
          "question": lazy("Question without an answer"), "journey": lazy("Step of a journey")}  # fmt: skip
STATES = {"open": lazy("Still to do"), "done": lazy("Done"), "dropped": lazy("Not needed any more")}
TITLES = {
    "goal": lazy("The day of a goal has passed: %(title)s"),
    "detractor": lazy("Ask why the answer was %(score)s of 10"),
    "health": lazy("Find out why health fell from %(before)s to %(after)s"),
    "question": lazy("Answer in the community: “%(title)s”"),
    "journey": lazy("%(title)s"),
    "renewal": lazy("Talk about renewing %(product)s by %(day)s"),
}


_LEADS: dict[str, str] = {}  # kind → the address of what the task is about


def task_leads_to(kind: str, path: str) -> None:
    """At import of the room that opens them: `task_leads_to("question", "/community/{about_id}")`."""
    _LEADS[kind] = path


def path_of(task: Any) -> str:
    """Where what opened a task can be read; empty where it has no page."""
    return _LEADS[task.kind].format(about_id=task.about_id) if task.kind in _LEADS and task.about_id else ""


def title_of(task: Any) -> str:
    """Of a row of `account_task`."""
    return titled(task.title, task.kind, task.facts)


def titled(title: str, kind: str, facts: Mapping[str, Any]) -> str:
    if title or kind not in TITLES:
        return title
    said = {"title": "–", "score": "–", "before": "–", "after": "–", "product": "–", "day": "–"} | dict(facts)
    if kind == "renewal" and "day" in facts:
        said["day"] = day(date.fromisoformat(str(facts["day"])))
    return str(TITLES[kind]) % said


def _said(facts: dict[str, Any]) -> str:
    return titled(facts.get("title", ""), facts.get("cause", ""), facts.get("facts") or {})


def _opened(facts: dict[str, Any]) -> str:
    return _("To be done: %(title)s", title=_said(facts))


def _done(facts: dict[str, Any]) -> str:
    return _("%(by)s has done it: %(title)s", by=facts["by"], title=_said(facts))


def _dropped(facts: dict[str, Any]) -> str:
    return _("Not needed any more: %(title)s", title=_said(facts))


def _given(facts: dict[str, Any]) -> str:
    return _("A task of yours about %(account)s: %(title)s", account=facts["account"], title=_said(facts))


describe("customers.task_opened", _opened, "flag", label=lazy("Task opened"))
describe("customers.task_done", _done, "check", tone="good", label=lazy("Task done"))
describe("customers.task_dropped", _dropped, "flag", label=lazy("Task dropped"))
describe_notice("customers.task_given", _given, "flag", group="tasks")
