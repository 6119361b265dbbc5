"""The decision: one POST per session; which guides this person may get, and nothing of the others."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import msgspec

from core.clock import when
from core.database import glance
from core.errors import Refused, TooLarge
from core.i18n import LANGUAGES, _, speaking
from core.settings import settings
from guides import identity, published
from guides.contents import launcher_words
from guides.deciding import Been, Seen
from guides.hosts import Host, host_of

LARGEST = 8_192
KNOWN = (
    "SELECT p.id, p.locale, s.guide_id, s.kind, s.views, s.last_at, s.dismissed_at, s.completed_at, s.held_out_at"
    " FROM identity i"
    " JOIN person p ON p.id = i.person_id LEFT JOIN guide_seen s ON s.person_id = p.id WHERE i.kind = 'user_id'"
    " AND i.value = ? AND i.verified_at IS NOT NULL AND p.state = 'active'"
)


class Bad(Refused):
    """What was sent cannot be read."""

    status = 400


class Asked(msgspec.Struct):
    """The body of a decision. `etag` is what the browser has already."""

    key: str
    token: str = ""
    lang: str = ""
    etag: str = ""


class Known(msgspec.Struct, frozen=True):
    """The person of a signed identity, and what they saw."""

    id: int
    locale: str
    seen: Seen


class Answered(msgspec.Struct, frozen=True):
    """`body` is empty when the browser has it already."""

    body: bytes
    etag: str


def parsed(raw: bytes, kind: type[Any], most: int = LARGEST) -> Any:
    if len(raw) > most:
        raise TooLarge(_("That is too large."))
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Bad(_("This is not the JSON that was expected.")) from error


async def known(host: Host, token: str) -> Known | None:
    """Raises Unauthenticated for a wrong signature; None for a user whom we do not know."""
    claims = identity.read(token, host.secrets)
    found = await glance(KNOWN, claims.sub)
    if not found and claims.email:
        await identity.meet(claims)
        found = await glance(KNOWN, claims.sub)
    return _known(found) if found else None


def _known(found: list[Any]) -> Known:
    seen = {row[2]: been(*row[3:]) for row in found if row[2] is not None}
    return Known(found[0][0], found[0][1], seen)


def been(kind: str, views: int, last: Any, dismissed: Any, completed: Any, held_out: Any) -> Been:
    """Columns of guide_seen, in this order."""
    return Been(kind, views, _at(last) or 0.0, _at(dismissed), _at(completed), held_out is not None and not views)


def _at(value: Any) -> float | None:
    moment = when(value)
    return moment.timestamp() if moment else None


async def decide(raw: bytes, origin: str | None) -> Answered:
    asked = parsed(raw, Asked)
    host = await host_of(asked.key, origin)
    person = await known(host, asked.token) if asked.token else None
    lang = language(asked.lang, person)
    guides = await eligible(host, person, lang) if person else b"[]"
    body = b'{"guides":%s%s}' % (guides, launcher(lang) if host.has_launcher else b"")
    etag = hashlib.blake2b(body, digest_size=12).hexdigest()
    return Answered(b"" if asked.etag == etag else body, etag)


def language(wanted: str, person: Known | None) -> str:
    """The product's own choice for its page, else the person's, else the installation's."""
    if (chosen := wanted[:2].lower()) in LANGUAGES:
        return chosen
    return person.locale if person and person.locale in LANGUAGES else settings().default_language


@lru_cache(maxsize=len(LANGUAGES))
def launcher(lang: str) -> bytes:
    """The end of the answer, where the product has the help button."""
    with speaking(lang):
        return b',"launcher":' + msgspec.json.encode(launcher_words())


async def eligible(host: Host, person: Known, lang: str) -> bytes:
    """The list of guides as JSON, the most important first."""
    out, moment = await published.out_of(host.brand), published.moment()
    offers = out.offers(moment)
    places = offers.places(person.id, out.segments_of(person.id), person.seen, host.gaps, moment)
    return offers.listed(places, lang)
