"""A journey as staff see it: its tree with the numbers at each step, who is in it, and one person's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from campaigns import policy
from campaigns.journeys.models import Journey, Move, Run
from campaigns.journeys.tree import BRANCHING, Place, Stage, segments_of, stages_of, walk
from campaigns.journeys.words import ICONS, branch_words, title_of
from campaigns.models import Campaign, Delivery, Revision
from campaigns.words import reason_words
from core.context import here
from core.database import rows
from core.listing import Rows
from customers.models import FULL_NAME, Segment

# A run counts where its person may be seen by whoever looks; the pilot's are trials, and not counted.
COUNTED = "r.journey_id = ? AND NOT r.is_pilot"


class Numbers(msgspec.Struct):
    """At one step, over all versions: who stands here, how many went on, and for a mail what became of it."""

    waiting: int = 0
    passed: int = 0
    yes: int = 0
    no: int = 0
    sent: int = 0
    clicked: int = 0
    failed: int = 0
    skipped: int = 0
    open: int = 0
    reasons: dict[str, int] = msgspec.field(default_factory=dict)


class Shown(msgspec.Struct):
    """One step of the tree for a page. `after` is the place right below it."""

    id: str
    kind: str
    icon: str
    title: str
    subject: str
    campaign: int
    numbers: Numbers
    after: str
    is_first: bool
    is_last: bool
    words: tuple[str, str] = ("", "")
    yes: list[Shown] = []
    no: list[Shown] = []


def _own() -> str:
    who = here().principal
    if who.all_accounts:
        return ""
    own = ", ".join(str(int(one)) for one in sorted(who.own_accounts)) or "0"
    ours = "r.is_pilot AND EXISTS (SELECT 1 FROM person o WHERE o.id = r.person_id AND o.kind = 'staff')"
    return f" AND (r.account_id IN ({own}) OR ({ours}))"


async def numbers_of(journey: Journey) -> dict[str, Numbers]:
    """By node; what 'send again' is made of counts to that step."""
    found: dict[str, Numbers] = {}

    def at(node: str) -> Numbers:
        return found.setdefault(node.partition(".")[0], Numbers())

    for node, count in await rows(f"SELECT r.node, COUNT(*) FROM journey_run r WHERE {COUNTED}{_own()}"
                                  " AND r.state = 'active' GROUP BY 1", journey.id):  # fmt: skip
        at(node).waiting += int(count)
    for node, what, count in await rows(
        f"SELECT m.node, m.what, COUNT(*) FROM journey_move m JOIN journey_run r ON r.id = m.run_id WHERE {COUNTED}"
        f"{_own()} AND m.what NOT IN ('entered', 'ended') GROUP BY 1, 2", journey.id,
    ):  # fmt: skip
        one = at(node)
        one.passed += int(count)
        if what in ("yes", "no"):
            setattr(one, what, getattr(one, what) + int(count))
    for row in await rows(
        "SELECT s.node, d.state, d.reason, COUNT(*), COUNT(d.clicked_at) FROM journey_sending s JOIN delivery d"
        " ON d.step_id = s.step_id JOIN journey_run r ON r.version_id = s.version_id AND r.person_id = d.person_id"
        f" AND r.entry = s.entry AND r.is_pilot = s.is_pilot WHERE {COUNTED}{_own()} GROUP BY 1, 2, 3", journey.id,
    ):  # fmt: skip
        _count_mail(at(row[0]), *row[1:])
    return found


def _count_mail(one: Numbers, state: str, reason: str, count: int, clicked: int) -> None:
    kind = state if state in ("sent", "failed") else "skipped" if state in ("skipped", "cancelled") else "open"
    setattr(one, kind, getattr(one, kind) + int(count))
    one.clicked += int(clicked)
    if kind in ("skipped", "failed"):
        said = reason_words(reason)
        one.reasons[said] = one.reasons.get(said, 0) + int(count)


async def tree_of(journey: Journey) -> list[Shown]:
    stages = stages_of(journey.steps)
    mails = {one.id: one for one in await Campaign.filter(journey_id=journey.id)}
    revisions = await Revision.filter(id__in=[one.revision_id or 0 for one in mails.values()])
    subjects = {one.campaign_id: one.subject for one in revisions}
    segments = await segment_names(segments_of(stages))
    names = {one.id: one.name for one in mails.values()}
    numbers = await numbers_of(journey)

    def shown(found: Sequence[Stage], parent: str = "", branch: str = "") -> list[Shown]:
        return [
            Shown(one.id, one.kind, ICONS[one.kind], title_of(one, names, segments), subjects.get(one.campaign, ""),
                  one.campaign, numbers.get(one.id, Numbers()), str(Place(parent, branch, at + 1)), at == 0,
                  at == len(found) - 1, branch_words(one) if one.kind in BRANCHING else ("", ""),
                  shown(one.yes, one.id, "yes"), shown(one.no, one.id, "no"))
            for at, one in enumerate(found)
        ]  # fmt: skip

    return shown(stages)


async def segment_names(ids: set[int]) -> dict[int, str]:
    return {one.id: one.name for one in await Segment.filter(id__in=sorted(ids)).only("id", "name")}


async def step_names(journey: Journey) -> dict[str, str]:
    """Of the steps as they are written now, by node; for filters and paths."""
    stages = stages_of(journey.steps)
    names = {one.id: one.name for one in await Campaign.filter(journey_id=journey.id)}
    segments = await segment_names(segments_of(stages))
    return {one.id: title_of(one, names, segments) for one in walk(stages)}


async def states(journey: Journey) -> dict[str, int]:
    found = await rows(f"SELECT r.state, COUNT(*) FROM journey_run r WHERE {COUNTED}{_own()} GROUP BY 1", journey.id)
    return {str(row[0]): int(row[1]) for row in found}


async def on_old_versions(journey: Journey) -> int:
    """Who still goes through a version that nobody enters any more."""
    found = await rows(f"SELECT COUNT(*) FROM journey_run r WHERE {COUNTED}{_own()} AND r.state = 'active'"
                       " AND r.version_id <> ?", journey.id, journey.version_id or 0)  # fmt: skip
    return int(found[0][0])


# People ------------------------------------------------------------------------------------------------------


def people(journey: Journey) -> Rows:
    """Everybody who is or was on it, the pilot too; staff with own accounts see theirs."""
    return Rows(
        "SELECT r.id AS id, r.person_id AS person_id, r.state AS state, r.reason AS reason, r.node AS node,"
        " r.since AS since, r.due_at AS due_at, r.entered_at AS entered_at, r.ended_at AS ended_at, r.entry AS entry,"
        f" CASE WHEN r.is_pilot THEN 'pilot' ELSE 'main' END AS kind, v.number AS version, {FULL_NAME} AS person,"
        " p.email AS email, COALESCE(a.name, '') AS account_name FROM journey_run r JOIN person p ON p.id = r.person_id"
        " JOIN journey_version v ON v.id = r.version_id LEFT JOIN account a ON a.id = r.account_id"
        f" WHERE r.journey_id = ?{_own()}", journey.id,
    )  # fmt: skip


async def run_of(journey: Journey, run_id: int) -> Run | None:
    found = policy.visible_runs(here().principal).filter(id=run_id, journey_id=journey.id)
    return await found.select_related("person", "version").first()


class Passed(msgspec.Struct, frozen=True):
    """One line of a person's way, with what became of its mail."""

    move: Move
    delivery: Delivery | None


async def way_of(run: Run) -> list[Passed]:
    moves = await Move.filter(run_id=run.id).order_by("number")
    steps = [one.step_id for one in moves if one.step_id]
    found = {one.step_id: one for one in await Delivery.filter(step_id__in=steps, person_id=run.person_id)}
    return [Passed(one, found.get(one.step_id) if one.step_id else None) for one in moves]


async def in_numbers(ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For the list: (on the way, all who entered) of each journey."""
    marks = ", ".join("?" * len(ids)) or "0"
    found = await rows(
        f"SELECT r.journey_id, COUNT(CASE WHEN r.state = 'active' THEN 1 END), COUNT(*) FROM journey_run r"
        f" WHERE r.journey_id IN ({marks}) AND NOT r.is_pilot{_own()} GROUP BY 1", *ids,
    )  # fmt: skip
    return {int(row[0]): (int(row[1]), int(row[2])) for row in found}


def named(names: Mapping[str, str], node: str) -> str:
    """A step of an earlier version has no name any more."""
    return names.get(node.partition(".")[0], "")


async def pilot_states(journey: Journey, revision: str) -> dict[str, int]:
    """How far the people of a pilot are."""
    found = await rows(
        "SELECT r.state, COUNT(*) FROM journey_run r JOIN journey_version v ON v.id = r.version_id"
        f" WHERE r.journey_id = ? AND r.is_pilot AND v.hash = ?{_own()} GROUP BY 1", journey.id, revision,
    )  # fmt: skip
    return {str(row[0]): int(row[1]) for row in found}
