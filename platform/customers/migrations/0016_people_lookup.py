"""People by how their names, readings and addresses begin, kept by triggers; lists by index: docs/decisions/lookup.md.

One narrow row for each living person beside `person`: a search reads the indexes of this table alone. Indexes on
`person` itself would be written again with every `last_seen_at`, which each event changes.
"""

from collections.abc import Sequence
from typing import Any

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

WORDS = ("name", "given", "kana", "given_kana", "handle", "email", "domain")
SHOWN = "p.state NOT IN ('merged', 'erased')"
PLACE = {"sqlite": "instr(p.email, '@')", "postgres": "strpos(p.email, '@')"}
# The order of bytes, whatever the database's own order of letters: else the beginning of a word is no range.
BYTES = {"sqlite": "", "postgres": ' COLLATE "C"'}


def lowered(text: str, dialect: str) -> str:
    """A–Z in lower case, everything else as it is: alike on both engines."""
    return f"lower(({text}){BYTES[dialect]})"


def select(dialect: str, source: str = "person p") -> str:
    words = ("p.family_name || p.given_name", "p.given_name", "p.family_kana || p.given_kana", "p.given_kana",
             "p.handle", "COALESCE(p.email, '')", f"CASE WHEN {PLACE[dialect]} > 0 THEN substr(p.email, {PLACE[dialect]} + 1) ELSE '' END")  # fmt: skip
    return (f"INSERT INTO person_lookup (person_id, family_kana, {', '.join(WORDS)}) SELECT p.id, p.family_kana,"
            f" {', '.join(lowered(word, dialect) for word in words)} FROM {source} WHERE {SHOWN}")  # fmt: skip


def tables(dialect: str) -> list[str]:
    columns = ", ".join(f"{name} TEXT{BYTES[dialect]} NOT NULL" for name in WORDS)
    # The list's order is that of person.family_kana: as the database sorts, so without BYTES.
    made = [f"CREATE TABLE person_lookup (person_id BIGINT NOT NULL PRIMARY KEY, family_kana TEXT NOT NULL, {columns})"]
    made += [f"CREATE INDEX person_lookup_{name} ON person_lookup ({name}, family_kana, person_id) WHERE {name} <> ''"
             for name in WORDS]  # fmt: skip
    return made


FIELDS = ("family_name", "given_name", "family_kana", "given_kana", "handle", "email", "state")
SAID = " OR ".join(f"OLD.{name} {{differs}} NEW.{name}" for name in FIELDS)
ON_SQLITE = (
    f"CREATE TRIGGER lookup_came AFTER INSERT ON person BEGIN {select('sqlite')} AND p.id = NEW.id; END",
    f"CREATE TRIGGER lookup_changed AFTER UPDATE OF {', '.join(FIELDS)} ON person WHEN {SAID.format(differs='IS NOT')}"
    f" BEGIN DELETE FROM person_lookup WHERE person_id = OLD.id; {select('sqlite')} AND p.id = NEW.id; END",
    "CREATE TRIGGER lookup_gone AFTER DELETE ON person BEGIN DELETE FROM person_lookup WHERE person_id = OLD.id; END",
)
FUNCTION = "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$"
ON_POSTGRESQL = (
    FUNCTION.format(name="lookup_came", body=select("postgres", "new_rows p")),
    FUNCTION.format(name="lookup_changed", body="DELETE FROM person_lookup WHERE person_id = OLD.id; "
                    + select("postgres") + " AND p.id = NEW.id"),
    FUNCTION.format(name="lookup_gone", body="DELETE FROM person_lookup WHERE person_id IN (SELECT id FROM old_rows)"),
    "CREATE TRIGGER lookup_came AFTER INSERT ON person REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION lookup_came()",
    f"CREATE TRIGGER lookup_changed AFTER UPDATE OF {', '.join(FIELDS)} ON person FOR EACH ROW"
    f" WHEN ({SAID.format(differs='IS DISTINCT FROM')}) EXECUTE FUNCTION lookup_changed()",
    "CREATE TRIGGER lookup_gone AFTER DELETE ON person REFERENCING OLD TABLE AS old_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION lookup_gone()",
)  # fmt: skip
NAMES = ("lookup_came", "lookup_changed", "lookup_gone")


async def forward(apps: Any, schema_editor: Any) -> None:
    dialect = schema_editor.client.capabilities.dialect
    table, *indexes = tables(dialect)
    triggers = ON_SQLITE if dialect == "sqlite" else ON_POSTGRESQL
    await _run(schema_editor, (table, select(dialect), *indexes, *triggers))


async def backward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    await _run(schema_editor, [f"DROP TRIGGER {name}" + (" ON person" if is_postgresql else "") for name in NAMES])
    if is_postgresql:
        await _run(schema_editor, [f"DROP FUNCTION {name}()" for name in NAMES])
    await _run(schema_editor, ("DROP TABLE person_lookup",))


async def _run(schema_editor: Any, statements: Sequence[str]) -> None:
    for statement in statements:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_headcount_by_key")]

    initial = False

    operations = [
        ops.RunPython(forward, backward),
        ops.RunSQL(
            "CREATE INDEX person_not_japanese ON person (family_kana, id) WHERE locale <> 'ja'",
            reverse_sql="DROP INDEX person_not_japanese",
        ),
        ops.RemoveIndex(model_name="Account", name="account_normal_name", fields=None),
        ops.AddIndex(
            model_name="Account",
            index=Index(fields=["normal_name", "name", "name_kana", "corporate_number", "state"], name="account_words"),
        ),
        ops.AddIndex(model_name="Account", index=Index(fields=["health", "id"], name="account_health")),
        ops.AddIndex(model_name="Account", index=Index(fields=["renews_on", "id"], name="account_renews")),
        ops.AddIndex(model_name="Account", index=Index(fields=["expected_ltv", "id"], name="account_ltv")),
    ]
