# ruff: noqa: E501 -- a sentence is read whole
"""The sentence at the top of each sheet: what its figures come to, in the language of the sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from core.i18n import _, day, ngettext, number

Figures = Mapping[str, Any]


def goals(made: Figures) -> str:
    listed = made["goals"]
    well = sum(bool(one["state"] == "reached" or (one["state"] == "open" and one["on_course"])) for one in listed)
    return ngettext("%(on)s of %(n)s goal on course or reached", "%(on)s of %(n)s goals on course or reached",
                    len(listed), on=well)  # fmt: skip


def use(made: Figures) -> str:
    said = ngettext("%(n)s person used the product", "%(n)s people used the product", made["people"])
    more = made["people"] - made["people_before"]
    if not made["people_before"] or not more:
        return said
    if more > 0:
        return _("%(said)s, %(n)s more than before", said=said, n=number(more))
    return _("%(said)s, %(n)s fewer than before", said=said, n=number(-more))


def peers(made: Figures) -> str:
    ahead = sum(one["own"] >= one["middle"] for one in made["measures"])
    n = len(made["measures"])
    return ngettext("In %(ahead)s of %(n)s measure at or above the middle of %(peers)s companies",
                    "In %(ahead)s of %(n)s measures at or above the middle of %(peers)s companies", n, ahead=ahead,
                    peers=made["n"])  # fmt: skip


def health(made: Figures) -> str:
    before, score = made["score_before"], made["score"]
    if before is None:
        return _("Health is %(score)s of 100", score=score)
    if before == score:
        return _("Health stayed at %(score)s of 100", score=score)
    return _("Health went from %(before)s to %(after)s", before=before, after=score)


def support(made: Figures) -> str:
    said = ngettext("%(n)s conversation", "%(n)s conversations", made["begun"])
    if made["wait"] is None:
        return said
    return _("%(said)s, half of them answered within %(wait)s", said=said, wait=minutes(made["wait"]))


def feedback(made: Figures) -> str:
    if made["score"] is None:
        return _("No answer in this period")
    return ngettext("NPS %(score)s from %(n)s answer", "NPS %(score)s from %(n)s answers", made["n"],
                    score=signed(made["score"]))  # fmt: skip


def quotes(lines: Sequence[Any]) -> str:
    return _("What people wrote to us")


def community(made: Figures) -> str:
    if made["posts"]:
        return ngettext("%(n)s person wrote in the community: %(answers)s", "%(n)s people wrote in the community: %(answers)s",
                        made["writers"], answers=ngettext("%(n)s answer", "%(n)s answers", made["answers"]))  # fmt: skip
    return ngettext("%(n)s article read", "%(n)s articles read", made["read"])


def contract(made: Figures) -> str:
    days = [one["renews"] for one in made["contracts"] if one["renews"]]
    if not days:
        return ngettext("%(n)s running contract", "%(n)s running contracts", len(made["contracts"]))
    return _("The next renewal is on %(day)s", day=day(date.fromisoformat(min(days))))


def tasks(lines: Sequence[Any]) -> str:
    done = sum(one.state == "done" for one in lines)
    return _("%(done)s done, %(open)s still to do", done=done, open=len(lines) - done)


def actions(listed: Sequence[Any]) -> str:
    return ngettext("%(n)s next action", "%(n)s next actions", len(listed))


# Numbers in words --------------------------------------------------------------------------------------------


def minutes(value: float) -> str:
    """Of business time: a working day has nine hours."""
    if value < 90:
        return _("%(n)s min", n=number(value))
    if value < 9 * 60:
        return _("%(n)s hours", n=number(value / 60, 1))
    return _("%(n)s working days", n=number(value / (9 * 60), 1))


def signed(value: float | None) -> str:
    if value is None:
        return "–"
    return f"+{number(value)}" if value > 0 else number(value).replace("-", "−")
