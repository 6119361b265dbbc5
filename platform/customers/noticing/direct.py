"""A direct message on Slack, for staff whose account there is known: what is unread, with a link to each record.

What Slack does not certainly take goes by mail. A second telling on another way is better than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from channels import posting, slack
from channels.connections import by_external_id
from core.database import rows
from core.i18n import _, speaking
from core.jobs import job
from core.pages import absolute
from core.principal import NOBODY, Principal
from core.refs import Ref
from customers import touches
from customers.models import Notice, NoticeLetter
from customers.noticing import letters
from customers.noticing.groups import Standing, still
from customers.rights import rights_of


async def address_of(person_id: int) -> tuple[int, str] | None:
    """(connection, user) of a verified Slack account in a workspace that is connected now."""
    found = await rows("SELECT value FROM identity WHERE kind = 'slack' AND person_id = ? AND verified_at IS NOT NULL"
                       " ORDER BY id DESC", person_id)  # fmt: skip
    for row in found:
        team, _colon, user = str(row[0]).partition(":")
        connection = await by_external_id("slack", team)
        if connection and connection.is_active and user:
            return connection.id, user
    return None


async def begin(reader: Principal, brand: str, notices: Sequence[Notice], standing: Mapping[int, Standing]) -> int:
    """Inside the transaction that claimed them: one message on its way, or a mail for who has no account there."""
    if await address_of(reader.person_id or 0) is None:
        return await letters.by_mail(reader, brand, notices, standing)
    letter, _token = await letters.enter(reader, "slack", brand, notices, "waiting")
    await deliver.later(letter_id=letter)
    return len(notices)


class Message(posting.Row):
    """`notices`: what is still unread of it and may be seen now; without any there is nothing to tell."""

    table = "notice_letter"

    def __init__(self, letter: NoticeLetter, reader: Principal, standing: Mapping[int, Standing],
                 notices: Sequence[Notice]) -> None:  # fmt: skip
        self.letter, self.id, self.state = letter, letter.id, letter.state
        self.reader, self.standing, self.notices = reader, standing, notices

    async def address(self) -> tuple[int, str]:
        if not self.notices:
            raise posting.Unposted("skipped", "read meanwhile, or nothing that may be seen")
        found = await address_of(self.letter.person_id)
        if found is None:
            raise posting.Unposted("failed", "no connected account")
        return found

    async def promise(self, attempt: int, due: datetime) -> None:
        await deliver.later(letter_id=self.id, attempt=attempt, due=due)

    async def message(self) -> tuple[str, list[dict[str, Any]]]:
        with speaking(self.reader.language):
            return composed(self.notices, self.standing, self.letter.token)

    async def settled(self, state: str, reason: str) -> None:
        """What did not certainly arrive goes the other way, with the letter's end or not at all."""
        if state == "sent":
            await touches.passes(self.reader.person_id, "slack", "notice", f"notices:{self.id}",
                                 about=Ref("notice_letter", self.id))  # fmt: skip
        elif state in ("failed", "uncertain") and self.notices:
            await letters.by_mail(self.reader, self.letter.brand, self.notices, self.standing)


@job(attempts=posting.ATTEMPTS, timeout=posting.TIMEOUT)
async def deliver(letter_id: int, attempt: int = 1) -> str:
    letter = await NoticeLetter.get_or_none(id=letter_id)
    if letter is None or letter.state not in posting.ON_ITS_WAY:
        return posting.SETTLED
    reader = await rights_of(letter.person_id) or NOBODY
    found = await Notice.filter(person_id=letter.person_id, letter_id=letter_id, read_at__isnull=True)
    standing = await still(reader, found) if reader.is_signed_in else {}
    notices = [one for one in found if one.id in standing]
    return await posting.post_once(Message(letter, reader, standing, notices), attempt)


def composed(notices: Sequence[Notice], standing: Mapping[int, Standing],
             token: str) -> tuple[str, list[dict[str, Any]]]:  # fmt: skip
    """(what the phone's notification says, blocks). Each line: title, account, what was written, its link."""
    parts, more = letters.parts_of(notices, standing, token)
    blocks = []
    for part in parts:
        said = [f"*{slack.plain(part.label)}*"]
        for one in part.lines:
            account = f"（{slack.plain(one.account)}）" if one.account and one.account not in one.title else ""
            said.append(f"• {slack.link(one.href, one.title)}{account}")
            said += [f"> {slack.plain(one.text)}"] * bool(one.text)
        blocks += [slack.section("\n".join(lines)) for lines in _fitting(said)]
    last = [slack.link(absolute("/me/notices"), _("What you receive, and how"))]
    if more:
        last.insert(0, slack.link(absolute("/notices"), _("%(n)s more at the bell", n=more)))
    blocks.append(slack.section("　".join(last)))
    first, others = parts[0].lines[0].title, len(notices) - 1
    return slack.plain(_("%(title)s, and %(n)s more", title=first, n=others) if others else first), blocks


def _fitting(lines: Sequence[str]) -> list[list[str]]:
    """Lines in as many sections as Slack's limit asks: a link that is cut is none."""
    sections: list[list[str]] = [[]]
    for line in lines:
        if sections[-1] and sum(len(one) + 1 for one in sections[-1]) + len(line) > slack.SECTION:
            sections.append([])
        sections[-1].append(line)
    return sections
