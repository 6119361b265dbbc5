"""The triggers of `headcount` look people up by their id alone, and only then whether they are counted.

PostgreSQL plans a trigger once per connection. On tables that were never analysed (a new installation, an import
within one transaction) it took "active customers" for one person and read all of them for every membership: 4,000
memberships one by one took minutes. The fence (OFFSET 0) keeps the condition from being asked before the id. A plan
that was made while the table was small, or for a large import, serves the next single row too: = ANY (ARRAY(…)) and no
sequential scan keep it one that follows the ids.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

LIVING = "p.state = 'active' AND p.kind = 'customer'"
THESE = "(SELECT id, state, kind FROM person WHERE id = ANY (ARRAY({ids})) OFFSET 0) p"
APART = (
    "INSERT INTO counted_apart (person_id, account_id, until) SELECT m.person_id, m.account_id, m.until"
    f" FROM {THESE} JOIN membership m ON m.person_id = p.id WHERE {LIVING} AND (m.until IS NOT NULL OR EXISTS"
    " (SELECT 1 FROM membership o WHERE o.person_id = m.person_id AND o.id <> m.id))"
)
OF_MEMBERSHIPS = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF NOT EXISTS ({any}) THEN RETURN NULL; END IF;
  PERFORM 1 FROM person WHERE id = ANY (ARRAY({ids})) ORDER BY id FOR NO KEY UPDATE;
  WITH touched AS (
    SELECT p.id, EXISTS (SELECT 1 FROM counted_apart a WHERE a.person_id = p.id) AS was_apart
    FROM {these} WHERE {living}
  ), lines AS (
    SELECT m.person_id, m.account_id, m.until, {is_new} AS is_new FROM touched t JOIN membership m ON m.person_id = t.id
  ), before AS (
    SELECT person_id, MIN(account_id) AS account_id FROM ({before}) AS b GROUP BY person_id
  ), after AS (
    SELECT person_id, CASE WHEN COUNT(*) = 1 AND COUNT(until) = 0 THEN MIN(account_id) ELSE -1 END AS account_id
    FROM lines GROUP BY person_id
  )
  INSERT INTO headcount (account_id, people)
  SELECT place, SUM(n) FROM (
    SELECT CASE WHEN t.was_apart THEN -1 ELSE COALESCE(b.account_id, 0) END AS place, -1 AS n
    FROM touched t LEFT JOIN before b ON b.person_id = t.id
    UNION ALL SELECT COALESCE(a.account_id, 0), 1 FROM touched t LEFT JOIN after a ON a.person_id = t.id
  ) AS moves GROUP BY place HAVING SUM(n) <> 0;
  DELETE FROM counted_apart WHERE person_id = ANY (ARRAY({ids}));
  {apart};
  RETURN NULL;
END $$"""
IS_NEW = "m.id IN (SELECT id FROM new_rows)"
STAYED = "SELECT person_id, account_id FROM lines WHERE NOT is_new"
CHANGED = ("SELECT 1 FROM old_rows o JOIN new_rows n ON n.id = o.id WHERE (o.person_id, o.account_id) <>"
           " (n.person_id, n.account_id) OR o.until IS DISTINCT FROM n.until")  # fmt: skip
TAKEN = " UNION ALL SELECT person_id, account_id FROM old_rows"


def of_memberships(name: str, ids: str, is_new: str, taken: str, any: str = "") -> str:
    """`any`: whether there is anything to do; an upsert runs the triggers of both, one of them with no rows."""
    return OF_MEMBERSHIPS.format(name=name, ids=ids, is_new=is_new, before=STAYED + taken, living=LIVING,
                                 these=THESE.format(ids=ids), apart=APART.format(ids=ids), any=any or ids)  # fmt: skip


FUNCTIONS = (
    of_memberships("headcount_joined", "SELECT person_id FROM new_rows", IS_NEW, ""),
    of_memberships("headcount_left", "SELECT person_id FROM old_rows", "FALSE", TAKEN),
    of_memberships("headcount_moved", "SELECT person_id FROM old_rows UNION SELECT person_id FROM new_rows",
                   IS_NEW, TAKEN, CHANGED),
    f"""
CREATE OR REPLACE FUNCTION headcount_came() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO headcount (account_id, people)
  SELECT place, COUNT(*) FROM (
    SELECT p.id, CASE WHEN COUNT(m.account_id) = 0 THEN 0 WHEN COUNT(m.account_id) = 1 AND COUNT(m.until) = 0
    THEN MIN(m.account_id) ELSE -1 END AS place FROM new_rows p LEFT JOIN membership m ON m.person_id = p.id
    WHERE {LIVING} GROUP BY p.id
  ) AS x GROUP BY place;
  {APART.format(ids="SELECT id FROM new_rows")};
  RETURN NULL;
END $$""",
)  # fmt: skip


async def forward(apps: Any, schema_editor: Any) -> None:
    if schema_editor.client.capabilities.dialect == "postgres":
        for statement in FUNCTIONS:
            await schema_editor.client.execute_query(statement)


async def backward(apps: Any, schema_editor: Any) -> None:
    """What these functions say, the earlier ones said more slowly: they may stay."""


class Migration(migrations.Migration):
    dependencies = [('customers', '0014_touch_pilot_facts')]

    initial = False

    operations = [ops.RunPython(forward, backward)]
