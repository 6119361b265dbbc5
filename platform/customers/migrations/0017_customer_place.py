"""Where each living customer is counted, a narrow row beside `person`: docs/decisions/headcount.md.

What is asked of a company and of its people at once is counted from the companies, by the index of this table. The
account is the only one the customer belongs to, 0 for none, -1 for those who stand in `counted_apart`.
"""

from collections.abc import Sequence
from typing import Any

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

LIVING = "p.state = 'active' AND p.kind = 'customer'"
SELECT = (
    "INSERT INTO customer_place (id, account_id, locale) SELECT p.id, CASE WHEN COUNT(m.account_id) = 0 THEN 0"
    " WHEN COUNT(m.account_id) = 1 AND COUNT(m.until) = 0 THEN MIN(m.account_id) ELSE -1 END, p.locale"
    " FROM {people} LEFT JOIN membership m ON m.person_id = p.id WHERE {living} GROUP BY p.id, p.locale"
)
FIRST = SELECT.format(people="person p", living=LIVING)
# On SQLite an INTEGER key is the row's own place in the table; a BIGINT one would be an index beside it.
TABLE = "CREATE TABLE customer_place (id {key} PRIMARY KEY, account_id BIGINT NOT NULL, locale TEXT NOT NULL)"
INDEX = "CREATE INDEX customer_place_account ON customer_place (account_id, locale, id)"


def again(*ids: str) -> str:
    """SQLite: these people are looked at anew."""
    among = ", ".join(ids)
    return (f"DELETE FROM customer_place WHERE id IN ({among});"
            f" {SELECT.format(people='person p', living=f'p.id IN ({among}) AND {LIVING}')};")  # fmt: skip


DIFFERS = " OR ".join(f"OLD.{name} {{sign}} NEW.{name}" for name in ("state", "kind", "locale"))
MOVED = "OLD.person_id <> NEW.person_id OR OLD.account_id <> NEW.account_id OR OLD.until IS NOT NEW.until"
ON_SQLITE = (
    f"CREATE TRIGGER place_joined AFTER INSERT ON membership BEGIN {again('NEW.person_id')} END",
    f"CREATE TRIGGER place_left AFTER DELETE ON membership BEGIN {again('OLD.person_id')} END",
    "CREATE TRIGGER place_moved AFTER UPDATE OF person_id, account_id, until ON membership"
    f" WHEN {MOVED} BEGIN {again('OLD.person_id', 'NEW.person_id')} END",
    f"CREATE TRIGGER place_came AFTER INSERT ON person BEGIN {again('NEW.id')} END",
    "CREATE TRIGGER place_changed AFTER UPDATE OF state, kind, locale ON person"
    f" WHEN {DIFFERS.format(sign='<>')} BEGIN {again('NEW.id')} END",
    "CREATE TRIGGER place_gone AFTER DELETE ON person BEGIN DELETE FROM customer_place WHERE id = OLD.id; END",
)

# PostgreSQL: statement by statement. The names stand behind those of the headcount, whose triggers therefore run
# before, and lock the people: of two who give one person a membership at the same time the second sees the first.
# Like those they follow the ids, whatever the plan was made for (0015_headcount_by_key).
FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF NOT EXISTS ({any}) THEN RETURN NULL; END IF;
  {insert}
  ON CONFLICT (id) DO UPDATE SET account_id = excluded.account_id, locale = excluded.locale
  WHERE (customer_place.account_id, customer_place.locale) <> (excluded.account_id, excluded.locale);
  RETURN NULL;
END $$"""
THESE = "(SELECT id, state, kind, locale FROM person WHERE id = ANY (ARRAY({ids})) OFFSET 0) p"
CHANGED = ("SELECT 1 FROM old_rows o JOIN new_rows n ON n.id = o.id WHERE (o.person_id, o.account_id) <>"
           " (n.person_id, n.account_id) OR o.until IS DISTINCT FROM n.until")  # fmt: skip


def of(name: str, ids: str, any: str = "") -> str:
    return FUNCTION.format(name=name, any=any or ids,
                           insert=SELECT.format(people=THESE.format(ids=ids), living=LIVING))  # fmt: skip


ON_POSTGRESQL = (
    of("place_joined", "SELECT person_id FROM new_rows"),
    of("place_left", "SELECT person_id FROM old_rows"),
    of("place_moved", "SELECT person_id FROM old_rows UNION SELECT person_id FROM new_rows", CHANGED),
    of("place_came", "SELECT id FROM new_rows"),
    f"""
CREATE FUNCTION place_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM customer_place WHERE id = NEW.id;
  {SELECT.format(people="person p", living=f"p.id = NEW.id AND {LIVING}")};
  RETURN NULL;
END $$""",
    "CREATE FUNCTION place_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " DELETE FROM customer_place WHERE id = ANY (ARRAY(SELECT id FROM old_rows)); RETURN NULL; END $$",
    "CREATE TRIGGER place_joined AFTER INSERT ON membership REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION place_joined()",
    "CREATE TRIGGER place_left AFTER DELETE ON membership REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION place_left()",
    "CREATE TRIGGER place_moved AFTER UPDATE ON membership REFERENCING OLD TABLE AS old_rows"
    " NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION place_moved()",
    "CREATE TRIGGER place_came AFTER INSERT ON person REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION place_came()",
    "CREATE TRIGGER place_changed AFTER UPDATE OF state, kind, locale ON person FOR EACH ROW"
    f" WHEN ({DIFFERS.format(sign='<>')}) EXECUTE FUNCTION place_changed()",
    "CREATE TRIGGER place_gone AFTER DELETE ON person REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION place_gone()",
)
NAMES = {"joined": "membership", "left": "membership", "moved": "membership", "came": "person", "changed": "person",
         "gone": "person"}  # fmt: skip


async def forward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    table = TABLE.format(key="BIGINT" if is_postgresql else "INTEGER")
    await _run(schema_editor, (table, FIRST, INDEX, *(ON_POSTGRESQL if is_postgresql else ON_SQLITE)))


async def backward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    for name, table in NAMES.items():
        await _run(schema_editor, [f"DROP TRIGGER place_{name}" + (f" ON {table}" if is_postgresql else "")])
    if is_postgresql:
        await _run(schema_editor, [f"DROP FUNCTION place_{name}()" for name in NAMES])
    await _run(schema_editor, ("DROP TABLE customer_place",))


async def _run(schema_editor: Any, statements: Sequence[str]) -> None:
    for statement in statements:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("customers", "0016_people_lookup")]

    initial = False

    operations = [
        ops.RunPython(forward, backward),
        # With when it was last done, which was read from a million rows.
        ops.RemoveIndex(model_name="PersonMetric", name="person_metric_covering", fields=None),
        ops.AddIndex(
            model_name="PersonMetric",
            index=Index(
                fields=["metric", "d30", "person_id", "d7", "d90", "total", "last_at"], name="person_metric_did"
            ),
        ),
    ]
