"""Building a journey: open it, say who enters and when it is over, add, change, move and remove steps."""

from __future__ import annotations

from typing import Any

import msgspec

from campaigns import actions, policy
from campaigns.journeys import tree
from campaigns.journeys.models import Journey
from campaigns.journeys.plan import expanded
from campaigns.journeys.tree import Place, Stage, stages_of
from campaigns.models import Campaign
from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import segments
from customers.models import Segment, Topic


class Rules(msgspec.Struct):
    """Who enters, how often, and what ends the whole journey."""

    name: str
    topic: str
    segment_id: int | None = None
    takes_present: bool = False
    again_after: int | None = None
    goal_event: str = ""
    goal_segment_id: int | None = None
    leaves_with_segment: bool = False


async def find(journey_id: int) -> Journey:
    """One that the one who asks may see. Raises NotFound."""
    found = await policy.visible_journeys(current_principal()).get_or_none(id=journey_id)
    if found is None:
        raise NotFound(_("There is no such journey."))
    return found


async def open_journey(rules: Rules, *, brand: str = "default", locale: str = "ja") -> Journey:
    ensure(policy.can_write(current_principal()))
    await _are_fine(rules)
    moment = now()
    async with transaction():
        journey = await Journey.create(
            **msgspec.structs.asdict(rules), brand=brand, locale=locale,
            created_by_id=current_principal().person_id, created_at=moment, updated_at=moment,
        )  # fmt: skip
        await audit("journey.open", Ref("journey", journey.id), after={"name": rules.name})
    return journey


async def _are_fine(rules: Rules) -> None:
    if not await Topic.filter(slug=rules.topic).exists():
        raise Refused(_("Choose what the mail is about."))
    for segment_id in (rules.segment_id, rules.goal_segment_id):
        if segment_id is not None:
            await _ensure_segment(segment_id)
    if rules.segment_id and rules.segment_id == rules.goal_segment_id:
        raise Refused(_("Who enters the segment has not reached the goal yet: choose another segment."))


async def _ensure_segment(segment_id: int) -> None:
    await segments.tree_of(segment_id)
    if not await Segment.filter(id=segment_id, state="active").exists():
        raise Refused(_("This segment is put away. Choose another one."))


async def change_rules(journey: Journey, rules: Rules) -> None:
    ensure(policy.can_write(current_principal()))
    await _are_fine(rules)
    if journey.version_id and rules.topic != journey.topic:
        raise Refused(_("What the mails are about stays as people agreed to it when the journey began."))
    after = msgspec.structs.asdict(rules)
    before = {name: getattr(journey, name) for name in after}
    if before == after:
        return
    async with transaction():
        await _changed(journey)
        await Journey.filter(id=journey.id).update(**after)
        # Their previews and checks are made for those who enter.
        await Campaign.filter(journey_id=journey.id).update(segment_id=rules.segment_id, topic=rules.topic)
        await audit("journey.rules", Ref("journey", journey.id), before=before, after=after)
    await journey.refresh_from_db()


async def _changed(journey: Journey, stages: list[Stage] | None = None) -> None:
    """Nobody overwrites what they have not seen; and what is being tried is not this any more."""
    steps = journey.steps if stages is None else msgspec.to_builtins(stages)
    won = await write(
        "UPDATE journey SET steps = ?, last_step = ?, change = change + 1, updated_at = ? WHERE id = ? AND change = ?"
        " AND state <> 'stopped' RETURNING id", steps, journey.last_step, now(), journey.id, journey.change,
    )  # fmt: skip
    if not won:
        raise Conflict(_("Somebody else has changed this journey, or stopped it. Reload the page."))
    await write("UPDATE pilot SET state = 'void' WHERE about_kind = 'journey' AND about_id = ? AND state = 'running'",
                journey.id)  # fmt: skip


async def add_step(journey: Journey, place: Place, stage: Stage, *, mail: str = "") -> Stage:
    """`mail` names the mail of a step that sends one; its text is written on its own page."""
    ensure(policy.can_write(current_principal()))
    await _ensure_step(stage)
    stages = stages_of(journey.steps)
    async with transaction():
        journey.last_step += 1
        stage.id = f"s{journey.last_step}"
        if stage.kind == "send":
            stage.campaign = (await _open_mail(journey, mail)).id
        tree.add(stages, place, stage)
        _ensure_order(stages)
        await _save(journey, stages, "journey.add_step", stage)
    return stage


async def _open_mail(journey: Journey, name: str) -> Campaign:
    chosen = actions.Settings(name=name or journey.name, topic=journey.topic, segment_id=journey.segment_id,
                              tracking="individual", kind="journey", journey_id=journey.id)  # fmt: skip
    return await actions.open_campaign(chosen, brand=journey.brand, locale=journey.locale)


async def change_step(journey: Journey, id: str, stage: Stage, *, mail: str = "") -> None:
    """Its kind and branches stay."""
    ensure(policy.can_write(current_principal()))
    await _ensure_step(stage)
    stages = stages_of(journey.steps)
    old = tree.find(stages, id)
    kept = {"id": old.id, "kind": old.kind, "campaign": old.campaign, "yes": old.yes, "no": old.no}
    after = msgspec.structs.replace(stage, **kept)
    for name in Stage.__struct_fields__:
        setattr(old, name, getattr(after, name))
    async with transaction():
        if mail and old.kind == "send":
            await Campaign.filter(id=old.campaign, journey_id=journey.id).update(name=mail)
        await _save(journey, stages, "journey.change_step", old)


async def remove_step(journey: Journey, id: str) -> None:
    """With its branches. A mail that was sent stays in the reports."""
    ensure(policy.can_write(current_principal()))
    stages = stages_of(journey.steps)
    gone = tree.remove(stages, id)
    _ensure_order(stages)
    async with transaction():
        await _save(journey, stages, "journey.remove_step", gone)


async def shift_step(journey: Journey, id: str, by: int) -> None:
    ensure(policy.can_write(current_principal()))
    stages = stages_of(journey.steps)
    tree.shift(stages, id, by)
    _ensure_order(stages)
    async with transaction():
        await _save(journey, stages, "journey.move_step", tree.find(stages, id))


def _ensure_order(stages: list[Stage]) -> None:
    """Raises Refused where a mail is to be sent again and there is none."""
    expanded(stages)


async def _ensure_step(stage: Stage) -> None:
    if stage.segment:
        await _ensure_segment(stage.segment)


async def _save(journey: Journey, stages: list[Stage], action: str, stage: Stage) -> None:
    await _changed(journey, stages)
    said: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(stage, yes=[], no=[]))
    await audit(action, Ref("journey", journey.id), **{"before" if action.endswith("remove_step") else "after": said})
    await journey.refresh_from_db()
