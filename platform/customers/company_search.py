"""Companies looked for by a word inside a name, a reading or the number: one look at all, by an index of these alone.

Tens of thousands of companies stand behind a million people, so looking inside names stays quick enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.database import dialect
from core.listing_said import Said
from core.listing_sources import QuerySource, terms
from customers.legal_forms import without_legal_form
from customers.names import company_key, folded
from customers.segments.compile import ascii_lower


def contains(word: str) -> Said:
    """As it is written, A–Z alike in both cases; or as the matcher spells names: without ㈱ and long vowels."""
    word, key = ascii_lower(word), company_key(word)
    asked = [(_place(column, word), word) for column in ("name", "name_kana", "corporate_number")]
    if key:  # with a legal form it is a whole name that begins here, else (株)青 would find every 青
        is_whole = without_legal_form(folded(word)) != folded(word)
        asked.insert(0, (_place("normal_name", "") + (" = 1" if is_whole else " > 0"), key))
    # All are found before one wide row is read: in the order of a list, the few of a rare word stand far apart.
    found = f"SELECT w.id FROM account w WHERE {' OR '.join(sql for sql, _word in asked)}"
    among = f"IN ({found})" if dialect() == "sqlite" else f"= ANY(ARRAY({found}))"
    return Said(f"{{t}}.id {among}", *(one for _sql, one in asked))


def _place(column: str, word: str) -> str:
    """Where it stands, counted from 1. Lower case is made only where the word has any: it costs as much as looking."""
    is_cased = any("a" <= letter <= "z" for letter in word)
    text, found = f"w.{column}", "instr" if dialect() == "sqlite" else "strpos"
    if is_cased:
        text = f"lower({text})" if dialect() == "sqlite" else f'lower({text} COLLATE "C")'
    return f"{found}({text}, ?)" + (" > 0" if word else "")


class CompanySource(QuerySource):
    """A list of companies."""

    def narrowed(self, conditions: Sequence[Any], q: str, search: Sequence[str]) -> CompanySource:
        query = super().narrowed(conditions, "", ()).query
        return CompanySource(query.filter(*(contains(word) for word in terms(q))))
