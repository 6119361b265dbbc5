"""How something is asked: pairs of neighbouring words, and the words that mean nothing by themselves.

「届いた」 and 「いつ届く」, "received" and "when will I receive" share what they tell and are not the same question.
Only questions (titles, phrasings, clicked queries) are read so.
"""

from __future__ import annotations

from search.analysis import words

LONGEST = 2_000  # characters of one question


def wordings(text: str) -> list[str]:
    """Pairs as "a b", with "<" and ">" for the ends, then grammar and stop words. Empty for an empty text."""
    every = [word.term for word in words(text[:LONGEST], keep_stop_words=True)]
    if not every:
        return []
    telling = {word.term for word in words(text[:LONGEST])}
    pairs = [f"{one} {other}" for one, other in zip(["<", *every], [*every, ">"], strict=True)]
    return pairs + [word for word in every if word not in telling]
