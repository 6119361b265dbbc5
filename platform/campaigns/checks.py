"""What must be right before a campaign may be scheduled, each with a sentence. `bad` refuses, `warn` only says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from campaigns import ledger
from campaigns.channels import NAMES
from campaigns.checking import Check, people_rows, wrong_link
from campaigns.compose import Templates, common_values, unsubscribe_address
from campaigns.language import HTML, Missed, TooMuch, links_in
from campaigns.line import checks as line_checks
from campaigns.line.content import links_of, messages_of
from campaigns.models import Campaign, Revision, TrackedLink
from campaigns.plaintext import text_of
from campaigns.words import reason_words
from channels.senders import Sender, sender_of
from core.i18n import _, ngettext, number
from core.tasks import in_thread

CLIPPED = 102 * 1024  # Gmail shows no more of a message
HREF = re.compile(r"""<a\b[^>]*?\bhref\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
BARE_LINK = re.compile(r"<a\b(?![^>]*\bhref\s*=\s*[\"'][^\"'])", re.IGNORECASE)
IMAGE_WITHOUT_WORDS = re.compile(r"<img\b(?![^>]*\balt\s*=)", re.IGNORECASE)
STOP_WORDS = re.compile(
    r"配信(を|の)?(停止|止め|解除)|受け取らない|登録解除|unsubscribe|stop (receiving|these)|opt[ -]out", re.IGNORECASE
)


class DryRun(msgspec.Struct):
    """Every recipient's mail was made once and thrown away."""

    people: int = 0
    longest: int = 0
    seconds: float = 0.0
    missing: Counter[str] = msgspec.field(default_factory=Counter)
    too_much: int = 0
    without: Counter[str] = msgspec.field(default_factory=Counter)


async def check_all(campaign: Campaign, people: Sequence[int], *, needs_consent: bool) -> list[Check]:
    """All checks of the current revision over `people`. Seconds for ten thousand; the loop is not held."""
    revision = await Revision.get(id=campaign.revision_id)
    forecast = await ledger.forecast(campaign, people, needs_consent=needs_consent)
    found = []
    if "email" in forecast.reached:
        found += await _of_mail(campaign, revision, forecast.reached["email"])
    if "line" in forecast.reached:
        found += await line_checks.check(campaign, revision, forecast.reached["line"], forecast.by_line)
    if campaign.is_public and not revision.html:
        found.append(Check("news", "bad", _("Also publish it under News"), _("Only a mail can be published.")))
    return [*found, *_recipients(forecast, is_journey=bool(campaign.journey_id))]


async def _of_mail(campaign: Campaign, revision: Revision, people: Sequence[int]) -> list[Check]:
    if not revision.html:
        return [Check("content", "bad", _("E-mail"), _("The mail is not written yet."))]
    sender = await sender_of(campaign.brand)
    run = await dry_run(revision, sender, people)
    return [*_law(sender, run, revision), await _links(revision), _missing(run), *_size(run, revision)]


async def dry_run(revision: Revision, sender: Sender, people: Sequence[int]) -> DryRun:
    """Render for every recipient, in a thread, in small parts."""
    templates = Templates(revision.subject, revision.html, revision.plain)
    links = {link.url: "https://link.invalid/" async for link in TrackedLink.filter(revision_id=revision.id)}
    common = common_values(sender) | {"link": links.__getitem__, "unsubscribe_url": unsubscribe_address("0" * 32)}
    run = DryRun()
    async for found in people_rows(people):
        await in_thread(_try, templates, common, sender, found, run)
    return run


def _try(templates: Templates, common: dict[str, Any], sender: Sender, found: list[dict[str, Any]],
         run: DryRun) -> None:  # fmt: skip
    shown = {"name": sender.name, "address": sender.address, "contact": sender.contact}
    stop = common["unsubscribe_url"]
    for values in found:
        run.people += 1
        try:
            subject, text, html = templates.render_bounded(common | values)
        except Missed as missed:
            run.missing[missed.name] += 1
            continue
        except TooMuch:
            run.too_much += 1
            continue
        run.longest = max(run.longest, len(html.encode("utf-8", "replace")))
        run.without["subject"] += not subject.strip()
        run.without["unsubscribe"] += stop not in html or stop not in text
        for name, value in shown.items():
            run.without[name] += bool(value) and (value not in text or str(HTML.filters["e"](value)) not in html)


def _law(sender: Sender, run: DryRun, revision: Revision) -> list[Check]:
    words = {"name": _("the sender’s name"), "address": _("the postal address"),
             "contact": _("the contact for complaints")}  # fmt: skip
    unset = [words[name] for name in words if not getattr(sender, name)]
    hidden = [words[name] for name in words if run.without[name]]
    title = _("What the law wants shown")
    found = []
    if unset:
        found.append(Check("law", "bad", title, _("Not set yet: %(items)s. Fill them in under Sender.",
                                                  items=_(", ").join(unset))))  # fmt: skip
    if hidden:
        found.append(
            Check(
                "law",
                "bad",
                title,
                _(
                    "Missing in the mail: %(items)s. Put {{ sender.name }}, "
                    "{{ sender.address }} and {{ sender.contact }} at its end.",
                    items=_(", ").join(hidden),
                ),
            )
        )
    stated = STOP_WORDS.search(text_of(revision.html)) and STOP_WORDS.search(revision.plain)
    if run.without["unsubscribe"] or not stated or "unsubscribe_url" not in revision.html:
        found.append(Check("law", "bad", _("How to stop these mails"),
                           _("Say that the mails can be stopped, and link to {{ unsubscribe_url }}.")))  # fmt: skip
    if not found:
        found.append(Check("law", "good", title, _("The sender’s name, postal address, contact, and how to stop.")))
    found.append(Check("one_click", "good", _("One click to unsubscribe"), _("The header is added and signed.")))
    return found


async def _links(revision: Revision) -> Check:
    """Targets of link() and plain addresses alike."""
    of_line = set(links_of(messages_of(revision.line))) - set(links_in(revision.mjml) + links_in(revision.plain))
    targets = [link.url async for link in TrackedLink.filter(revision_id=revision.id) if link.url not in of_line]
    plain = [href.strip() for href in HREF.findall(revision.html) if "{{" not in href]
    wrong = [sentence for target in [*targets, *plain] if (sentence := wrong_link(target, is_named=target in targets))]
    if BARE_LINK.search(revision.html):
        wrong.append(_("A link leads nowhere: its address is empty."))
    title = ngettext("%(n)s link", "%(n)s links", len(targets) + len(plain))
    if wrong:
        return Check("links", "bad", title, " ".join(dict.fromkeys(wrong)))
    return Check("links", "good", title, _("All are https, and none is empty."))


def _missing(run: DryRun) -> Check:
    title = _("A trial for everybody")
    if run.missing or run.too_much or run.without["subject"]:
        said = [ngettext("%(n)s person has no %(name)s.", "%(n)s people have no %(name)s.", n, name=name)
                for name, n in run.missing.most_common(5)]  # fmt: skip
        if run.too_much:
            said.append(ngettext("The mail of %(n)s person grows too large.",
                                 "The mails of %(n)s people grow too large.", run.too_much))  # fmt: skip
        if run.without["subject"]:
            said.append(ngettext("%(n)s subject is empty.", "%(n)s subjects are empty.", run.without["subject"]))
        return Check("missing", "bad", title, " ".join(said) + " " + _("Use |default('…') or choose others."))
    return Check("missing", "good", title,
                 ngettext("Made for %(n)s person, nothing is missing.", "Made for %(n)s people, nothing is missing.",
                          run.people))  # fmt: skip


def _recipients(forecast: ledger.Forecast, *, is_journey: bool = False) -> list[Check]:
    count = len(forecast.everybody)
    if not count and is_journey:
        found = [Check("recipients", "info", _("Recipients"),
                       _("Nobody is in the segment now. Whoever comes is looked at then."))]  # fmt: skip
    elif not count:
        found = [Check("recipients", "bad", _("Recipients"), _("Nobody would get this. Choose another segment."))]
    else:
        said = ngettext("%(n)s person gets it.", "%(n)s people get it.", count)
        if len(forecast.reached) > 1:
            listed = _(", ").join(f"{NAMES[way]} {number(len(who))}" for way, who in forecast.reached.items())
            said = _("%(said)s By channel: %(listed)s.", said=said, listed=listed)
        found = [Check("recipients", "good", _("Recipients"), said)]
    skipped = {reason: len(people) for reason, people in forecast.left_out.items()}
    if skipped:
        listed = _(", ").join(f"{reason_words(reason)} {number(n)}" for reason, n in sorted(skipped.items()))
        found.append(Check("consent", "info", _("Left out"), _("Each with its reason: %(listed)s", listed=listed)))
    else:
        found.append(Check("consent", "good", _("Consent"), _("Everybody in the segment wants this.")))
    return found


def _size(run: DryRun, revision: Revision) -> list[Check]:
    kilobytes = number(run.longest / 1024)
    title = _("Size")
    if run.longest > CLIPPED:
        found = [Check("size", "warn", title, _("%(n)s KB: Gmail cuts mails off after 102 KB.", n=kilobytes))]
    else:
        found = [Check("size", "good", title, _("%(n)s KB at most.", n=kilobytes))]
    if IMAGE_WITHOUT_WORDS.search(revision.html):
        found.append(Check("images", "warn", _("Pictures without words"), _("Give each picture an alt text.")))
    return found
