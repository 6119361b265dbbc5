"""Passwords: argon2id in a thread, the same work for people who do not exist, and what makes one too weak.

Parameters are OWASP's (46 MiB, one pass, one lane); a hash made with others is made anew at the next sign-in.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.i18n import _, ngettext
from core.tasks import in_thread

SHORTEST = 12
LONGEST = 200
FEWEST_LETTERS = 5
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)


async def hash_of(password: str) -> str:
    return str(await in_thread(_hasher.hash, password))


async def matches(password: str, kept: str | None) -> bool:
    """Whether `password` is the kept one; without a kept hash it takes as long and is false."""
    right = await in_thread(_verify, kept or _nobodys_hash(), password[:1000])
    return bool(right) and kept is not None


def is_outdated(kept: str) -> bool:
    """Made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def weakness(password: str, *, about: tuple[str, ...] = ()) -> str:
    """What to do about a password that is too weak, "" for a good one. `about`: names and addresses of its owner."""
    if len(password) < SHORTEST:
        missing = SHORTEST - len(password)
        return ngettext("Write at least %(n)s more character.", "Write at least %(n)s more characters.", missing)
    if len(password) > LONGEST:
        return ngettext("Shorten it by %(n)s character.", "Shorten it by %(n)s characters.", len(password) - LONGEST)
    plain = password.casefold()
    if plain in common() or len(set(plain)) < FEWEST_LETTERS:
        return _("Many people use this password. Choose another one, for example four words of your own.")
    if any(len(word) > 3 and plain.strip("0123456789!?.#@-_") == word.casefold() for word in about):
        return _("Your name or address is easy to guess. Choose another password.")
    return ""


@lru_cache(maxsize=1)
def common() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("common_passwords.txt").read_text().split())


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
