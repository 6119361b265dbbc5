"""Why somebody was, or was not, shown a guide: every rule that the claim asks, one after the other."""

from __future__ import annotations

import msgspec

from core.clock import when
from core.database import rows
from core.i18n import _, moment, ngettext
from customers import attention, segments
from customers.models import Person
from customers.touches import Room, room
from guides import published, showing
from guides.deciding import Gaps, Live, is_continued, refusals
from guides.models import Guide, Product
from guides.words import REASONS


class Line(msgspec.Struct, frozen=True):
    holds: bool
    title: str
    text: str = ""


class Trace(msgspec.Struct, frozen=True):
    """`shown` says what the claim would answer now, on an address that matches."""

    shown: bool
    lines: list[Line]
    views: list[str]


async def trace(guide: Guide, person: Person, address: str = "") -> Trace:
    found = await published.one(guide.key, guide.brand)
    assert found is not None
    lines = [_is_out(found), await _is_known(person), await _is_meant(found, person.id)]
    lines += await _rules(found, person.id, guide.brand)
    lines += await _budget(found, person.id)
    if address:
        fits = matches(guide.urls, address)
        lines.append(Line(fits, _("The address matches") if fits else str(REASONS["elsewhere"]),
                          ", ".join(guide.urls)))  # fmt: skip
    return Trace(all(one.holds for one in lines), lines, await _views(guide.id, person.id))


def _is_out(guide: Live) -> Line:
    if guide.state in ("live", "pilot"):
        return Line(True, _("The guide is on trial") if guide.is_pilot else _("The guide is live"))
    return Line(False, str(REASONS["not_live"]))


async def _is_known(person: Person) -> Line:
    if person.state != "active":
        return Line(False, str(REASONS["inactive"]))
    found = await rows("SELECT value FROM identity WHERE kind = 'user_id' AND person_id = ?"
                       " AND verified_at IS NOT NULL", person.id)  # fmt: skip
    if found:
        return Line(True, _("The product has signed in this person"), ", ".join(str(row[0]) for row in found[:3]))
    return Line(False, str(REASONS["no_identity"]), _("Ids are learned when a signed token names the e-mail address."))


async def _is_meant(guide: Live, person_id: int) -> Line:
    if guide.people is not None:
        return Line(person_id in guide.people, _("In the trial’s group") if person_id in guide.people
                    else str(REASONS["not_in_pilot"]))  # fmt: skip
    if guide.segment_id is None:
        return Line(False, _("No segment is chosen"))
    answer = await segments.why(await segments.tree_of(guide.segment_id), person_id)
    is_in = await segments.is_in(guide.segment_id, person_id)
    if answer.holds and not is_in:
        return Line(False, str(REASONS["not_in_segment"]), _("A segment holds customers only."))
    return Line(is_in, _("In the segment") if is_in else str(REASONS["not_in_segment"]),
                _(", ").join(segments.reasons(answer)))  # fmt: skip


async def _rules(guide: Live, person_id: int, brand: str) -> list[Line]:
    """What the rules say against it; one line that nothing does, when nothing does."""
    product = await Product.get_or_none(brand=brand)
    gaps = Gaps(product.gap_hours, product.survey_gap_days) if product else Gaps(24, 90)
    seen, now = await showing.seen_by(person_id), published.moment()
    against = [one for one in refusals(guide, person_id, True, seen, gaps, now)
               if one not in ("not_in_pilot", "not_in_segment")]  # fmt: skip
    if not against and guide.id not in seen and guide.is_held_out(person_id):
        against = ["held_out"]
    if against:
        return [Line(False, str(REASONS[one]), _hint(one, guide, gaps)) for one in against]
    if is_continued(seen.get(guide.id), now):
        return [Line(True, _("It is still open from this visit"))]
    return [Line(True, _("Dates, its own limit and the pauses between guides allow it"))]


def _hint(reason: str, guide: Live, gaps: Gaps) -> str:
    if reason == "wait":
        return ngettext("%(n)s day between two times", "%(n)s days between two times", guide.every_days)
    if reason == "most_views":
        return ngettext("%(n)s time at most", "%(n)s times at most", guide.most_views)
    if reason == "held_out":
        return _("Chosen by chance, for good: %(n)s %% see nothing, so that the effect can be told.", n=guide.holdout)
    if reason == "gap":
        return ngettext("%(n)s hour between two guides", "%(n)s hours between two guides", gaps.hours)
    if reason == "survey_gap":
        return ngettext("%(n)s day between two surveys", "%(n)s days between two surveys", gaps.survey_days)
    return ""


async def _budget(guide: Live, person_id: int) -> list[Line]:
    """The limits over all channels, and the product's own where it has some. What is open or was shown asks neither."""
    been = (await showing.seen_by(person_id)).get(guide.id)
    if is_continued(been, published.moment()) or (guide.kind == "checklist" and been):
        return [Line(True, _("It takes no touch: the person has it already"))]
    found = await room(person_id, "in_app", "survey" if guide.kind == "survey" else "guide")
    if not found:
        return [Line(True, _("Who works here is never held back"))]
    over_all, own = ([one for one in found if one.is_own is own] for own in (False, True))
    lines = [_limits(over_all, _("The limit of touches leaves room"), str(REASONS["budget"]))]
    if own:
        full = next((one for one in own if not one.is_left), own[0])
        lines.append(_limits(own, _("The limit in the product leaves room"), str(attention.REASONS[full.reason])))
    return lines


def _limits(found: list[Room], left: str, full: str) -> Line:
    parts = [
        _("%(taken)s of %(most)s in 24 hours", taken=one.taken, most=one.most) if one.days == 1
        else _("%(taken)s of %(most)s in %(days)s days", taken=one.taken, most=one.most, days=one.days)
        for one in found
    ]  # fmt: skip
    if kept := max(one.kept for one in found):
        parts.append(ngettext("%(n)s is kept for something more important", "%(n)s are kept for something more"
                              " important", kept))  # fmt: skip
    is_left = all(one.is_left for one in found)
    return Line(is_left, left if is_left else full, _(", ").join(parts))


async def _views(guide_id: int, person_id: int) -> list[str]:
    """What happened so far, the newest first."""
    found = await rows("SELECT started_at, clicked_at, dismissed_at, completed_at FROM guide_view WHERE guide_id = ?"
                       " AND person_id = ? ORDER BY id DESC LIMIT 10", guide_id, person_id)  # fmt: skip
    told = []
    for row in found:
        parts = [_("Shown at %(when)s", when=moment(when(row[0])))]
        parts += [_("followed the link")] if row[1] else []
        parts += [_("closed")] if row[2] else []
        parts += [_("went through")] if row[3] else []
        told.append(_(", ").join(parts))
    return told


# The same as in browser/engawa.js -----------------------------------------------------------------------------


def matches(patterns: list[str], address: str) -> bool:
    """Whether an address of the product (a path, or a whole one) is one of `patterns`; none means everywhere."""
    without = [one[1:] for one in patterns if one.startswith("!")]
    within = [one for one in patterns if not one.startswith("!")]
    return not any(_on(one, address) for one in without) and (not within or any(_on(one, address) for one in within))


def _on(pattern: str, address: str) -> bool:
    text = address.partition("#")[0]
    if pattern.startswith("/"):
        if "://" in text:
            text = "/" + text.partition("://")[2].partition("/")[2]
        text = text if "?" in pattern else text.partition("?")[0]
    return _fits(pattern, text)


def _fits(pattern: str, text: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(rest[-1]) >= at and text.endswith(rest[-1])
