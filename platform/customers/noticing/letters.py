"""One mail about what is unread: the sentences of the bell by group, what was written, and the ways out of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence

import msgspec

from channels import mail
from channels.mime import one_line, quoted_address
from channels.senders import sender_of
from core.clock import now
from core.database import rows, write
from core.errors import Refused
from core.i18n import _, speaking
from core.pages import absolute, render
from core.principal import Principal
from core.refs import Ref
from customers import consent, touches
from customers.models import Notice
from customers.noticing.groups import GROUPS, Standing
from customers.telling import group_of, words_of

SHOWN = 20
EXCERPT = 300
SUBJECT = 120


class Line(msgspec.Struct, frozen=True):
    title: str
    text: str
    account: str
    href: str


class Part(msgspec.Struct, frozen=True):
    """One group's heading and lines."""

    label: str
    lines: list[Line]


async def by_mail(reader: Principal, brand: str, notices: Sequence[Notice], standing: Mapping[int, Standing]) -> int:
    """Inside the transaction that claimed them: one mail on its way; how many it tells of.

    An address that may not be written to gets none, and the ledger says why.
    """
    address, reason = await address_of(reader.person_id or 0)
    if reason:
        await enter(reader, "email", brand, notices, "skipped", reason)
        return 0
    letter, token = await enter(reader, "email", brand, notices, "sent")
    key = f"notices:{letter}"
    with speaking(reader.language):
        subject, text, html = await composed(brand, notices, standing, token)
    await mail.post(address, subject, text, html, key=key, brand=brand, unsubscribe=absolute(stop_path(token)))
    await touches.passes(reader.person_id, "email", "notice", key, about=Ref("notice_letter", letter))
    return len(notices)


async def enter(reader: Principal, way: str, brand: str, notices: Sequence[Notice], state: str,
                reason: str = "") -> tuple[int, str]:  # fmt: skip
    """A row of the ledger for these notices: (its id, its token)."""
    token, moment = secrets.token_urlsafe(24), now()
    groups = sorted({group_of(one.kind) for one in notices})
    made = await write(
        "INSERT INTO notice_letter (person_id, token, way, brand, group_names, notices, state, reason, created_at,"
        " settled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        reader.person_id, token, way, brand, groups, len(notices), state, reason, moment,
        None if state == "waiting" else moment,
    )  # fmt: skip
    ids = [one.id for one in notices]
    await write(f"UPDATE notice SET letter_id = ? WHERE id IN ({', '.join('?' * len(ids))})", made[0][0], *ids)
    return int(made[0][0]), token


async def address_of(person_id: int) -> tuple[str, str]:
    """(address, why it gets none). A customer's must be verified; staff are reached at their own."""
    found = await rows(
        "SELECT p.email, p.kind, i.verified_at FROM person p LEFT JOIN identity i ON i.kind = 'email'"
        " AND i.value = p.email AND i.person_id = p.id WHERE p.id = ?", person_id,
    )  # fmt: skip
    if not found or not found[0]["email"]:
        return "", "no address"
    address = str(found[0]["email"])
    if found[0]["kind"] != "staff" and found[0]["verified_at"] is None:
        return "", "the address was never verified"
    if await consent.is_suppressed("email", address):
        return "", "the address may not be written to"
    try:
        quoted_address(address)
    except Refused:
        return "", "the address is none"
    return address, ""


def parts_of(notices: Sequence[Notice], standing: Mapping[int, Standing], token: str) -> tuple[list[Part], int]:
    """The newest first, by group in the order of GROUPS, in the language of `speaking`; and how many are left out."""
    shown = sorted(notices, key=lambda one: (one.created_at, one.id), reverse=True)[:SHOWN]
    parts = []
    for name, group in GROUPS.items():
        lines = [_line(one, standing.get(one.id, Standing()), token) for one in shown if group_of(one.kind) == name]
        if lines:
            parts.append(Part(str(group.label), lines))
    return parts, len(notices) - len(shown)


def _line(notice: Notice, standing: Standing, token: str) -> Line:
    text = " ".join(standing.text.split())
    return Line(
        title=" ".join(words_of(notice).title.split()),
        text=text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…",
        account=standing.account,
        href=absolute(f"/n/{token}/{notice.id}"),
    )


def labels_of(names: Collection[str]) -> list[str]:
    return [str(group.label) for name, group in GROUPS.items() if name in names]


async def composed(brand: str, notices: Sequence[Notice], standing: Mapping[int, Standing],
                   token: str) -> tuple[str, str, str]:  # fmt: skip
    """(subject, text, HTML)"""
    parts, more = parts_of(notices, standing, token)
    first, name = parts[0].lines[0].title, (await sender_of(brand)).name
    subject = first[:SUBJECT] if len(notices) == 1 else _("%(title)s, and %(n)s more", title=first[:SUBJECT],
                                                          n=len(notices) - 1)  # fmt: skip
    said = {"parts": parts, "more": more, "name": name, "subject": subject, "bell": absolute("/notices"),
            "choice": absolute("/me/notices"), "stop": absolute(stop_path(token)),
            "about": labels_of({group_of(one.kind) for one in notices})}  # fmt: skip
    return one_line(subject), _plain(said), render("customers/notice_mail.html", **said)


def _plain(said: dict[str, object]) -> str:
    lines: list[str] = []
    for part in said["parts"]:  # type: ignore[attr-defined]
        lines += [part.label, "─" * 12]
        for one in part.lines:
            lines += [f"{one.title}（{one.account}）" if one.account and one.account not in one.title else one.title]
            lines += [f"> {one.text}"] * bool(one.text) + [one.href, ""]
    if said["more"]:
        lines += [_("%(n)s more at the bell: %(link)s", n=said["more"], link=said["bell"]), ""]
    about = _(", ").join(said["about"])  # type: ignore[arg-type]
    lines += ["--", _("You get this mail from %(name)s because you have not read it there yet (%(about)s).",
                      name=said["name"], about=about)]  # fmt: skip
    lines += [_("What you receive, and how: %(link)s", link=said["choice"])]
    lines += [_("Stop these mails: %(link)s", link=said["stop"])]
    return "\n".join(lines)


def stop_path(token: str) -> str:
    return f"/n/{token}/stop"
