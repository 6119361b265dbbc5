"""Audience tokens: what a reader may see in search and lists, as short strings."""

from __future__ import annotations

from core.media import use_tokens
from core.principal import Principal


def tokens_of(reader: Principal) -> frozenset[str]:
    """`public` for everybody; `members` when signed in; `account:7`, `board:3`, `staff` as they apply."""
    tokens = {"public"}
    if reader.is_signed_in:
        tokens.add("members")
        tokens |= {f"account:{account}" for account in reader.accounts}
        tokens |= {grant.scope for grant in reader.grants if grant.is_current()}
    if reader.is_staff:
        tokens.add("staff")
    return frozenset(tokens)


use_tokens(tokens_of)
