"""What the links of a letter do. Its token is the proof: it stops the letter's groups, and leads to its things."""

from __future__ import annotations

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import NotFound
from core.i18n import _
from core.refs import Ref
from customers.models import Notice, NoticeLetter
from customers.noticing.groups import BELL, GROUPS
from customers.noticing.letters import labels_of
from customers.noticing.ways import set_way, ways_of


async def letter_by(token: str) -> NoticeLetter:
    """Raises NotFound."""
    found = await NoticeLetter.get_or_none(token=token) if 20 <= len(token) <= 64 else None
    if found is None or not await rows("SELECT 1 FROM person WHERE id = ? AND state = 'active'", found.person_id):
        raise NotFound(_("This link is not valid."))
    return found


async def labels(letter: NoticeLetter) -> tuple[list[str], list[str]]:
    """The names of the letter's groups: (that still leave the house, that were stopped)."""
    ways = await ways_of(letter.person_id)
    known = [name for name in letter.group_names if name in GROUPS]
    stopped = [name for name in known if ways[name] == BELL]
    return labels_of(set(known) - set(stopped)), labels_of(stopped)


async def stop(token: str, source: str) -> NoticeLetter:
    """From now on only at the bell, also what waits to leave. `source`: one_click, form."""
    letter = await letter_by(token)
    async with transaction():
        ways = await ways_of(letter.person_id)
        stopped = {one: ways[one] for one in letter.group_names if one in GROUPS and ways[one] != BELL}
        for group, way in stopped.items():
            await set_way(letter.person_id, group, BELL, before=way)
        if stopped:
            await audit("notices.choose", Ref("person", letter.person_id), before=stopped,
                        after=dict.fromkeys(stopped, BELL), reason=source)  # fmt: skip
    return letter


async def take_back(token: str) -> NoticeLetter:
    """It was a mistake: what this link stopped comes as before. What somebody chose since stays as it is."""
    letter = await letter_by(token)
    async with transaction():
        again = await _before(letter)
        for group, way in again.items():
            await set_way(letter.person_id, group, way)
        if again:
            await audit("notices.choose", Ref("person", letter.person_id), before=dict.fromkeys(again, BELL),
                        after=again, reason="form")  # fmt: skip
    return letter


async def can_return(letter: NoticeLetter) -> bool:
    return bool(await _before(letter))


async def _before(letter: NoticeLetter) -> dict[str, str]:
    found = await rows("SELECT group_name, before FROM notice_choice WHERE person_id = ? AND way = ? AND before <> ''",
                       letter.person_id, BELL)  # fmt: skip
    return {row[0]: row[1] for row in found if row[0] in letter.group_names}


async def lead(token: str, notice_id: int) -> str:
    """The path of what a line of the letter tells of. Read is what the person themselves opens, signed in."""
    letter = await letter_by(token)
    found = await Notice.get_or_none(id=notice_id, person_id=letter.person_id, letter_id=letter.id)
    if found is None:
        raise NotFound(_("There is no such notice."))
    if current_principal().person_id == letter.person_id:
        await write("UPDATE notice SET read_at = ?, due_at = NULL WHERE id = ? AND read_at IS NULL", now(), notice_id)
    return str(found.url)
