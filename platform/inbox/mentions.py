"""`@name` in a note: which colleagues it means, and which of them may read it.

A name is somebody's handle, their whole name with or without a space, or their family name; Japanese has no spaces, so
the longest name that the text goes on with is taken. A family name that several bear means all of them: one notice too
many is better than none.
"""

from __future__ import annotations

import re
import unicodedata

from access.identify import rights_of
from customers import accounts
from customers.models import Person
from inbox import policy
from inbox.models import Conversation
from inbox.team import who_answer

MOST = 20
# After a letter of an address it is an address: hanako@example.jp.
AT = re.compile(r"(?<![A-Za-z0-9._%+-])@")


async def named_in(body: str) -> list[int]:
    """Colleagues who answer conversations, in the order in which they are named."""
    text = _folded(body)
    starts = [found.end() for found in AT.finditer(text)][: MOST * 2]
    if not starts:
        return []
    called: dict[str, list[int]] = {}
    for one in await Person.filter(id__in=await who_answer()).order_by("id"):
        whole = (one.family_name, one.given_name)
        names = {one.handle or "", "".join(whole), " ".join(whole), " ".join(reversed(whole)), one.family_name}
        for name in {_folded(name).strip() for name in names} - {""}:
            called.setdefault(name, []).append(one.id)
    longest_first = sorted(called, key=lambda name: (-len(name), name))
    found: dict[int, None] = {}
    for start in starts:
        name = next((one for one in longest_first if _stands_at(text, start, one)), "")
        found |= dict.fromkeys(called.get(name, []))
    return list(found)[:MOST]


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).casefold()


def _stands_at(text: str, start: int, name: str) -> bool:
    """`@ann` does not mean Ann in `@anna`; where the letters know no spaces, anything may follow."""
    if not text.startswith(name, start):
        return False
    after = text[start + len(name) : start + len(name) + 1]
    return not (after.isascii() and after.isalnum() and name[-1:].isascii())


async def who_may_read(conversation: Conversation, people: list[int]) -> list[int]:
    """Of these, those who may see the conversation: being named opens nothing."""
    csm_id = await accounts.csm_of(conversation.account_id) if conversation.account_id else None
    return [id for id in people if policy.can_answer(await rights_of(id), conversation, csm_id)]
