"""What must be right before messages go out on LINE: content, links, lengths, how to stop, and the month's quota."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from campaigns.channels import line_connections
from campaigns.checking import Check, people_rows, wrong_link
from campaigns.compose import common_values, unsubscribe_address
from campaigns.language import Missed, TooMuch
from campaigns.line.content import TOO_LONG, Message, Templates, absolute, links_of, messages_of
from campaigns.models import Campaign, Revision
from channels import connections, line
from channels.outcomes import SendingFailed
from channels.senders import Sender, sender_of
from core.i18n import _, ngettext, number
from core.settings import settings
from core.tasks import in_thread

ALMOST = 0.8  # of the month's messages, with this sending
# What stops all of it when it is written to us (customers.word_stops), or words that say so beside a link. Not 「停止」
# alone: a customer who writes only that may mean anything, and is not stopped by it.
STOPS = re.compile(r"配信停止|[“\"「]stop[”\"」]|write stop|unsubscribe", re.IGNORECASE)


class DryRun(msgspec.Struct):
    """Everybody's messages were made once and thrown away."""

    people: int = 0
    missing: Counter[str] = msgspec.field(default_factory=Counter)
    too_long: Counter[str] = msgspec.field(default_factory=Counter)
    no_stop: int = 0
    no_sender: int = 0


async def check(campaign: Campaign, revision: Revision, people: Sequence[int],
                wanted: Mapping[int, int]) -> list[Check]:  # fmt: skip
    """Of the revision's messages over everybody who would get them on LINE; `wanted`: LINE channel → how many there."""
    messages, known = messages_of(revision.line), await line_connections(campaign.brand)
    if not messages:
        return [Check("line_content", "bad", _("LINE"), _("The LINE message is not written yet."))]
    if not known:
        return [Check("line_connection", "bad", _("LINE"), _("No LINE channel is connected. An administrator connects"
                                                             " it under Settings."))]  # fmt: skip
    sender = await sender_of(campaign.brand)
    run = await dry_run(messages, sender, people)
    said = [(await connections.by_id(one)).name for one in known]
    found = [_law(run, sender, said), _links(messages), _trial(run), _pictures(messages)]
    return [*[one for one in found if one], *await quotas(known, wanted)]


async def dry_run(messages: Sequence[Message], sender: Sender, people: Sequence[int]) -> DryRun:
    """Render for every recipient, in a thread, in small parts."""
    links = dict.fromkeys(links_of(messages), "https://link.invalid/")
    common = common_values(sender) | {"link": links.__getitem__, "unsubscribe_url": unsubscribe_address("0" * 32)}
    templates, run = Templates(messages), DryRun()
    async for found in people_rows(people):
        await in_thread(_try, templates, common, sender.name, found, run)
    return run


def _try(templates: Templates, common: dict[str, Any], sender: str, found: list[dict[str, Any]], run: DryRun) -> None:
    for values in found:
        run.people += 1
        try:
            made = templates.render_bounded(common | values)
        except Missed as missed:
            run.missing[missed.name] += 1
            continue
        except TooMuch as error:
            run.too_long[str(error).removeprefix(TOO_LONG).strip()] += 1
            continue
        words = words_of(made)
        run.no_stop += not (common["unsubscribe_url"] in words or STOPS.search(words))
        run.no_sender += bool(sender) and sender not in words


def words_of(made: list[dict[str, Any]]) -> str:
    """Everything that a recipient can read in message objects."""
    found = []
    for message in made:
        found.append(str(message.get("text", "")))
        bubble = message.get("contents", {})
        found += [str(part.get("text", "")) for part in bubble.get("body", {}).get("contents", [])]
        found += [str(part["action"].get("label", "")) for part in bubble.get("footer", {}).get("contents", [])]
    return "\n".join(filter(None, found))


def _law(run: DryRun, sender: Sender, accounts: Sequence[str]) -> Check:
    title = _("LINE: who sends it, and how to stop")
    if not sender.name:
        return Check("line_law", "bad", title, _("Not set yet: %(items)s. Fill them in under Sender.",
                                                 items=_("the sender’s name")))  # fmt: skip
    if run.no_stop:
        return Check("line_law", "bad", title,
                     _("Say how to stop: that writing “stop” ends it, or {{ unsubscribe_url }}."))  # fmt: skip
    if run.no_sender and not any(sender.name in name for name in accounts):
        return Check("line_law", "bad", title, _("Say who sends it: {{ sender.name }}."))
    return Check("line_law", "good", title, _("The sender’s name, and how to stop."))


def _links(messages: Sequence[Message]) -> Check:
    targets = links_of(messages)
    wrong = [sentence for target in targets if (sentence := wrong_link(target, is_named=True))]
    title = ngettext("LINE: %(n)s link", "LINE: %(n)s links", len(targets))
    if wrong:
        return Check("line_links", "bad", title, " ".join(dict.fromkeys(wrong)))
    return Check("line_links", "good", title, _("All are https, and none is empty."))


def _trial(run: DryRun) -> Check:
    title = _("LINE: a trial for everybody")
    said = [ngettext("%(n)s person has no %(name)s.", "%(n)s people have no %(name)s.", n, name=name)
            for name, n in run.missing.most_common(5)]  # fmt: skip
    if said:
        said.append(_("Use |default('…') or choose others."))
    if run.too_long:
        said.append(ngettext("The message of %(n)s person is too long or empty for LINE.",
                             "The messages of %(n)s people are too long or empty for LINE.",
                             sum(run.too_long.values())))  # fmt: skip
    if said:
        return Check("line_missing", "bad", title, " ".join(said))
    if not run.people:
        return Check("line_missing", "warn", title, _("Nobody of the segment would get it on LINE."))
    return Check("line_missing", "good", title,
                 ngettext("Made for %(n)s person, nothing is missing.", "Made for %(n)s people, nothing is missing.",
                          run.people))  # fmt: skip


def _pictures(messages: Sequence[Message]) -> Check | None:
    """LINE takes https alone, and fetches a picture when somebody looks at it."""
    unsafe = [one.picture for one in messages if one.picture and not absolute(one.picture).startswith("https://")]
    if not unsafe:
        return None
    return Check(
        "line_pictures",
        "bad",
        _("LINE: pictures"),
        _("LINE shows only pictures with an https address, and this site is at %(url)s.", url=settings().url),
    )


async def quotas(known: Sequence[int], wanted: Mapping[int, int]) -> list[Check]:
    """What is left of the month, asked of LINE now. Each channel must have room for those who would get it there."""
    return [await _quota(one, wanted.get(one, 0)) for one in known]


async def _quota(connection_id: int, wanted: int) -> Check:
    title = _("LINE: this month’s messages")
    if not (await connections.by_id(connection_id)).is_active:
        return Check("line_quota", "warn", title, _("The LINE connection is paused: nothing is sent until it goes on."))
    try:
        found = await line.quota(connection_id)
    except SendingFailed as failed:
        return Check("line_quota", "warn", title, _("LINE could not be asked: %(why)s", why=failed.reason))
    used, limit = found["used"] or 0, found["limit"]
    if limit is None:
        return Check("line_quota", "good", title, _("No limit. %(n)s were sent this month.", n=number(used)))
    left = max(0, limit - used)
    said = _("%(left)s of %(limit)s are left, %(wanted)s are needed.", left=number(left), limit=number(limit),
             wanted=number(wanted))  # fmt: skip
    if wanted > left:
        return Check("line_quota", "bad", title, said)
    return Check("line_quota", "warn" if used + wanted > ALMOST * limit else "good", title, said)
