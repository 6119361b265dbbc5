"""`/w/chat/…`: what the chat of the embedded script asks. The signed identity, or a visitor's random token, is the
only gate; the conversation itself is the inbox's (inbox.actions.chatting)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from core.context import here
from core.database import rows
from core.errors import NotFound, Refused, TooLarge, Unauthenticated
from core.i18n import _, day
from core.media import MOST_BYTES, picture_file
from core.streams import Gone, Told, stream
from guides import identity, serving
from guides.chat_words import words_of
from guides.hosts import Host, host_of
from guides.serving import Asked
from inbox import customer as customers
from inbox import own, verifying, words
from inbox.actions import chatting
from inbox.customer import Customer
from inbox.live import watch
from inbox.models import ChatVisitor, Conversation
from inbox.reading import Turn

LARGEST = 32_768  # 5,000 characters of Japanese are 15 KB
LONGEST_PAGE = 300


class Chat(Asked):
    """What every question of the chat holds. `visitor` is the token of somebody not signed in."""

    visitor: str = ""
    page: str = ""


class Talk(Chat):
    known: str = ""
    words: bool = False


class Said(Chat):
    id: str = ""
    body: str = ""
    tap: str | None = None


class Seen(Chat):
    number: int = 0


class Rated(Chat):
    score: int = 0
    comment: str = ""


class Typed(Chat):
    """An address, or the digits that were sent to it."""

    text: str = ""


class Shown(Chat):
    media: str = ""


class Earlier(Chat):
    """Their other conversations, the latest first: `before` is the number of the one shown last."""

    before: int = 0


class Who(msgspec.Struct, frozen=True):
    """`visitor` where the token, or a user of the product whom we do not know, is all that we have."""

    host: Host
    customer: Customer | None
    visitor: ChatVisitor | None = None
    joined: bool = False  # what was said under the token is the person's now, and the token is over


def parsed(raw: bytes, kind: type[Any]) -> Any:
    return serving.parsed(raw, kind, LARGEST)


async def who(asked: Chat, origin: str | None, ip: str = "", *, make: bool = False) -> Who:
    """Who asks. `make`: somebody new is kept, because they say something. Raises Unauthenticated, TooMany."""
    host = await host_of(asked.key, origin)
    if not host.has_launcher:
        raise NotFound(_("There is no such product."))
    person = await serving.known(host, asked.token) if asked.token else None
    here().language = lang = serving.language(asked.lang, person)
    visitor = await customers.visitor_with(asked.visitor)
    if visitor and visitor.brand != host.brand:
        visitor = None
    if not asked.token:
        if visitor is None and make:
            visitor = await customers.new_visitor(asked.visitor, ip, lang, host.brand)
        return Who(host, await customers.of_visitor(visitor, lang) if visitor else None, visitor)
    subject = identity.read(asked.token, host.secrets).sub
    if person is None:
        signed = await customers.of_subject(subject, host.brand, lang, make=make)
        return Who(host, await customers.of_visitor(signed, lang) if signed else None, signed)
    return await _person(host, person.id, subject, visitor, lang)


async def _person(host: Host, person_id: int, subject: str, visitor: ChatVisitor | None, lang: str) -> Who:
    """What they said before we knew them, in this browser or as the product's user, is theirs."""
    before = await customers.of_subject(subject, host.brand, lang, make=False)
    if before and before.person_id is None:
        await customers.becomes(before, person_id)
    joined = visitor is not None and await customers.came_in(visitor, person_id)
    name = await rows("SELECT family_name, given_name FROM person WHERE id = ?", person_id)
    found = customers.of_person(person_id, " ".join(filter(None, name[0])), lang, host.brand)
    return Who(host, found, None, joined)


def page_of(page: str, origin: str | None) -> str:
    """Where they wrote: a page of the site that asks, without its query, which may hold secrets of the product."""
    try:
        parts = urlsplit(page[:2000])
        is_theirs = origin is not None and f"{parts.scheme}://{parts.netloc}" == origin
    except ValueError:
        return ""
    return f"{origin}{parts.path}"[:LONGEST_PAGE] if is_theirs and page.isprintable() else ""


# What it says ------------------------------------------------------------------------------------------------


async def talk(raw: bytes, origin: str | None, ip: str) -> Any:
    asked: Talk = parsed(raw, Talk)
    found = await who(asked, origin, ip)
    conversation = await own.current(found.customer)
    name = f"{conversation.id}-{conversation.version}" if conversation else "-"
    answer: dict[str, Any] = (
        {"same": True} if name == asked.known and not asked.words else await _talk(found, conversation, name)
    )
    return answer | ({"words": words_of()} if asked.words else {})


async def _talk(found: Who, conversation: Conversation | None, name: str) -> dict[str, Any]:
    visitor = found.visitor if found.visitor and found.visitor.subject is None else None
    said = await own.turns(conversation, found.customer)
    return {
        "id": name, "state": conversation.state if conversation else "", "hours": words.hours_said(),
        "number": conversation.id if conversation else 0, "turns": _told(said),
        "earlier": conversation is not None and bool(await own.earlier(found.customer, conversation.id, limit=1)),
        "last": conversation.message_count if conversation else 0, "unread": await own.unread(conversation),
        "rating": bool(conversation and await own.may_rate(conversation)), "isVisitor": visitor is not None,
        "mail": visitor.mail if visitor else "", "asked": visitor.asked_mail if visitor else "",
        "joined": found.joined,
    }  # fmt: skip


def _told(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """The latest hundred."""
    return [
        {"number": turn.number, "side": turn.side, "text": turn.text, "note": turn.note, "key": turn.key,
         "pictures": [one.rpartition("/")[2] for one in turn.pictures], "files": turn.files,
         "sources": [{"title": one["title"], "url": one["url"]} for one in turn.sources],
         "buttons": turn.buttons} for turn in turns[-100:]
    ]  # fmt: skip


async def earlier(raw: bytes, origin: str | None, ip: str) -> Any:
    """One more of their conversations, when it began, and whether there is another before that."""
    asked: Earlier = parsed(raw, Earlier)
    customer = (await _known(asked, origin, ip)).customer
    current = await own.current(customer)
    before = max(0, min(asked.before, 2**62))
    found = await own.earlier(customer, current.id, before, limit=2) if current else []
    if not found:
        raise NotFound(_("This conversation does not exist."))
    turns = await own.turns(found[0], customer)
    return {"number": found[0].id, "day": day(found[0].created_at), "turns": _told(turns), "more": len(found) > 1}


def live(raw: bytes, origin: str | None, ip: str) -> Awaitable[Any]:
    return _live(parsed(raw, Talk), origin, ip)


async def _live(asked: Talk, origin: str | None, ip: str) -> Any:
    """Held open: an event whenever the talk is another. Who asks is asked again with every look."""
    found = await who(asked, origin, ip)
    if found.customer is None:
        raise NotFound(_("There is no conversation yet."))
    known = asked.known

    async def look() -> list[Told]:
        nonlocal known
        try:
            customer = (await who(asked, origin, ip)).customer
        except Refused as refused:
            raise Gone from refused
        conversation = await own.current(customer)
        name = f"{conversation.id}-{conversation.version}" if conversation else "-"
        if name == known:
            return []
        known = name
        return [Told("talk", name, {})]

    return stream(found.customer.seat, look, watch.joined)


# What they do ------------------------------------------------------------------------------------------------


async def _writer(asked: Chat, origin: str | None, ip: str) -> Customer:
    found = (await who(asked, origin, ip, make=True)).customer
    if found is None:
        raise Unauthenticated(_("This conversation cannot be found. Open the page again."))
    return found


async def _known(asked: Chat, origin: str | None, ip: str) -> Who:
    found = await who(asked, origin, ip)
    if found.customer is None:
        raise NotFound(_("There is no conversation yet."))
    return found


async def messages(raw: bytes, origin: str | None, ip: str) -> None:
    asked: Said = parsed(raw, Said)
    await chatting.write_message(await _writer(asked, origin, ip), asked.body, id=asked.id,
                                 page=page_of(asked.page, origin))  # fmt: skip


async def taps(raw: bytes, origin: str | None, ip: str) -> None:
    asked: Said = parsed(raw, Said)
    found = await _known(asked, origin, ip)
    assert found.customer
    await chatting.tap(found.customer, asked.tap or "", id=asked.id, page=page_of(asked.page, origin))


async def picture(fields: dict[str, str], data: bytes, name: str, origin: str | None, ip: str) -> None:
    """A form of its own, because it holds a file; at most what core.media takes."""
    if len(data) > MOST_BYTES:
        raise TooLarge(_("A picture may have at most %(n)s MB.", n=MOST_BYTES // 1_000_000))
    asked = Chat(key=fields.get("key", ""), token=fields.get("token", ""), lang=fields.get("lang", ""),
                 visitor=fields.get("visitor", ""), page=fields.get("page", ""))  # fmt: skip
    await chatting.send_picture(await _writer(asked, origin, ip), data, name, id=fields.get("id", ""),
                                page=page_of(asked.page, origin))  # fmt: skip


async def shown(raw: bytes, origin: str | None, ip: str) -> Any:
    asked: Shown = parsed(raw, Shown)
    found = await _known(asked, origin, ip)
    return await picture_file(await own.picture(found.customer, asked.media[:80].replace("\x00", "")))


async def seen(raw: bytes, origin: str | None, ip: str) -> None:
    asked: Seen = parsed(raw, Seen)
    found = await _known(asked, origin, ip)
    assert found.customer
    await chatting.seen(found.customer, max(0, min(asked.number, 2_000_000_000)))


async def ratings(raw: bytes, origin: str | None, ip: str) -> None:
    asked: Rated = parsed(raw, Rated)
    found = await _known(asked, origin, ip)
    assert found.customer
    await chatting.rate(found.customer, asked.score, asked.comment)


async def _visitor(asked: Chat, origin: str | None, ip: str) -> ChatVisitor:
    found = (await _known(asked, origin, ip)).visitor
    if found is None or found.subject is not None:
        raise NotFound(_("There is no conversation yet."))
    return found


async def addresses(raw: bytes, origin: str | None, ip: str) -> None:
    asked: Typed = parsed(raw, Typed)
    await verifying.send_code(await _visitor(asked, origin, ip), asked.text, ip, here().language)


async def codes(raw: bytes, origin: str | None, ip: str) -> None:
    asked: Typed = parsed(raw, Typed)
    await verifying.check_code(await _visitor(asked, origin, ip), asked.text)


async def leaving(raw: bytes, origin: str | None, ip: str) -> None:
    asked: Chat = parsed(raw, Chat)
    await customers.leave(await _visitor(asked, origin, ip))


Verb = Callable[[bytes, str | None, str], Awaitable[Any]]
VERBS: dict[str, Verb] = {
    "talk": talk, "live": live, "messages": messages, "taps": taps, "picture": shown, "seen": seen,
    "ratings": ratings, "addresses": addresses, "codes": codes, "leaving": leaving,
    "earlier": earlier,
}  # fmt: skip
