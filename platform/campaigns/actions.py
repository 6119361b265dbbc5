"""Writing: open a campaign, keep its content, look at it as somebody, check it."""

from __future__ import annotations

from typing import Any

import msgspec

from campaigns import checks, policy
from campaigns.channels import CHOICES
from campaigns.checks import Check
from campaigns.compose import Content, Draft, Templates, common_values, compiled, new_token, unsubscribe_address
from campaigns.language import Missed, TooMuch
from campaigns.line import content as line_content
from campaigns.line.content import Message, messages_of
from campaigns.models import Campaign, Revision, Step
from campaigns.outgoing import addresses
from campaigns.variables import COLUMNS, JOINS, PRIMARY, declared, sample_values, values_of
from campaigns.words import reason_words
from channels.mime import one_line
from channels.senders import sender_of
from core.audit import audit
from core.clock import now
from core.context import current_principal, here
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.models import Brand
from core.policy import ensure
from core.refs import Ref
from core.tasks import in_thread
from customers import segments
from customers.models import Topic


class Settings(msgspec.Struct):
    """What is chosen around the content."""

    name: str
    topic: str
    segment_id: int | None = None
    from_name: str = ""
    tracking: str = "aggregate"
    is_public: bool = False
    when_uncertain: str = "leave"
    kind: str = "newsletter"
    journey_id: int | None = None


async def find(campaign_id: int) -> Campaign:
    """A campaign that the one who asks may see. Raises NotFound."""
    found = await policy.visible_campaigns(current_principal()).get_or_none(id=campaign_id)
    if found is None:
        raise NotFound(_("There is no such campaign."))
    return found


async def open_campaign(chosen: Settings, *, brand: str = "default", locale: str = "ja") -> Campaign:
    ensure(policy.can_write(current_principal()))
    await _is_fine(chosen)
    moment = now()
    async with transaction():
        campaign = await Campaign.create(
            **msgspec.structs.asdict(chosen), brand=brand, locale=locale,
            created_by_id=current_principal().person_id, created_at=moment, updated_at=moment,
        )  # fmt: skip
        await audit("campaign.open", Ref("campaign", campaign.id), after={"name": chosen.name})
    return campaign


async def _is_fine(chosen: Settings) -> None:
    one_line(chosen.from_name)
    if not await Topic.filter(slug=chosen.topic).exists():
        raise Refused(_("Choose what the mail is about."))
    if chosen.segment_id is not None:
        await segments.tree_of(chosen.segment_id)


async def change_settings(campaign: Campaign, chosen: Settings) -> None:
    ensure(policy.can_write(current_principal()))
    if campaign.journey_id:
        raise Conflict(_("This mail belongs to a journey, and is tried and sent with it."))
    await _is_fine(chosen)
    before = {name: getattr(campaign, name) for name in msgspec.structs.asdict(chosen)}
    after = msgspec.structs.asdict(chosen)
    async with transaction():
        await _changed(campaign)
        await Campaign.filter(id=campaign.id).update(**after, updated_at=now())
        await audit("campaign.settings", Ref("campaign", campaign.id), before=before, after=after)
    await campaign.refresh_from_db()


async def _changed(campaign: Campaign) -> None:
    """Only a draft changes: what is scheduled is what passed its pilot."""
    found = await write("UPDATE campaign SET updated_at = ? WHERE id = ? AND state = 'draft' RETURNING id",
                        now(), campaign.id)  # fmt: skip
    if not found:
        raise Conflict(_("This campaign is scheduled or sent. Take it back first to change it."))


async def keep_content(campaign: Campaign, draft: Draft) -> Revision:
    """Compile and keep a draft as the campaign's content. Raises compose.Mistakes with every problem and its line.

    A verdict belongs to a revision: a changed content has none.
    """
    ensure(policy.can_write(current_principal()))
    draft = await _whole(campaign, draft)
    content: Content = await in_thread(compiled, draft, await declared())
    async with transaction():
        await _changed(campaign)
        kept = await _keep(campaign, content)
        await write("UPDATE campaign SET revision_id = ?, channels = ? WHERE id = ?", kept, draft.channels,
                    campaign.id)  # fmt: skip
        await _void_what_was_tried(campaign, draft.hash, kept)
    await campaign.refresh_from_db()
    return await Revision.get(id=kept)


async def keep_with_subject(campaign: Campaign, revision: Revision, subject: str) -> Revision:
    """The same content under another subject, beside the campaign's own. Raises compose.Mistakes."""
    draft = Draft(subject, revision.mjml, revision.preheader, revision.text, messages_of(revision.line),
                  revision.channels)  # fmt: skip
    content: Content = await in_thread(compiled, draft, await declared())
    async with transaction():
        return await Revision.get(id=await _keep(campaign, content))


async def _keep(campaign: Campaign, content: Content) -> int:
    draft = content.draft
    kept = await write(
        "INSERT INTO campaign_revision (campaign_id, hash, subject, preheader, mjml, text, html, plain, line,"
        " channels, created_by_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (campaign_id, hash) DO UPDATE SET html = excluded.html, plain = excluded.plain RETURNING id",
        campaign.id, draft.hash, draft.subject, draft.preheader, draft.mjml, draft.text, content.html,
        content.plain, msgspec.json.encode(draft.line).decode() if draft.line else None, draft.channels,
        current_principal().person_id, now(),
    )  # fmt: skip
    for target in content.links:
        await write("INSERT INTO campaign_link (revision_id, url, token, clicks) VALUES (?, ?, ?, 0)"
                    " ON CONFLICT (revision_id, url) DO NOTHING", kept[0][0], target[:2000], new_token())  # fmt: skip
    return int(kept[0][0])


async def _void_what_was_tried(campaign: Campaign, hash: str, revision_id: int) -> None:
    await write("UPDATE pilot SET state = 'void' WHERE about_kind = 'campaign' AND about_id = ?"
                " AND state = 'running' AND revision <> ?", campaign.id, hash)  # fmt: skip
    await write("UPDATE campaign_step SET state = 'cancelled', finished_at = ?, stop_reason = 'the content changed'"
                " WHERE campaign_id = ? AND kind = 'pilot'"
                " AND state IN ('waiting', 'freezing', 'sending', 'paused')"
                " AND revision_id <> ?", now(), campaign.id, revision_id)  # fmt: skip
    if campaign.journey_id and campaign.revision_id != revision_id:
        await write("UPDATE pilot SET state = 'void' WHERE about_kind = 'journey' AND about_id = ?"
                    " AND state = 'running'", campaign.journey_id)  # fmt: skip


async def _whole(campaign: Campaign, draft: Draft) -> Draft:
    """With what the draft leaves as it was: the mail's page does not know LINE's messages, nor LINE's page the mail."""
    line = draft.line
    if line is None and campaign.revision_id:
        line = messages_of((await Revision.get(id=campaign.revision_id)).line)
    return msgspec.structs.replace(draft, line=line or (), channels=draft.channels or campaign.channels)


async def draft_of(campaign: Campaign) -> Draft:
    """What is written now; empty before."""
    kept = await Revision.get_or_none(id=campaign.revision_id) if campaign.revision_id else None
    if kept is None:
        return Draft("", "", channels=campaign.channels)
    return Draft(kept.subject, kept.mjml, kept.preheader, kept.text, messages_of(kept.line), campaign.channels)


async def keep_line(campaign: Campaign, messages: tuple[Message, ...]) -> Revision:
    """The LINE side of the content, beside the mail as it is. Raises compose.Mistakes."""
    if not messages:
        raise Refused(_("Write at least one message."))
    return await keep_content(campaign, msgspec.structs.replace(await draft_of(campaign), line=messages))


async def choose_channels(campaign: Campaign, channels: str) -> None:
    """By which channels it goes. What was written is kept; a verdict was on the channels before."""
    ensure(policy.can_write(current_principal()))
    if channels not in CHOICES:
        raise Refused(_("Choose one of the list."))
    if channels == campaign.channels:
        return
    if campaign.journey_id:
        raise Conflict(_("This mail belongs to a journey, and is tried and sent with it."))
    before, draft = campaign.channels, msgspec.structs.replace(await draft_of(campaign), channels=channels)
    if draft.has_mail or draft.line:
        await keep_content(campaign, draft)
    async with transaction():
        await _changed(campaign)
        await Campaign.filter(id=campaign.id).update(channels=channels)
        await audit("campaign.channels", Ref("campaign", campaign.id), before={"channels": before},
                    after={"channels": channels})  # fmt: skip
    await campaign.refresh_from_db()


class Preview(msgspec.Struct, frozen=True):
    """What a person would get, or why it cannot be made."""

    subject: str = ""
    text: str = ""
    html: str = ""
    problem: str = ""
    line: list[dict[str, Any]] = []  # LINE's message objects
    line_problem: str = ""


async def preview(campaign: Campaign, person_id: int | None = None) -> Preview:
    """As `person_id`, or as somebody invented. Bounded in time and length, in a thread."""
    revision = await Revision.get_or_none(id=campaign.revision_id) if campaign.revision_id else None
    if revision is None:
        return Preview(problem=_("Nothing is written yet."))
    sender = await sender_of(campaign.brand)
    links = await addresses(revision.id, "off")
    values = common_values(sender) | (await person_values(person_id) if person_id else sample_values())
    values |= {"link": links.__getitem__, "unsubscribe_url": unsubscribe_address("preview")}
    seen = Preview()
    if revision.html:
        templates = Templates(revision.subject, revision.html, revision.plain)
        made, problem = await _tried(templates.render_bounded, values)
        seen = Preview(*made) if made else Preview(problem=problem)
    if revision.line:
        made, problem = await _tried(line_content.Templates(messages_of(revision.line)).render_bounded, values)
        seen = msgspec.structs.replace(seen, line=made or [], line_problem=problem)
    return seen


async def _tried(render: Any, values: dict[str, Any]) -> tuple[Any, str]:
    try:
        return await in_thread(render, values), ""
    except Missed as missed:
        return None, reason_words(f"missing:{missed.name}")
    except TooMuch as error:
        return None, reason_words(f"too_much:{error}")


async def person_values(person_id: int) -> dict[str, Any]:
    """Raises NotFound."""
    found = await rows(f"SELECT {COLUMNS} FROM person p" + JOINS.format(account=PRIMARY) + " WHERE p.id = ?", person_id)
    if not found:
        raise NotFound(_("There is no such person."))
    return values_of(found[0])


async def audience(campaign: Campaign) -> list[int]:
    """Everybody in the campaign's segment, now."""
    return await segments.people_in(campaign.segment_id) if campaign.segment_id else []


async def check(campaign: Campaign) -> list[Check]:
    """Check the current content over every recipient, and keep what was found."""
    from campaigns.jobs import needs_consent

    ensure(policy.can_write(current_principal()))
    if campaign.revision_id is None:
        raise Refused(_("Nothing is written yet."))
    people = await audience(campaign)
    found = await checks.check_all(campaign, people, needs_consent=await needs_consent(campaign))
    campaign.checks = {
        "revision": campaign.revision_id, "segment": campaign.segment_id,
        "at": now().isoformat(), "language": here().language,
        "sender": await _sender_mark(campaign), "items": [msgspec.to_builtins(one) for one in found],
    }  # fmt: skip
    await campaign.save(update_fields=["checks"])
    return found


async def current_checks(campaign: Campaign) -> list[Check] | None:
    """What the last checks found, if they were of this content, segment and sender; else None."""
    kept = campaign.checks or {}
    wanted = [campaign.revision_id, campaign.segment_id, await _sender_mark(campaign), here().language]
    if [kept.get(name) for name in ("revision", "segment", "sender", "language")] != wanted:
        return None
    return [msgspec.convert(one, Check) for one in kept["items"]]


async def _sender_mark(campaign: Campaign) -> str:
    sender = await sender_of(campaign.brand)
    return "|".join((sender.name, sender.email, sender.address, sender.contact))


async def set_sender(brand: str, name: str, email: str, address: str, contact: str) -> None:
    """What the law wants shown, for all campaigns of a brand."""
    ensure(policy.can_write(current_principal()))
    for value in (name, email, address, contact):
        one_line(value)
    found = await Brand.get(slug=brand)
    before = {"name": found.sender_name, "email": found.sender_email, "address": found.postal_address,
              "contact": found.complaints_contact}  # fmt: skip
    after = {"name": name, "email": email, "address": address, "contact": contact}
    async with transaction():
        await Brand.filter(id=found.id).update(sender_name=name, sender_email=email, postal_address=address,
                                               complaints_contact=contact)  # fmt: skip
        await audit("campaign.sender", Ref("brand", found.id), before=before, after=after)


async def steps_of(campaign: Campaign) -> list[Step]:
    return await Step.filter(campaign_id=campaign.id).order_by("id")
