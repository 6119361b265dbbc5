"""How permission is said: a verdict with a sentence, made in a room's policy.py, enforced in its actions."""

from __future__ import annotations

import msgspec

from core.errors import Forbidden, Unauthenticated
from core.i18n import _


class Verdict(msgspec.Struct, frozen=True):
    """True or false, and why not. `grant_id` names the grant that allowed it, for the audit log."""

    allowed: bool
    reason: str = ""
    grant_id: int | None = None
    needs_sign_in: bool = False

    def __bool__(self) -> bool:
        return self.allowed


def allow(grant_id: int | None = None) -> Verdict:
    return Verdict(True, grant_id=grant_id)


def deny(reason: object = "") -> Verdict:
    return Verdict(False, str(reason) or _("You may not do this."))


def sign_in_first() -> Verdict:
    return Verdict(False, _("Sign in first."), needs_sign_in=True)


def ensure(verdict: Verdict) -> Verdict:
    """Raise Forbidden (or Unauthenticated) with the verdict's sentence unless it allows."""
    if not verdict:
        raise (Unauthenticated if verdict.needs_sign_in else Forbidden)(verdict.reason)
    return verdict
