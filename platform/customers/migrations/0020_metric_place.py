"""What people did knows their place, so that "low touch and did" reads one index: docs/decisions/headcount.md.

`person_metric.place` is the `account_id` that `customer_place` has for the person: their only company, 0 for none, -1
for several; NULL for who is no living customer. Kept by triggers, whatever writes either table.
"""

from collections.abc import Sequence
from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

PLACE = "(SELECT account_id FROM customer_place WHERE id = {id})"
FIRST = f"UPDATE person_metric SET place = {PLACE.format(id='person_id')}"
ON_SQLITE = (
    f"CREATE TRIGGER metric_came AFTER INSERT ON person_metric WHEN NEW.place IS NOT {PLACE.format(id='NEW.person_id')}"
    f" BEGIN UPDATE person_metric SET place = {PLACE.format(id='NEW.person_id')} WHERE id = NEW.id; END",
    "CREATE TRIGGER metric_moved AFTER UPDATE OF person_id ON person_metric WHEN OLD.person_id <> NEW.person_id"
    f" BEGIN UPDATE person_metric SET place = {PLACE.format(id='NEW.person_id')} WHERE id = NEW.id; END",
    "CREATE TRIGGER metric_place_came AFTER INSERT ON customer_place BEGIN"
    " UPDATE person_metric SET place = NEW.account_id WHERE person_id = NEW.id AND place IS NOT NEW.account_id; END",
    "CREATE TRIGGER metric_place_changed AFTER UPDATE OF account_id ON customer_place BEGIN"
    " UPDATE person_metric SET place = NEW.account_id WHERE person_id = NEW.id AND place IS NOT NEW.account_id; END",
    "CREATE TRIGGER metric_place_gone AFTER DELETE ON customer_place BEGIN"
    " UPDATE person_metric SET place = NULL WHERE person_id = OLD.id; END",
)

# PostgreSQL. Who counts something of a person for the first time holds their place, so that of a move at the same
# moment either is seen by the other. A count that only grows looks at nothing. Like the other triggers these follow
# the ids, whatever the plan was made for (0015_headcount_by_key).
FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  {body};
  RETURN NULL;
END $$"""
OF_NEW_COUNTS = """IF NOT EXISTS (SELECT 1 FROM new_rows) THEN RETURN NULL; END IF;
  PERFORM 1 FROM customer_place WHERE id = ANY (ARRAY(SELECT person_id FROM new_rows)) ORDER BY id FOR SHARE;
  UPDATE person_metric v SET place = c.account_id FROM new_rows n LEFT JOIN customer_place c ON c.id = n.person_id
  WHERE v.id = n.id AND v.id = ANY (ARRAY(SELECT id FROM new_rows)) AND v.place IS DISTINCT FROM c.account_id"""
OF_PLACES = """UPDATE person_metric v SET place = n.account_id FROM new_rows n
  WHERE v.person_id = n.id AND v.person_id = ANY (ARRAY(SELECT id FROM new_rows))
  AND v.place IS DISTINCT FROM n.account_id"""
OF_PLACES_GONE = """UPDATE person_metric SET place = NULL
  WHERE person_id = ANY (ARRAY(SELECT id FROM old_rows))"""
OF_A_MOVED_COUNT = """
CREATE FUNCTION metric_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.place := (SELECT account_id FROM customer_place WHERE id = NEW.person_id FOR SHARE);
  RETURN NEW;
END $$"""
# Written anew as one: updated rows would leave as many dead ones, in the indexes too, which are read from end to end.
# What is read from an index alone needs pages that a vacuum has seen, so it comes after 2 % of changes, not 20.
REWRITTEN = (
    "CREATE FUNCTION metric_place(bigint) RETURNS bigint LANGUAGE sql STABLE AS"
    " 'SELECT account_id FROM customer_place WHERE id = $1'",
    "ALTER TABLE person_metric ALTER COLUMN place TYPE bigint USING metric_place(person_id)",
    "DROP FUNCTION metric_place(bigint)",
    "ALTER TABLE person_metric SET (autovacuum_vacuum_scale_factor = 0.02)",
)
STATEMENT = "FOR EACH STATEMENT EXECUTE FUNCTION"
ON_POSTGRESQL = (
    FUNCTION.format(name="metric_came", body=OF_NEW_COUNTS),
    OF_A_MOVED_COUNT,
    FUNCTION.format(name="metric_place_came", body=OF_PLACES),
    FUNCTION.format(name="metric_place_changed", body=OF_PLACES),
    FUNCTION.format(name="metric_place_gone", body=OF_PLACES_GONE),
    "CREATE TRIGGER metric_came AFTER INSERT ON person_metric REFERENCING NEW TABLE AS new_rows"
    f" {STATEMENT} metric_came()",
    "CREATE TRIGGER metric_moved BEFORE UPDATE OF person_id ON person_metric FOR EACH ROW"
    " WHEN (OLD.person_id <> NEW.person_id) EXECUTE FUNCTION metric_moved()",
    "CREATE TRIGGER metric_place_came AFTER INSERT ON customer_place REFERENCING NEW TABLE AS new_rows"
    f" {STATEMENT} metric_place_came()",
    "CREATE TRIGGER metric_place_changed AFTER UPDATE ON customer_place REFERENCING NEW TABLE AS new_rows"
    f" {STATEMENT} metric_place_changed()",
    "CREATE TRIGGER metric_place_gone AFTER DELETE ON customer_place REFERENCING OLD TABLE AS old_rows"
    f" {STATEMENT} metric_place_gone()",
)
NAMES = {"metric_came": "person_metric", "metric_moved": "person_metric", "metric_place_came": "customer_place",
         "metric_place_changed": "customer_place", "metric_place_gone": "customer_place"}  # fmt: skip


async def forward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    await _run(schema_editor, (*REWRITTEN, *ON_POSTGRESQL) if is_postgresql else (FIRST, *ON_SQLITE))


async def backward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    for name, table in NAMES.items():
        await _run(schema_editor, [f"DROP TRIGGER {name}" + (f" ON {table}" if is_postgresql else "")])
        if is_postgresql:
            await _run(schema_editor, [f"DROP FUNCTION {name}()"])
    if is_postgresql:
        await _run(schema_editor, ["ALTER TABLE person_metric RESET (autovacuum_vacuum_scale_factor)"])


async def _run(schema_editor: Any, statements: Sequence[str]) -> None:
    for statement in statements:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("customers", "0019_account_goals")]

    initial = False

    operations = [
        # Away while all rows change, and then made anew.
        ops.RemoveIndex(model_name="PersonMetric", name="person_metric_did", fields=None),
        ops.AddField(model_name="PersonMetric", name="place", field=fields.BigIntField(null=True)),
        ops.RunPython(forward, backward),
        ops.AddIndex(
            model_name="PersonMetric",
            index=Index(
                fields=["metric", "d30", "person_id", "place", "d7", "d90", "total", "last_at"],
                name="person_metric_placed",
            ),
        ),
        # Of those with several companies, who are looked at one by one.
        ops.RunSQL(
            "CREATE INDEX person_metric_apart ON person_metric (metric, d30, person_id, place, d7, d90, total, last_at)"
            " WHERE place = -1",
            reverse_sql="DROP INDEX person_metric_apart",
        ),
    ]
