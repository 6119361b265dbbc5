"""How many living customers of each place read which language: a ledger beside `headcount`, kept by triggers of
`customer_place`, so that "low touch and Japanese" asks companies and not their people: docs/decisions/headcount.md.
"""

from collections.abc import Sequence
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = (
    "CREATE TABLE language_headcount (account_id BIGINT NOT NULL, locale TEXT NOT NULL, people BIGINT NOT NULL)",
    "CREATE INDEX language_headcount_account ON language_headcount (account_id, locale, people)",
)
ADD = "INSERT INTO language_headcount (account_id, locale, people)"
FIRST = f"{ADD} SELECT account_id, locale, COUNT(*) FROM customer_place GROUP BY account_id, locale"
IS, WAS = "VALUES (NEW.account_id, NEW.locale, 1)", "VALUES (OLD.account_id, OLD.locale, -1)"
ON_SQLITE = (
    f"CREATE TRIGGER language_came AFTER INSERT ON customer_place BEGIN {ADD} {IS}; END",
    f"CREATE TRIGGER language_changed AFTER UPDATE OF account_id, locale ON customer_place BEGIN {ADD} {WAS};"
    f" {ADD} {IS}; END",
    f"CREATE TRIGGER language_gone AFTER DELETE ON customer_place BEGIN {ADD} {WAS}; END",
)

# PostgreSQL: statement by statement; what comes and goes within one is not written.
FUNCTION = f"""
CREATE FUNCTION {{name}}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  {ADD}
  SELECT account_id, locale, SUM(n) FROM ({{moves}}) AS moves GROUP BY account_id, locale HAVING SUM(n) <> 0;
  RETURN NULL;
END $$"""
CAME, LEFT = "SELECT account_id, locale, 1 AS n FROM new_rows", "SELECT account_id, locale, -1 AS n FROM old_rows"
KEPT = {"came": (CAME, "INSERT", "NEW TABLE AS new_rows"),
        "changed": (f"{CAME} UNION ALL {LEFT}", "UPDATE", "NEW TABLE AS new_rows OLD TABLE AS old_rows"),
        "gone": (LEFT, "DELETE", "OLD TABLE AS old_rows")}  # fmt: skip
ON_POSTGRESQL = (
    *(FUNCTION.format(name=f"language_{name}", moves=moves) for name, (moves, _, _) in KEPT.items()),
    *(f"CREATE TRIGGER language_{name} AFTER {event} ON customer_place REFERENCING {seen}"
      f" FOR EACH STATEMENT EXECUTE FUNCTION language_{name}()" for name, (_, event, seen) in KEPT.items()),
)  # fmt: skip


async def forward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    await _run(schema_editor, (*TABLES, FIRST, *(ON_POSTGRESQL if is_postgresql else ON_SQLITE)))


async def backward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    for name in KEPT:
        await _run(schema_editor, [f"DROP TRIGGER language_{name}" + (" ON customer_place" if is_postgresql else "")])
        if is_postgresql:
            await _run(schema_editor, [f"DROP FUNCTION language_{name}()"])
    await _run(schema_editor, ["DROP TABLE language_headcount"])


async def _run(schema_editor: Any, statements: Sequence[str]) -> None:
    for statement in statements:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("customers", "0022_why_contracts_end")]

    initial = False

    operations = [ops.RunPython(forward, backward)]
