"""By which channels a campaign goes, and where each person is on them: an address, or a LINE account of one channel."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from channels.providers import providers
from core.database import rows
from core.i18n import lazy
from core.tasks import in_thread
from customers import blocking, consent, line_users
from customers.line_users import LineUser

CHOICES = {
    "email": lazy("E-mail"), "line": lazy("LINE"),
    "line_first": lazy("LINE where they follow us, e-mail otherwise"),
    "email_first": lazy("E-mail where they take it, LINE otherwise"),
}  # fmt: skip
# In this order a person is asked for on them; one gets one message.
ORDER = {"email": ("email",), "line": ("line",), "line_first": ("line", "email"), "email_first": ("email", "line")}
NAMES = {"email": lazy("E-mail"), "line": lazy("LINE")}


class Where(msgspec.Struct, frozen=True):
    """Hashes of a person's addresses; `place_hash` is that of being blocked by this person on `connection`."""

    person: int
    email: str | None = None
    line: str | None = None
    connection: int | None = None
    place: str | None = None


async def line_connections(brand: str) -> list[int]:
    """The brand's LINE channels; those of the default brand where it has none."""
    found = await rows("SELECT id, brand FROM connection WHERE kind = 'line' AND state <> 'revoked' AND brand IN"
                       " (?, 'default') ORDER BY id", brand)  # fmt: skip
    own = [int(row["id"]) for row in found if row["brand"] == brand]
    return own or [int(row["id"]) for row in found]


async def where_are(choice: str, brand: str, people: Sequence[int], ids_sql: str) -> str:
    """Where these people are on the channels of `choice`, as JSON for `ledger.chosen_sql`."""
    ways, chosen = ORDER[choice], json.dumps(list(people))
    emails, users = dict[int, str | None](), dict[int, tuple[str, int]]()
    for row in await rows(f"SELECT id, email FROM person WHERE id IN ({ids_sql})", chosen):
        emails[int(row[0])] = row[1] if "email" in ways else None
    if "line" in ways:
        users = await _on_line(brand, chosen, ids_sql)
    await consent.rekey("email", [email for email in emails.values() if email])
    await consent.rekey("line", [one for user, on in users.values() for one in (user, blocking.place(on, user))])
    found = await in_thread(_hashed, emails, users)
    return json.dumps([msgspec.structs.astuple(one) for one in found])


def _hashed(emails: dict[int, str | None], users: dict[int, tuple[str, int]]) -> list[Where]:
    """The keyed hash of every address, under the newest key."""
    found = []
    for person, email in emails.items():
        hashed = consent.address_hash("email", email) if email else None
        user, on = users.get(person, ("", 0))
        if user:
            place = consent.address_hash("line", blocking.place(on, user))
            found.append(Where(person, hashed, consent.address_hash("line", user), on, place))
        else:
            found.append(Where(person, hashed))
    return found


async def _on_line(brand: str, chosen: str, ids_sql: str) -> dict[int, tuple[str, int]]:
    """person → LINE user and connection. An id goes to its provider's channels alone; of several channels one that
    they did not block, before others that on which they talked to us last, then that on which they linked."""
    known, shared = await line_connections(brand), await providers()
    users = await line_users.of_people(json.loads(chosen)) if known else {}
    pairs = {person: [(on, one) for on in known for one in ids if line_users.fits(shared, one, on)]
             for person, ids in users.items()}  # fmt: skip
    several = [person for person, theirs in pairs.items() if len(theirs) > 1]
    talked = await _talked(known, several, ids_sql)
    blocked = await _blocked([pair for person in several for pair in pairs[person]])

    def rank(person: int, pair: tuple[int, LineUser]) -> tuple[bool, bool, bool, int]:
        on, one = pair
        return (on, one.user) not in blocked, talked.get(person) == on, one.connection == on, one.id

    found: dict[int, tuple[str, int]] = {}
    for person, theirs in pairs.items():
        if theirs:
            on, one = max((rank(person, pair), pair) for pair in theirs)[1]
            found[person] = (one.user, on)
    return found


async def _talked(known: Sequence[int], people: Sequence[int], ids_sql: str) -> dict[int, int]:
    """person → the one of these channels on which they talked to us last."""
    if not people:
        return {}
    listed = ", ".join(map(str, known))
    last = (
        "(SELECT v.connection_id FROM conversation v WHERE v.person_id = p.id"
        f" AND v.connection_id IN ({listed}) ORDER BY v.last_message_at DESC LIMIT 1)"
    )
    found = await rows(f"SELECT p.id, {last} AS place FROM person p WHERE p.id IN ({ids_sql})", json.dumps(people))
    return {int(row["id"]): int(row["place"]) for row in found if row["place"]}


async def _blocked(pairs: Sequence[tuple[int, LineUser]]) -> set[tuple[int, str]]:
    return {(on, user) for on in sorted({on for on, _one in pairs})
            for user in await blocking.blocked_among(on, [one.user for at, one in pairs if at == on])}  # fmt: skip
