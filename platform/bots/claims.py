"""Somebody unlinked who says they are of a high-touch company goes to a human."""

from __future__ import annotations

import re
import unicodedata

from core.database import rows

FORMS = re.compile(
    r"株式会社|有限会社|合同会社|合資会社|合名会社|一般社団法人|一般財団法人|医療法人|学校法人|\(株\)|\(有\)|㈱|㈲"
    r"|inc\.?|corp\.?|co\.,? ?ltd\.?|ltd\.?"
)


def folded(name: str) -> str:
    words = FORMS.sub("", unicodedata.normalize("NFKC", name).lower())
    return re.sub(r"[\s・,.、。'’-]+", "", words)


async def claimed_account(text: str) -> int | None:
    """The high-touch account whose name (or alias) is said in `text`."""
    found = await rows(
        "SELECT id, name FROM account WHERE tier = 'high' AND state = 'active'"
        " UNION ALL SELECT a.id, x.name FROM account_alias x JOIN account a ON a.id = x.account_id"
        " WHERE a.tier = 'high' AND a.state = 'active'"
    )
    said = folded(text)
    for row in found:
        name = folded(row["name"])
        if len(name) >= 2 and name in said:
            return int(row["id"])
    return None
