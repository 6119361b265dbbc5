"""How many living customers belong to each company, kept by triggers: docs/decisions/headcount.md.

Whatever writes a membership or a person (forms, imports, merges and their undoing, cascades, raw SQL) is counted in
the same transaction. `headcount` is a ledger that is summed up: nobody waits for a row that another is adding to.
Under 0 stand those without a company, under -1 those with several memberships, or one that ends: the memberships of
these few are repeated in `counted_apart`, and they are looked at one by one.
"""

from collections.abc import Sequence
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

TABLES = (
    "CREATE TABLE headcount (account_id BIGINT NOT NULL, people BIGINT NOT NULL)",
    "CREATE INDEX headcount_account ON headcount (account_id, people)",
    "CREATE TABLE counted_apart (person_id BIGINT NOT NULL, account_id BIGINT NOT NULL, until DATE,"
    " PRIMARY KEY (person_id, account_id))",
)
LIVING = "p.state = 'active' AND p.kind = 'customer'"
PLACES = (
    "SELECT p.id, CASE WHEN COUNT(m.account_id) = 0 THEN 0 WHEN COUNT(m.account_id) = 1 AND COUNT(m.until) = 0"
    f" THEN MIN(m.account_id) ELSE -1 END AS place FROM person p LEFT JOIN membership m ON m.person_id = p.id"
    f" WHERE {LIVING} GROUP BY p.id"
)
APART = (
    "INSERT INTO counted_apart (person_id, account_id, until) SELECT m.person_id, m.account_id, m.until"
    f" FROM membership m JOIN person p ON p.id = m.person_id WHERE {LIVING} AND (m.until IS NOT NULL OR EXISTS"
    " (SELECT 1 FROM membership o WHERE o.person_id = m.person_id AND o.id <> m.id))"
)
FIRST = (
    APART,
    f"INSERT INTO headcount (account_id, people) SELECT place, COUNT(*) FROM ({PLACES}) AS x GROUP BY place",
)
WAS, IS = (f"{row}.state = 'active' AND {row}.kind = 'customer'" for row in ("OLD", "NEW"))

# SQLite: row by row. Each trigger takes the person out of where they were counted, and puts them where they are now.


def living(id: str) -> str:
    return f"EXISTS (SELECT 1 FROM person p WHERE p.id = {id} AND {LIVING})"


def only(id: str, but: str = "") -> str:
    """Where somebody who is not apart is counted."""
    return f"COALESCE((SELECT account_id FROM membership WHERE person_id = {id}{but}), 0)"


def place(id: str, otherwise: str) -> str:
    return f"CASE WHEN EXISTS (SELECT 1 FROM counted_apart WHERE person_id = {id}) THEN -1 ELSE {otherwise} END"


def out(id: str, otherwise: str, when: str = "1 = 1") -> str:
    return (f"INSERT INTO headcount (account_id, people) SELECT {place(id, otherwise)}, -1 WHERE {when};"
            f" DELETE FROM counted_apart WHERE person_id = {id}; ")  # fmt: skip


def back(*ids: str) -> str:
    among = ", ".join(ids)
    return (f"{APART} AND m.person_id IN ({among}); INSERT INTO headcount (account_id, people)"
            f" SELECT {place('p.id', only('p.id'))}, 1 FROM person p WHERE p.id IN ({among}) AND {LIVING}; ")  # fmt: skip


OLD, NEW = "OLD.person_id", "NEW.person_id"
OTHER = only(NEW, " AND id <> NEW.id")
ON_SQLITE = (
    "CREATE TRIGGER headcount_joined AFTER INSERT ON membership"
    f" WHEN {living(NEW)} BEGIN {out(NEW, OTHER)}{back(NEW)}END",
    "CREATE TRIGGER headcount_left AFTER DELETE ON membership"
    f" WHEN {living(OLD)} BEGIN {out(OLD, 'OLD.account_id')}{back(OLD)}END",
    "CREATE TRIGGER headcount_moved AFTER UPDATE OF person_id, account_id, until ON membership"
    f" WHEN {OLD} <> {NEW} OR OLD.account_id <> NEW.account_id OR OLD.until IS NOT NEW.until"
    f" BEGIN {out(OLD, 'OLD.account_id', living(OLD))}"
    f"{out(NEW, OTHER, f'{OLD} <> {NEW} AND ' + living(NEW))}{back(OLD, NEW)}END",
    f"CREATE TRIGGER headcount_came AFTER INSERT ON person WHEN {IS} BEGIN {back('NEW.id')}END",
    f"CREATE TRIGGER headcount_changed AFTER UPDATE OF state, kind ON person WHEN ({WAS}) <> ({IS})"
    f" BEGIN {out('OLD.id', only('OLD.id'), WAS)}{back('NEW.id')}END",
    f"CREATE TRIGGER headcount_gone BEFORE DELETE ON person WHEN {WAS} BEGIN {out('OLD.id', only('OLD.id'))}END",
)

# PostgreSQL: statement by statement, with the same meaning. The people are locked first, in order, so that of two who
# give one person a membership at the same time the second sees the first.

OF_MEMBERSHIPS = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS ({any}) THEN RETURN NULL; END IF;
  PERFORM 1 FROM person WHERE id IN ({ids}) ORDER BY id FOR NO KEY UPDATE;
  WITH touched AS (
    SELECT p.id, EXISTS (SELECT 1 FROM counted_apart a WHERE a.person_id = p.id) AS was_apart
    FROM person p WHERE p.id IN ({ids}) AND {living}
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
  DELETE FROM counted_apart WHERE person_id IN ({ids});
  {apart} AND m.person_id IN ({ids});
  RETURN NULL;
END $$"""
IS_NEW = "EXISTS (SELECT 1 FROM new_rows r WHERE r.id = m.id)"
STAYED = "SELECT person_id, account_id FROM lines WHERE NOT is_new"
CHANGED = ("SELECT 1 FROM old_rows o JOIN new_rows n ON n.id = o.id WHERE (o.person_id, o.account_id) <>"
           " (n.person_id, n.account_id) OR o.until IS DISTINCT FROM n.until")  # fmt: skip
TAKEN = " UNION ALL SELECT person_id, account_id FROM old_rows"


def of_memberships(name: str, ids: str, is_new: str, taken: str, any: str = "") -> str:
    """`any`: whether there is anything to do; an upsert runs the triggers of both, one of them with no rows."""
    return OF_MEMBERSHIPS.format(name=name, ids=ids, is_new=is_new, before=STAYED + taken, living=LIVING, apart=APART,
                                 any=any or ids)  # fmt: skip


# `n` of one person, whose row is locked.
OF_ONE_PERSON = f"""
CREATE FUNCTION headcount_of_person(who bigint, n integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO headcount (account_id, people)
  SELECT CASE WHEN COUNT(*) = 0 THEN 0 WHEN COUNT(*) = 1 AND COUNT(until) = 0 THEN MIN(account_id) ELSE -1 END, n
  FROM membership WHERE person_id = who;
  DELETE FROM counted_apart WHERE person_id = who;
  IF n > 0 THEN
    {APART} AND m.person_id = who;
  END IF;
END $$"""
ON_POSTGRESQL = (
    of_memberships("headcount_joined", "SELECT person_id FROM new_rows", IS_NEW, ""),
    of_memberships("headcount_left", "SELECT person_id FROM old_rows", "FALSE", TAKEN),
    of_memberships("headcount_moved", "SELECT person_id FROM old_rows UNION SELECT person_id FROM new_rows",
                   IS_NEW, TAKEN, CHANGED),
    "CREATE TRIGGER headcount_joined AFTER INSERT ON membership REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION headcount_joined()",
    "CREATE TRIGGER headcount_left AFTER DELETE ON membership REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION headcount_left()",
    "CREATE TRIGGER headcount_moved AFTER UPDATE ON membership REFERENCING OLD TABLE AS old_rows"
    " NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION headcount_moved()",
    OF_ONE_PERSON,
    # Memberships are there before their person only where tables are carried over one by one (engawa move).
    f"""
CREATE FUNCTION headcount_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO headcount (account_id, people)
  SELECT place, COUNT(*) FROM ({PLACES.replace("FROM person p", "FROM new_rows p")}) AS x GROUP BY place;
  {APART} AND m.person_id IN (SELECT id FROM new_rows);
  RETURN NULL;
END $$""",
    f"""
CREATE FUNCTION headcount_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM headcount_of_person(NEW.id, CASE WHEN {IS} THEN 1 ELSE -1 END);
  RETURN NULL;
END $$""",
    """
CREATE FUNCTION headcount_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM person WHERE id = OLD.id FOR UPDATE;
  PERFORM headcount_of_person(OLD.id, -1);
  RETURN OLD;
END $$""",
    "CREATE TRIGGER headcount_came AFTER INSERT ON person REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION headcount_came()",
    "CREATE TRIGGER headcount_changed AFTER UPDATE OF state, kind ON person FOR EACH ROW"
    f" WHEN (({WAS}) <> ({IS})) EXECUTE FUNCTION headcount_changed()",
    "CREATE TRIGGER headcount_gone BEFORE DELETE ON person FOR EACH ROW"
    f" WHEN ({WAS}) EXECUTE FUNCTION headcount_gone()",
)  # fmt: skip
NAMES = {"joined": "membership", "left": "membership", "moved": "membership", "came": "person", "changed": "person",
         "gone": "person"}  # fmt: skip


async def forward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    await _run(schema_editor, (*TABLES, *FIRST, *(ON_POSTGRESQL if is_postgresql else ON_SQLITE)))


async def backward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    for name, table in NAMES.items():
        await _run(schema_editor, [f"DROP TRIGGER headcount_{name}" + (f" ON {table}" if is_postgresql else "")])
    if is_postgresql:
        await _run(schema_editor, [f"DROP FUNCTION headcount_{name}()" for name in NAMES])
        await _run(schema_editor, ["DROP FUNCTION headcount_of_person(bigint, integer)"])
    await _run(schema_editor, ("DROP TABLE counted_apart", "DROP TABLE headcount"))


async def _run(schema_editor: Any, statements: Sequence[str]) -> None:
    for statement in statements:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [('customers', '0011_health_lists_at_a_million')]

    initial = False

    operations = [ops.RunPython(forward, backward)]
