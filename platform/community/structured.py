"""A question for search engines: schema.org's QAPage as JSON-LD, of public threads only."""

from __future__ import annotations

import json
from typing import Any

from community.plain import plain
from community.reading.thread import Reading, Seen
from core.pages import absolute


def qa_page(reading: Reading) -> str:
    """JSON that is safe inside <script type="application/ld+json">; nothing unless it is a public question."""
    first = reading.posts[0] if reading.posts and reading.posts[0].post.number == 1 else None
    if reading.board.kind != "question" or not reading.board.is_public or first is None:
        return ""
    others = [seen for seen in reading.posts[1:] if seen.post.state == "visible" and not seen.is_accepted]
    question: dict[str, Any] = {
        "@type": "Question", "name": reading.thread.title, "text": plain(first.post.html, 1000),
        "answerCount": reading.thread.reply_count, "upvoteCount": reading.thread.vote_count,
        "datePublished": first.post.created_at.isoformat(), "author": _author(first),
        "suggestedAnswer": [_answer(reading, seen) for seen in others[:10]],
    }  # fmt: skip
    if reading.answer:
        question["acceptedAnswer"] = _answer(reading, reading.answer)
    page = {
        "@context": "https://schema.org",
        "@type": "QAPage",
        "inLanguage": reading.thread.lang,
        "mainEntity": question,
    }
    return json.dumps(page, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _answer(reading: Reading, seen: Seen) -> dict[str, Any]:
    return {"@type": "Answer", "text": plain(seen.post.html, 1000), "upvoteCount": seen.post.like_count,
            "datePublished": seen.post.created_at.isoformat(), "url": absolute(seen.post.path),
            "author": _author(seen)}  # fmt: skip


def _author(seen: Seen) -> dict[str, Any]:
    return {"@type": "Person", "name": seen.author.name}
