"""What the inbox shows: lists, one conversation, the customer beside it. Everything through policy."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from core.context import current_principal
from core.database import rows
from core.errors import NotFound
from core.i18n import _, clock_time, lazy
from core.pages import absolute
from customers.models import Account, Person, Touchpoint
from customers.sentences import said
from inbox import policy, words
from inbox.actions.ownership import tier_of
from inbox.models import CannedReply, Conversation, Label, Message, Outgoing, Rating, Suggestion
from inbox.team import who_answer

PAGE = 20
VIEWS = {
    "desk": lazy("Mine and unassigned"),
    "mine": lazy("Mine"),
    "unassigned": lazy("Unassigned"),
    "waiting": lazy("Waiting"),
    "open": lazy("All open"),
    "bot": lazy("With the bot"),
    "resolved": lazy("Resolved"),
}


class Line(msgspec.Struct):
    """One row of the list."""

    id: int
    name: str
    company: str
    tier: str
    due: str
    tone: str
    preview: str
    channel: str


class Page(msgspec.Struct):
    view: str
    lines: list[Line]
    skip: int
    next: int
    total: int


class Turn(msgspec.Struct):
    """One thing said, ready to be shown. `sending` is the ledger's word; `key` what the web's own form called it."""

    number: int
    side: str
    text: str
    note: str
    key: str = ""
    state: str = ""
    retry: str = ""
    pictures: list[str] = []
    files: list[str] = []
    sources: list[dict[str, Any]] = []
    buttons: list[list[str]] = []


class Open(msgspec.Struct):
    """One conversation with everything around it."""

    conversation: Conversation
    name: str
    tier: str
    due: str
    tone: str
    turns: list[Turn]
    account: Account | None
    events: list[tuple[Any, str]]
    is_mine: bool
    owner: str
    rating: Rating | None = None
    suggestion: Suggestion | None = None


def _in_view(view: str) -> QuerySet[Conversation]:
    me = current_principal().person_id
    found = policy.visible_conversations(current_principal())
    is_open = Q(state__in=("bot", "waiting", "human"))
    awake = Q(snoozed_until__isnull=True)
    mine = Q(owner_id=me, state__in=("waiting", "human"))
    conditions = {
        "desk": (mine & awake) | Q(owner_id__isnull=True, state="waiting"),
        "mine": mine,
        "unassigned": Q(owner_id__isnull=True, state="waiting"),
        "waiting": Q(state="waiting"),
        "open": is_open,
        "bot": Q(state="bot"),
        "resolved": Q(state="resolved"),
    }
    return found.filter(conditions[view])


async def conversations(view: str, skip: int = 0) -> Page:
    """Twenty conversations, the nearest deadline first."""
    view = view if view in VIEWS else "desk"
    found = _in_view(view)
    order = (
        ("-resolved_at", "-id") if view == "resolved" else ("-priority", "has_due", "sla_due_at", "-last_message_at")
    )
    if view != "resolved":
        from tortoise.expressions import Case, When

        found = found.annotate(has_due=Case(When(sla_due_at__isnull=False, then="a"), default="b"))
    some = await found.order_by(*order).offset(skip).limit(PAGE + 1).prefetch_related("person", "account")
    lines = [line_of(one) for one in some[:PAGE]]
    return Page(view, lines, skip, skip + PAGE if len(some) > PAGE else 0, await _in_view(view).count())


def name_of(conversation: Conversation) -> str:
    person = conversation.person if isinstance(conversation.person, Person) else None
    return (
        (person.full_name if person else "")
        or conversation.name
        or _("Somebody on %(channel)s", channel=words.CHANNELS[conversation.channel])
    )


def line_of(one: Conversation) -> Line:
    due, tone = words.due_of(one)
    account = one.account if isinstance(one.account, Account) else None
    return Line(one.id, name_of(one), account.name if account else "", account.tier if account else "", due, tone,
                one.preview, str(words.CHANNELS[one.channel]))  # fmt: skip


async def waiting_count() -> int:
    """For the side bar: mine and unassigned that wait."""
    return await _in_view("desk").filter(state="waiting").count()


async def conversation(conversation_id: int) -> Open:
    """Raises NotFound when it is not there, or not for this person."""
    found = await policy.visible_conversations(current_principal()).filter(id=conversation_id)\
        .prefetch_related("person", "account", "owner").first()  # fmt: skip
    if found is None:
        raise NotFound(_("This conversation does not exist."))
    due, tone = words.due_of(found)
    account = found.account if isinstance(found.account, Account) else None
    owner = found.owner if isinstance(found.owner, Person) else None
    return Open(
        conversation=found, name=name_of(found), tier=await tier_of(found) if account else "", due=due, tone=tone,
        turns=await turns(found.id, for_staff=True, customer=name_of(found), read=found.customer_read),
        account=account,
        events=await _events(found), is_mine=found.owner_id == current_principal().person_id,
        owner=owner.full_name if owner else "",
        rating=await Rating.filter(conversation_id=found.id).order_by("-id").first(),
        suggestion=await Suggestion.filter(conversation_id=found.id, state="open").order_by("-id").first(),
    )  # fmt: skip


async def version(conversation_id: int) -> int | None:
    """Of the talk; None when it is not there, or not for this person. Asked often, so it is cheap."""
    found = policy.visible_conversations(current_principal()).filter(id=conversation_id)
    return await found.first().values_list("version", flat=True)  # type: ignore[return-value]


async def turns(conversation_id: int, *, for_staff: bool, customer: str = "", since: int = 0,
                read: int = 0) -> list[Turn]:  # fmt: skip
    """What was said, by the source's time; customers see no notes, no facts and nothing that was cancelled."""
    found = Message.filter(conversation_id=conversation_id, number__gt=since)
    if not for_staff:
        found = found.filter(sender__in=("person", "bot", "staff"))
    spoken = list(reversed(await found.order_by("-at", "-id").limit(300).prefetch_related("author")))
    ledger = {row.message_id: row for row in await Outgoing.filter(conversation_id=conversation_id)}
    names = await _names(spoken)
    made = []
    for message in spoken:
        row = ledger.get(message.id)
        if not for_staff and row is not None and row.state == "cancelled":
            continue
        turn = _turn(message, row, names, customer, for_staff)
        if for_staff and row is not None and row.way == "shown" and message.sender == "staff":
            turn.note += "　" + (_("Seen") if message.number <= read else _("Not seen yet"))
        if turn.text or turn.pictures or turn.files:
            made.append(turn)
    return made


async def _names(said: list[Message]) -> dict[int, str]:
    ids = {message.data.get(key) for message in said for key in ("owner", "by") if message.sender == "fact"}
    people = await Person.filter(id__in=[one for one in ids if one]) if ids - {None} else []
    return {person.id: person.full_name for person in people}


SIDES = {"person": "customer", "staff": "us", "bot": "bot", "note": "note", "fact": "fact"}


def _turn(message: Message, row: Outgoing | None, names: dict[int, str], customer: str, for_staff: bool) -> Turn:
    author = message.author if isinstance(message.author, Person) else None
    who = author.full_name if author else customer if message.sender == "person" else ""
    if message.sender == "bot":
        who = _("Bot (automatic)")
    sure = _confidence(message) if for_staff else ""
    subject = str(message.data.get("subject", ""))
    parts = [who, str(words.CHANNELS.get(message.channel, "")), subject, sure, clock_time(message.at)]
    sources = message.data.get("sources", [])[:1] if message.data.get("kind") == "answer" else []
    text = message.body
    if sources:  # shown as a link of its own, in place of the bare address
        text = text.replace(f"\n\n{absolute(sources[0]['url'])}", "")
    if message.sender == "fact":
        text = (
            f"{clock_time(message.at)} {words.fact_of(message.data, names)}"
            if words.fact_of(message.data, names)
            else ""
        )
    elif message.state == "taken_back":
        text = _("The customer took this message back.")
    elif message.data.get("kind") == "tap":
        text = _tap_words(message)
    elif not text and message.data.get("kind") == "sticker":
        text = _("Sticker")
    attached = message.data.get("attachments") or []
    state, retry = _sending(row)
    return Turn(
        message.number, SIDES[message.sender], text, "　".join(part for part in parts if part),
        (message.origin or "").rpartition(":")[2] if message.channel == "web" else "", state, retry,
        [f"{'/media' if for_staff else '/contact/pictures'}/{one['media']}" for one in attached if one.get("media")],
        [str(one.get("name") or one.get("kind")) for one in attached if not one.get("media")],
        sources,
        message.data.get("buttons", []) if message.sender == "bot" else [],
    )  # fmt: skip


def _tap_words(message: Message) -> str:
    tap = str(message.data.get("tap", ""))
    if tap.startswith("help:"):
        return _("It helped") if tap.endswith(":yes") else _("Not solved yet")
    return {"person": _("Ask a person"), "see": _("See the answer")}.get(tap.partition(":")[0], _("Chose a suggestion"))


def _confidence(message: Message) -> str:
    value = message.data.get("confidence")
    return _("Confidence %(n)s", n=f"{value:.2f}") if isinstance(value, int | float) else ""


def _sending(row: Outgoing | None) -> tuple[str, str]:
    if row is None or row.state == "sent":
        return "", ""
    retry = f"/staff/inbox/outgoing/{row.id}/again" if not row.needs and row.state in ("failed", "uncertain") else ""
    return row.state, retry


async def _events(conversation: Conversation) -> list[tuple[Any, str]]:
    """The last things on the customer's timeline besides this conversation."""
    if not conversation.person_id and not conversation.account_id:
        return []
    found = Touchpoint.exclude(kind__startswith="inbox.")
    if conversation.person_id:
        found = found.filter(person_id=conversation.person_id)
    else:
        found = found.filter(account_id=conversation.account_id)
    return [(one.at, said(one).title) for one in await found.order_by("-at", "-id").limit(5)]


async def colleagues() -> list[Person]:
    """Who may be given a conversation."""
    return await Person.filter(id__in=await who_answer()).order_by("family_kana", "family_name", "id").limit(50)


async def canned() -> list[CannedReply]:
    return await policy.visible_canned(current_principal()).order_by("shortcut", "id").limit(50)


async def labels(of: Conversation) -> list[tuple[str, bool]]:
    """Those on offer, and those it carries although they are not any more; whether it carries each."""
    offered = await Label.all().order_by("position", "id").limit(100).values_list("name", flat=True)
    return [(str(name), name in of.labels) for name in dict.fromkeys([*offered, *of.labels])]


async def plan_of(account: Account | None) -> str:
    if account is None:
        return ""
    found = await rows(
        "SELECT product, plan FROM contract WHERE account_id = ? AND (ended_on IS NULL OR ended_on >= ?)"
        " ORDER BY amount DESC, id DESC LIMIT 1", account.id, date.today(),
    )  # fmt: skip
    return " ".join(filter(None, (found[0]["product"], found[0]["plan"]))) if found else ""
