"""Writing the index: rows written in the caller's transaction, and their version."""

from __future__ import annotations

from collections.abc import Iterable

from core.clock import now
from core.database import after_commit, rows, transaction, write
from core.refs import Ref
from search import current
from search.documents import ANALYSIS, KEPT_BODY, Analysed
from search.text import clean
from search.versions import draw


async def put(analysed: Analysed) -> None:
    """Write an analysed document in place of what stood under its key, in the caller's transaction."""
    document = analysed.document
    async with transaction():
        version = await next_version()
        row = await write(
            "INSERT INTO search_document"
            " (kind, ref_id, lang, state, brand, title, url, body, phrasings, audience, weight, version,"
            " analysis, updated_at) VALUES (?, ?, ?, 'live', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, ref_id, lang) DO UPDATE SET state = excluded.state, brand = excluded.brand,"
            " title = excluded.title, url = excluded.url, body = excluded.body, phrasings = excluded.phrasings,"
            " audience = excluded.audience, weight = excluded.weight, version = excluded.version,"
            " analysis = excluded.analysis, updated_at = excluded.updated_at RETURNING id",
            document.kind, document.id, analysed.lang, document.brand, clean(document.title), document.url,
            clean(document.body)[:KEPT_BODY], lines(document.phrasings),
            tokens_text(document.audience), document.weight, version, ANALYSIS, now(),
        )  # fmt: skip
        for channel, packed in analysed.rows.items():
            await write(
                "INSERT INTO search_posting (document_id, channel, packed) VALUES (?, ?, ?)"
                " ON CONFLICT (document_id, channel) DO UPDATE SET packed = excluded.packed",
                row[0][0], channel, packed,
            )  # fmt: skip
        if "parts" not in analysed.rows:
            await write("DELETE FROM search_posting WHERE document_id = ? AND channel = 'parts'", row[0][0])


async def forget(ref: Ref, lang: str | None = None) -> None:
    """Take a thing out of the index, in one language or all. What remains is its key, so that others notice."""
    async with transaction():
        version = await next_version()
        gone = await write(
            "UPDATE search_document SET state = 'gone', title = '', url = '', body = '', phrasings = '',"
            " audience = '', version = ?, updated_at = ?"
            " WHERE kind = ? AND ref_id = ? AND (? = '' OR lang = ?) RETURNING id",
            version, now(), ref.kind, ref.id, lang or "", lang or "",
        )  # fmt: skip
        for row in gone:
            await write("DELETE FROM search_posting WHERE document_id = ?", row[0])
            await write("DELETE FROM search_vector WHERE document_id = ?", row[0])


async def next_version() -> int:
    """The next version of the index, held until the commit."""
    version = await draw("documents")
    after_commit(current.changed)
    return version


async def size() -> int:
    """How many documents are live."""
    return int((await rows("SELECT count(*) FROM search_document WHERE state = 'live'"))[0][0])


def lines(texts: Iterable[str]) -> str:
    """One text per line."""
    return "\n".join(" ".join(clean(text).split()) for text in texts)


def tokens_text(tokens: frozenset[str] | set[str]) -> str:
    """Audience tokens as stored. Raises ValueError for one with a space in it."""
    for token in tokens:
        if not token or any(c.isspace() for c in token):
            raise ValueError(f"audience token {token!r}")
    return " ".join(sorted(tokens))
