"""What the customer may read that answers the question: articles and solved threads."""

from __future__ import annotations

from typing import Any

import msgspec

from bots import answers
from core.principal import MEMBER, Principal
from customers.accounts import accounts_of
from customers.audience import tokens_of
from inbox.models import Conversation
from search import Hit, find, record_query

KINDS = frozenset({"article", "thread"})
SHOWN = 3


class Known(msgspec.Struct, frozen=True):
    """`band` as search says: answer, candidates, none. `sources` are the best first."""

    band: str
    confidence: float
    sources: list[dict[str, Any]]
    query_key: str


async def reader_of(conversation: Conversation) -> Principal:
    """What a verified person may see; somebody unlinked sees what everybody sees."""
    if conversation.person_id is None or conversation.customer_key != f"person:{conversation.person_id}":
        return Principal(brand=conversation.brand)
    return Principal(person_id=conversation.person_id, role="member", capabilities=MEMBER,
                     accounts=await accounts_of(conversation.person_id), brand=conversation.brand)  # fmt: skip


async def look_up(question: str, conversation: Conversation, lang: str) -> Known:
    """Search, and write the search down."""
    tokens = tokens_of(await reader_of(conversation))
    found = await find(question, tokens=tokens, lang=lang, kinds=KINDS, brand=conversation.brand, limit=8)
    if found.band == "none":
        other = await find(question, tokens=tokens, kinds=KINDS, brand=conversation.brand, limit=8)
        found = other if other.confidence > found.confidence else found
    key = await record_query(found, surface="bot", person_id=conversation.person_id,
                             account_id=conversation.account_id)  # fmt: skip
    hits = await solved(found.hits)
    band = found.band
    if band == "answer" and (not hits or hits[0] is not found.hits[0]):
        band = "candidates"
    if not hits:
        band = "none"
    return Known(band, found.confidence, [answers.source_of(hit) for hit in hits[:SHOWN]], key)


async def solved(hits: list[Hit]) -> list[Hit]:
    """Articles, and of the threads those with an accepted answer."""
    asked = [hit.ref.id for hit in hits if hit.ref.kind == "thread"]
    if not asked:
        return hits
    from community.models import Thread

    good = set(await Thread.filter(id__in=asked, accepted_post_id__isnull=False).values_list("id", flat=True))
    return [hit for hit in hits if hit.ref.kind != "thread" or hit.ref.id in good]
