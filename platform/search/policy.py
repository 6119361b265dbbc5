"""Who may change how search answers."""

from __future__ import annotations

from core.i18n import _
from core.policy import Verdict, allow, deny
from core.principal import Principal


def can_control(who: Principal) -> Verdict:
    """Whoever writes what is found: synonyms, stop words, pinned and hidden results, the bands of the confidence."""
    return allow() if who.may("help.write") else deny(_("Only staff who write articles may do this."))
