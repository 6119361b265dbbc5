"""One record by its source's own id, as a row of an import brings it: same matcher, same precedence, same doubts."""

from __future__ import annotations

from collections.abc import Mapping

from core.audit import audit
from core.context import current_principal
from core.database import lock, transaction
from core.errors import Invalid, Refused, Wrong
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.imports.headings import FIELDS, REQUIRED
from customers.imports.rows import Given, Outcome, digest_of
from customers.imports.run import IMPORTS
from customers.imports.values import Mistake, value_of


async def upsert(kind: str, source: str, source_id: str, fields: Mapping[str, str]) -> Outcome:
    """`kind` as in imports: accounts, people, contracts. Raises Invalid for values that cannot be read, Refused for a
    row that an import would refuse. The outcome is created, updated, unchanged, or review: a person decides."""
    ensure(policy.can_change_everything(current_principal()))
    one = _given(kind, source_id, fields)
    work = IMPORTS[kind](source)
    async with transaction():
        await lock(f"upsert:{kind}")  # two of one id, or of one company, at the same moment: one after the other
        if hasattr(work, "survey"):
            await work.survey([one])
            work.settle()
        outcomes = await work.plan([one])
        found: Outcome = outcomes[0]
        if found.outcome == "refused":
            raise Refused(found.reason)
        await work.write(outcomes)
        if found.outcome in ("created", "updated"):
            after = {"source": source, "source_id": source_id, "fields": sorted(one.values)}
            about = Ref(found.about_kind, found.about_id or 0)
            await audit("api.upsert", about, before=found.before, after=after)
    return found


def _given(kind: str, source_id: str, fields: Mapping[str, str]) -> Given:
    wrong: list[Wrong] = []
    values = {}
    for name, text in {**fields, "source_id": source_id}.items():
        try:
            found = value_of(name, text)
        except Mistake as mistake:
            wrong.append(Wrong(f"#/{name}", str(mistake)))
            continue
        if found != "":
            values[name] = found
    wrong += [Wrong(f"#/{name}", _("Fill this in.")) for name in REQUIRED[kind] if name not in values and not wrong]
    if wrong:
        raise Invalid(wrong)
    return Given(1, {name: value for name, value in values.items() if name in FIELDS[kind]}, digest_of(values))
