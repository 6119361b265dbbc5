"""A direct message on Slack, for staff whose account there is known: what is unread, with a link to each record.

What Slack does not certainly take goes by mail. A second telling on another way is better than none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from channels import slack
from channels.connections import by_external_id
from channels.outcomes import NotAccepted, SendingFailed, TryLater
from core.clock import now
from core.database import rows, transaction, write
from core.i18n import _, speaking
from core.jobs import job
from core.pages import absolute
from core.principal import Principal
from core.refs import Ref
from customers import touches
from customers.models import Notice, NoticeLetter
from customers.noticing import letters
from customers.noticing.groups import Standing, still
from customers.rights import rights_of

ATTEMPTS = 5


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


@job(attempts=ATTEMPTS, timeout=90)
async def deliver(letter_id: int, attempt: int = 1) -> str:
    """One attempt. Who died between the attempt and its answer does not post again: it goes by mail."""
    letter = await NoticeLetter.get_or_none(id=letter_id)
    if letter is None or letter.state not in ("waiting", "attempting"):
        return "settled already"
    reader = await rights_of(letter.person_id)
    found = await Notice.filter(person_id=letter.person_id, letter_id=letter_id, read_at__isnull=True)
    standing = await still(reader, found) if reader and reader.is_signed_in else {}
    notices = [one for one in found if one.id in standing]
    if reader is None or not notices:
        return await _settle(letter, "skipped", "read meanwhile, or nothing that may be seen")
    if letter.state == "attempting":
        return await _by_mail(reader, letter, notices, standing, "uncertain", "the sender stopped before the answer")
    address = await address_of(letter.person_id)
    if address is None:
        return await _by_mail(reader, letter, notices, standing, "failed", "no connected account")
    until = await _claim(letter, address)
    if until is not None:
        await deliver.later(letter_id=letter_id, attempt=attempt, due=until)
        return "the channel is busy"
    return await _post(reader, letter, notices, standing, address, attempt)


async def _claim(letter: NoticeLetter, address: tuple[int, str]) -> datetime | None:
    """When the channel has room again; None when the letter is ours now, `attempting`."""
    async with transaction():
        until = await slack.take_turn(*address)
        if until is None and not await write(
            "UPDATE notice_letter SET state = 'attempting' WHERE id = ? AND state = 'waiting' RETURNING id", letter.id
        ):
            return now() + timedelta(minutes=2)  # another has it: then it is settled
        return until


async def _post(reader: Principal, letter: NoticeLetter, notices: list[Notice], standing: dict[int, Standing],
                address: tuple[int, str], attempt: int) -> str:  # fmt: skip
    with speaking(reader.language):
        text, blocks = composed(notices, standing, letter.token)
    try:
        await slack.post(address[0], address[1], text, blocks=blocks, key=f"notices:{letter.id}")
    except TryLater as later:
        if attempt >= ATTEMPTS:
            return await _by_mail(reader, letter, notices, standing, "failed", later.reason)
        async with transaction():
            await write("UPDATE notice_letter SET state = 'waiting' WHERE id = ? AND state = 'attempting'", letter.id)
            await deliver.later(letter_id=letter.id, attempt=attempt + 1, after=timedelta(seconds=later.seconds))
        return "later"
    except SendingFailed as failed:
        state = "failed" if isinstance(failed, NotAccepted) else "uncertain"
        return await _by_mail(reader, letter, notices, standing, state, failed.reason)
    async with transaction():
        await touches.passes(reader.person_id, "slack", "notice", f"notices:{letter.id}",
                             about=Ref("notice_letter", letter.id))  # fmt: skip
        return await _settle(letter, "sent", "")


async def _by_mail(reader: Principal, letter: NoticeLetter, notices: list[Notice], standing: dict[int, Standing],
                   state: str, reason: str) -> str:  # fmt: skip
    """The letter's final state, and its notices on the other way, in one transaction."""
    async with transaction():
        if await _settle(letter, state, reason) == "settled already":
            return "settled already"
        await letters.by_mail(reader, letter.brand, notices, standing)
    return f"{state}, by mail"


async def _settle(letter: NoticeLetter, state: str, reason: str) -> str:
    won = await write(
        "UPDATE notice_letter SET state = ?, reason = ?, settled_at = ? WHERE id = ? AND state IN"
        " ('waiting', 'attempting') RETURNING id", state, reason[:300], now(), letter.id,
    )  # fmt: skip
    return state if won else "settled already"


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
