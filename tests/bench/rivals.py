"""Other engines on the same tokens: each takes documents and queries as lists of numbers, answers ten places a query.

Tokens are written t0, t1, …, so that no engine cuts or folds them its own way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

Tokens = Sequence[Sequence[int]]


def fts5(documents: Tokens, queries: Tokens) -> list[list[int]]:
    """SQLite FTS5, bm25(), terms joined by OR."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE found USING fts5(text, tokenize = 'ascii')")
    database.executemany("INSERT INTO found (rowid, text) VALUES (?, ?)",
                         [(n, _text(tokens)) for n, tokens in enumerate(documents)])  # fmt: skip
    ask = "SELECT rowid FROM found WHERE found MATCH ? ORDER BY bm25(found), rowid LIMIT 10"
    return [[row[0] for row in database.execute(ask, (" OR ".join(_words(tokens)),))] if tokens else []
            for tokens in queries]  # fmt: skip


def tantivy(documents: Tokens, queries: Tokens) -> list[list[int]]:
    from tantivy import Document, Index, Occur, Query, SchemaBuilder

    builder = SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="whitespace")
    builder.add_unsigned_field("n", stored=True)
    schema = builder.build()
    index = Index(schema)
    writer = index.writer(num_threads=1)
    for n, tokens in enumerate(documents):
        writer.add_document(Document(text=_text(tokens), n=n))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def ask(tokens: Sequence[int]) -> list[int]:
        terms = [(Occur.Should, Query.term_query(schema, "text", word)) for word in _words(tokens)]
        hits = searcher.search(Query.boolean_query(terms), limit=10).hits if terms else []
        return [searcher.doc(address)["n"][0] for _, address in hits]

    return [ask(tokens) for tokens in queries]


def bm25s(documents: Tokens, queries: Tokens) -> list[list[int]]:
    from bm25s import BM25

    engine = BM25()
    engine.index([_words(tokens) for tokens in documents], show_progress=False)
    known = {token for tokens in documents for token in tokens}

    def ask(tokens: Sequence[int]) -> list[int]:
        words = [f"t{token}" for token in tokens if token in known]
        if not words:
            return []
        places, scores = engine.retrieve([words], k=min(10, len(documents)), show_progress=False)
        return [int(place) for place, score in zip(places[0], scores[0], strict=True) if score > 0]

    return [ask(tokens) for tokens in queries]


RIVALS: dict[str, Callable[[Tokens, Tokens], list[list[int]]]] = {"fts5": fts5, "tantivy": tantivy, "bm25s": bm25s}


def _words(tokens: Sequence[int]) -> list[str]:
    return [f"t{token}" for token in tokens]


def _text(tokens: Sequence[int]) -> str:
    return " ".join(_words(tokens))
