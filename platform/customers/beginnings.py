"""People looked for by how a name, a reading, a handle or an address begins. Answered by index at a million.

A name is looked for whole (田中花子) and by its given half, an address also by what stands behind the @. Letters A–Z
are alike in both cases, hiragana and katakana are alike in readings. Only where nobody's anything begins so are words
looked for inside: that reads everybody. Where only some are visible, all of this is asked of these: nobody can tell
from an answer that somebody else exists. `person_lookup` is kept by triggers; why: docs/decisions/lookup.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from tortoise.queryset import QuerySet

from core.bulk import listed
from core.database import dialect, rows
from core.listing_said import Said
from core.listing_sources import Edge, Place, QuerySource, terms
from core.principal import Principal
from customers.models import Person
from customers.names import kana
from customers.policy import sees_everybody, visible_people
from customers.segments.compile import ascii_lower

TABLES = frozenset({"person_lookup"})  # made of others: carried nowhere
LAST = "\U0010ffff"  # behind every letter
NAMES, READINGS, ADDRESSES = ("name", "given", "handle"), ("kana", "given_kana"), ("email", "domain")
INSIDE = (*NAMES[::2], "kana", "email")  # the given halves stand in the whole names
FIRST, PART = 100, 2000  # how many are looked at for one page: at first, and at most at once
REMEMBERED = 3000  # of those who contain a word: found once, however much is asked of them
AT_THE_START = "{0} >= CAST(? AS TEXT) AND {0} < CAST(? AS TEXT)"


class Part(msgspec.Struct, frozen=True):
    """A condition on `person_lookup` that one index answers."""

    where: str
    parameters: list[Any]

    @property
    def sql(self) -> str:
        """A SELECT of (reading, id), to which more conditions may be added."""
        return f"SELECT family_kana, person_id FROM person_lookup WHERE {self.where}"


class PeopleSource(QuerySource):
    """A list of people that is searched by `person_lookup`; without a search it is the list of the query.

    `visible` is the query of those whom the reader may see at all; None where that is everybody.
    """

    def __init__(self, query: QuerySet[Any], with_addresses: bool, visible: QuerySet[Any] | None,
                 words: Sequence[str] = ()) -> None:  # fmt: skip
        super().__init__(query)
        self.with_addresses, self.visible, self.words = with_addresses, visible, words
        self._found: list[Part] | None = None

    def narrowed(self, conditions: Sequence[Any], q: str, search: Sequence[str]) -> PeopleSource:
        query = super().narrowed(conditions, "", ()).query
        return PeopleSource(query, self.with_addresses, self.visible, terms(q))

    async def page(self, edge: Edge, place: list[Any] | None, size: int, backwards: bool) -> list[Place]:
        if not self.words:
            return await super().page(edge, place, size, backwards)
        if edge.field != "family_kana" or self.visible is not None:
            return await (await self._chosen()).page(edge, place, size, backwards)
        found: list[Place] = []
        limit = FIRST
        while len(found) < size:
            next_ones = await self._beyond(edge.down(backwards), place, limit)
            people = {one.id: one for one in await self.query.filter(_one_of([id for _kana, id in next_ones]))}
            found += [Place(people[id], by, id) for by, id in next_ones if id in people]
            if len(next_ones) < limit:
                break
            place, limit = ["v", *next_ones[-1]], min(4 * limit, PART)
        return found[:size]

    async def count(self, most: int) -> int:
        """Where the first few are enough to say "more than", the others are not looked at."""
        if not self.words:
            return await super().count(most)
        if self.visible is not None:
            return await (await self._chosen()).count(most)
        sql, parameters = joined(await self._parts())
        few = await rows(f"SELECT person_id FROM ({sql}) AS found LIMIT {int(3 * most)}", *parameters)
        number = await self._counted(few, most)
        if number > most or len(few) < 3 * most:
            return number
        return await self._counted(await rows(f"SELECT person_id FROM ({sql}) AS found", *parameters), most)

    async def _counted(self, found: Sequence[Any], most: int) -> int:
        """How many of these the list shows; no more than are needed to know that it is more than `most`."""
        ids, number = list(dict.fromkeys(int(row[0]) for row in found)), 0
        for at in range(0, len(ids), PART):
            number += await self.query.filter(_one_of(ids[at : at + PART])).count()
            if number > most:
                break
        return number

    async def ids(self, limit: int) -> list[int]:
        return await (await self._chosen()).ids(limit) if self.words else await super().ids(limit)

    async def among(self, ids: list[int]) -> list[int]:
        return await (await self._chosen()).among(ids) if self.words else await super().among(ids)

    async def _beyond(self, down: bool, place: list[Any] | None, limit: int) -> list[tuple[str, int]]:
        """(reading, id) of the next ones in the order of the list: of each index the first, then of those the first."""
        way = ("DESC", "<") if down else ("ASC", ">")
        parameters: list[Any] = []
        firsts: list[str] = []
        beyond = f" AND (family_kana, person_id) {way[1]} (CAST(? AS TEXT), CAST(? AS BIGINT))" if place else ""
        order = f"ORDER BY family_kana {way[0]}, person_id {way[0]}"
        for part in await self._parts():
            firsts.append(f"SELECT * FROM ({part.sql}{beyond} {order} LIMIT {int(limit)}) AS first")
            parameters += [*part.parameters, *(place[1:] if place else ())]
        found = await rows(f"SELECT family_kana, person_id FROM ({' UNION ALL '.join(firsts)}) AS found {order}",
                           *parameters)  # fmt: skip
        return list(dict.fromkeys((str(row[0]), int(row[1])) for row in found))[:limit]

    async def _chosen(self) -> QuerySource:
        if self.visible is not None:
            return QuerySource(self.query.filter(_each_of_them(await self._parts())))
        sql, parameters = joined(await self._parts())
        return QuerySource(self.query.filter(Said(f"{{t}}.id IN (SELECT person_id FROM ({sql}) AS found)",
                                                  *parameters)))  # fmt: skip

    async def _parts(self) -> list[Part]:
        """Of whom the words together are a beginning (田中 花子), else each of them, else who contain each."""
        if self._found is None:
            self._found = await self._first_that_finds()
        return self._found

    async def _first_that_finds(self) -> list[Part]:
        for words in (["".join(self.words)], self.words):
            found = self._beginning(words)
            if await self._finds(found):
                return found
        return [self._inside() if self.visible is not None else await self._once(self._inside())]

    async def _once(self, inside: Part) -> Part:
        """The few of these by their ids: to find them reads everybody, for the page and again for the count."""
        # Unordered, PostgreSQL expects to have found them at once, and leaves everybody to a single process.
        order = " ORDER BY family_kana, person_id" if dialect() == "postgresql" else ""
        found = await rows(f"SELECT person_id FROM person_lookup WHERE {inside.where}{order} LIMIT {REMEMBERED + 1}",
                           *inside.parameters)  # fmt: skip
        if len(found) > REMEMBERED:
            return inside
        listing, parameters = listed("bigint", [int(row[0]) for row in found])
        return Part(f"person_id IN {listing}", parameters)

    async def _finds(self, parts: Sequence[Part]) -> bool:
        if self.visible is not None:
            return await self.visible.filter(_each_of_them(parts)).exists()
        sql, parameters = joined(parts)
        return bool(await rows(f"SELECT 1 FROM ({sql}) AS found LIMIT 1", *parameters))

    def _beginning(self, words: Sequence[str]) -> list[Part]:
        first, *others = sorted(words, key=len, reverse=True)
        also, values = "", list[str]()
        for word in others:
            asked = self._asked(word)
            also += f" AND ({' OR '.join(AT_THE_START.format(column) for column, _word in asked)})"
            values += [end for _column, one in asked for end in (one, one + LAST)]
        return [Part(f"{column} <> '' AND {AT_THE_START.format(column)}{also}", [one, one + LAST, *values])
                for column, one in self._asked(first)]  # fmt: skip

    def _asked(self, word: str) -> list[tuple[str, str]]:
        """Which column may begin with what."""
        word = ascii_lower(word)
        plain = [(column, word) for column in (*NAMES, *(ADDRESSES if self.with_addresses else ()))]
        spelled = dict.fromkeys([word, kana(word), _as_hiragana(word)])
        return plain + [(column, one) for column in READINGS for one in spelled]

    def _inside(self) -> Part:
        columns = [column for column in INSIDE if column != "email" or self.with_addresses]
        found = "instr" if dialect() == "sqlite" else "strpos"
        # Column by column: to put them together first takes twice as long.
        one = " OR ".join(f"{found}({column}, CAST(? AS TEXT)) > 0" for column in columns)
        words = [ascii_lower(word) for word in self.words]
        return Part(" AND ".join(f"({one})" for _word in words), [word for word in words for _column in columns])


def joined(parts: Sequence[Part]) -> tuple[str, list[Any]]:
    """All of them; somebody may stand there twice."""
    return " UNION ALL ".join(part.sql for part in parts), [one for part in parts for one in part.parameters]


def _each_of_them(parts: Sequence[Part]) -> Said:
    """Asked of each person of a list of few: through their own row, whatever else begins so."""
    asked = " OR ".join(f"({part.where})" for part in parts)
    own = f"SELECT 1 FROM person_lookup WHERE person_id = {{t}}.id AND ({asked})"
    return Said(f"EXISTS ({own})", *(one for part in parts for one in part.parameters))


def people_source(principal: Principal, query: QuerySet[Any], with_addresses: bool, words: str = "") -> PeopleSource:
    """`query`, all of `visible_people(principal)` or a part, to be searched."""
    visible = None if sees_everybody(principal) else visible_people(principal)
    return PeopleSource(query, with_addresses, visible, terms(words))


async def people_named(principal: Principal, query: QuerySet[Any], words: str, with_addresses: bool,
                       most: int) -> list[Person]:  # fmt: skip
    """The first of `query` (as above), by reading, for whom each word is a beginning."""
    source = people_source(principal, query, with_addresses, words)
    return [one.row for one in await source.page(Edge("family_kana", False), None, most, False)]


def _one_of(ids: Sequence[int]) -> Said:
    listing, parameters = listed("bigint", ids)
    return Said(f"{{t}}.id IN {listing}", *parameters)


def _as_hiragana(text: str) -> str:
    return "".join(chr(ord(letter) - 96) if "ァ" <= letter <= "ヶ" else letter for letter in text)
