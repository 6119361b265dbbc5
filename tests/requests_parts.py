"""A manager who may decide, and voices, for tests of requests."""

from __future__ import annotations

from datetime import timedelta

from core.clock import now
from core.principal import SYSTEM
from core.refs import Ref
from customers.models import Account, Person, ProductRequest, Voice
from customers.requests import voices
from customers.requests.voices import Heard
from factories import staff
from wires import as_person

S = "/staff/customers/requests"
EVERYTHING = SYSTEM.capabilities


async def a_manager() -> Person:
    person = await staff("manager", "葛西", "みのり")
    as_person(person, "manager", capabilities=EVERYTHING)
    return person


async def a_voice(request: ProductRequest, account: Account | None = None, person: Person | None = None, *,
                  source: Ref | None = None, days: int = 0, quote: str = "ほしいです") -> Voice:  # fmt: skip
    said = Heard(quote, now() - timedelta(days=days), account.id if account else None, person.id if person else None,
                 source)  # fmt: skip
    return await voices.join(request.id, said)
