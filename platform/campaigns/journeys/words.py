"""Journeys in words: states, steps, what happened and why."""

from __future__ import annotations

from collections.abc import Mapping

from campaigns.journeys.tree import Stage
from core.i18n import _, lazy, ngettext

STATES = {"draft": lazy("Draft"), "live": lazy("Live now"), "paused": lazy("Paused"), "stopped": lazy("Stopped")}
TONES = {"live": "good", "paused": "warn"}
RUN_STATES = {
    "active": lazy("On the way"), "done": lazy("Went through"), "goal": lazy("Reached the goal"),
    "left": lazy("Left early"), "stopped": lazy("Taken out"),
}  # fmt: skip
RUN_TONES = {"active": "info", "goal": "good", "stopped": "warn"}
RUN_LOOKS = {"active": "c2", "done": "c1", "goal": "c4", "left": "c6", "stopped": "c5"}
WHY_ENDED = {
    "event": lazy("did what the journey is for"),
    "segment": lazy("came into the segment that is the goal"),
    "segment_left": lazy("is not in the segment of the journey any more"),
    "leave": lazy("came to a step that ends it"),
    "by_hand": lazy("a person decided so"),
    "journey_stopped": lazy("the journey was stopped"),
    "replaced": lazy("the pilot was begun anew, or its content was changed"),
}  # fmt: skip
KINDS = {
    "send": lazy("Send a mail"), "wait": lazy("Wait"), "wait_for": lazy("Wait for something"),
    "split": lazy("Split by a segment"), "again": lazy("Send again to who did not click"),
    "task": lazy("Task for the CSM"), "leave": lazy("End here"),
}  # fmt: skip
ICONS = {"send": "mail", "wait": "clock", "wait_for": "eye", "split": "merge", "again": "undo", "task": "flag",
         "leave": "x"}  # fmt: skip
WEEKDAYS = {
    "0": lazy("any day"), "1": lazy("Monday"), "2": lazy("Tuesday"), "3": lazy("Wednesday"), "4": lazy("Thursday"),
    "5": lazy("Friday"), "6": lazy("Saturday"), "7": lazy("Sunday"),
}  # fmt: skip
MOVES = {
    "entered": lazy("Entered the journey"), "waited": lazy("Waited, and went on"), "yes": lazy("Went the way of “yes”"),
    "no": lazy("Went the way of “no”"), "task": lazy("A task was opened"), "no_task": lazy("No task was opened"),
    "leave": lazy("It ended here"), "sent": lazy("Came to a mail"), "ended": lazy("Out of the journey"),
}  # fmt: skip
WHY_NO_TASK = {"no_company": lazy("they belong to no company"),
               "not_wanted": lazy("there is one already, or none is wanted (Settings)")}  # fmt: skip


def reason_of(reason: str) -> str:
    """Why a run ended, or why a move did less than it says."""
    found = WHY_ENDED.get(reason) or WHY_NO_TASK.get(reason)
    return str(found) if found else ""


def span(days: int, hours: int = 0) -> str:
    said = [ngettext("%(n)s day", "%(n)s days", days)] if days or not hours else []
    said += [ngettext("%(n)s hour", "%(n)s hours", hours)] if hours else []
    return " ".join(said)


def title_of(one: Stage, mails: Mapping[int, str], segments: Mapping[int, str]) -> str:
    """A step in a line. `mails` and `segments` are names by id."""
    if one.kind == "send":
        return mails.get(one.campaign, str(KINDS["send"]))
    if one.kind == "wait":
        return _until(one) if one.hour is not None else _("Wait %(time)s", time=span(one.days, one.hours))
    if one.kind == "wait_for":
        return _("%(what)s, at most %(time)s", what=_awaited(one, segments), time=span(one.days))
    if one.kind == "split":
        return _("In the segment “%(name)s”?", name=segments.get(one.segment, "–"))
    if one.kind == "again":
        return _("No click after %(time)s: send it again as “%(subject)s”, at most %(n)s times", time=span(one.days),
                 subject=one.subject, n=one.times)  # fmt: skip
    if one.kind == "task":
        return _("Task: %(title)s", title=one.title)
    return str(KINDS["leave"])


def _until(one: Stage) -> str:
    if not one.weekday:
        return _("Wait until it is %(hour)s:00 for them", hour=one.hour)
    return _("Wait until %(day)s, %(hour)s:00 for them", day=WEEKDAYS[str(one.weekday)], hour=one.hour)


def _awaited(one: Stage, segments: Mapping[int, str]) -> str:
    if one.what == "event":
        return _("Wait until they do “%(event)s”", event=one.event)
    if one.what == "click":
        return _("Wait until they follow a link of the last mail")
    return _("Wait until they are in “%(name)s”", name=segments.get(one.segment, "–"))


def branch_words(one: Stage) -> tuple[str, str]:
    """What stands above the two ways."""
    if one.kind == "split":
        return _("Yes"), _("No")
    return _("Yes, it came"), _("No, the time is over")
