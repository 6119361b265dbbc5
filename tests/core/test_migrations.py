"""Migrations on populated databases of both engines: no row and no index is lost; models never run ahead."""

from __future__ import annotations

import textwrap
from importlib import import_module
from pathlib import Path

import pytest
from tortoise import Tortoise
from tortoise.migrations.operations import AddField

from core import database
from core.database import dialect, rows, write
from core.migrating import Executor, back_up_sqlite, missing_migrations

FIRST = """
from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    initial = True
    operations = [
        ops.CreateModel(name="Parent", fields=[
            ("id", fields.BigIntField(generated=True, primary_key=True)),
            ("name", fields.CharField(max_length=20)),
            ("note", fields.CharField(max_length=20, default="")),
        ], options={"table": "trial_parent", "app": "trial", "pk_attr": "id",
                    "indexes": [Index(fields=["name"], name="trial_parent_name")]}, bases=["Model"]),
        ops.CreateModel(name="Child", fields=[
            ("id", fields.BigIntField(generated=True, primary_key=True)),
            ("parent", fields.ForeignKeyField("trial.Parent", source_field="parent_id", to_field="id",
                                              related_name="children", on_delete="CASCADE")),
            ("rank", fields.IntField(default=0)),
            ("code", fields.CharField(max_length=9, unique=True, null=True)),
            ("day", fields.IntField(default=0)),
        ], options={"table": "trial_child", "app": "trial", "pk_attr": "id",
                    "unique_together": (("rank", "code"), ("day", "code"))}, bases=["Model"]),
        ops.RunSQL("CREATE UNIQUE INDEX trial_only ON trial_parent (name) WHERE note = 'only'"),
    ]
"""
SECOND = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("trial", "0001_initial")]
    operations = [
        ops.AlterField(model_name="Parent", name="name", field=fields.CharField(max_length=200)),
        ops.AddField(model_name="Parent", name="grade", field=fields.IntField(db_default=3)),
        ops.RemoveConstraint(model_name="Child", name=None, fields=["rank", "code"]),
        ops.AlterField(model_name="Child", name="day", field=fields.BigIntField(default=0)),
    ]
"""


async def test_no_model_runs_ahead_of_its_migration(house):
    from app import rooms

    assert await missing_migrations(rooms.with_models()) == []


async def names_of_indexes(table: str) -> set[str]:
    if dialect() == "sqlite":
        found = await rows(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", table
        )
    else:
        found = await rows("SELECT indexname FROM pg_indexes WHERE tablename = ?", table)
    return {row[0] for row in found}


async def uniques_of(table: str) -> set[tuple[str, ...]]:
    """Columns that are unique, alone or together, except the id."""
    if dialect() == "postgresql":
        found = await rows(
            "SELECT array_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
            " WHERE i.indrelid = to_regclass(?) AND i.indisunique AND i.indpred IS NULL GROUP BY i.indexrelid",
            table,
        )
        return {tuple(row[0]) for row in found} - {("id",)}
    names = [row["name"] for row in await rows(f"SELECT name FROM pragma_index_list('{table}')"
                                               " WHERE \"unique\" AND NOT partial")]  # fmt: skip
    return {tuple(row[0] for row in await rows(f"SELECT name FROM pragma_index_info('{name}')")) for name in names}


def test_a_column_that_is_added_has_a_value_for_the_rows_that_are_there():
    """SQLite refuses the column otherwise, and with it the whole upgrade of whoever uses the product already."""
    folder = Path(__file__).parents[2] / "platform"
    bare = []
    for path in sorted(folder.glob("*/migrations/0*.py")):
        module = import_module(f"{path.parents[1].name}.migrations.{path.stem}")
        for one in module.Migration.operations:
            if isinstance(one, AddField) and not one.field.null and not one.field.has_db_default():
                bare.append(f"{path.parents[1].name}/{path.stem}: {one.model_name}.{one.name}")
    assert bare == []


async def test_what_is_unique_together_really_is(house):
    for models in Tortoise.apps.values():
        for model in models.values():
            wanted = {tuple(model._meta.fields_db_projection.get(f, f"{f}_id") for f in one)
                      for one in model._meta.unique_together}  # fmt: skip
            assert wanted <= await uniques_of(model._meta.db_table), model


async def test_every_declared_index_really_exists(house):
    for models in Tortoise.apps.values():
        for model in models.values():
            wanted = {index.name for index in model._meta.indexes if getattr(index, "name", None)}
            assert wanted <= await names_of_indexes(model._meta.db_table), model


async def test_rebuilding_a_populated_table_loses_no_child_and_no_index(house, tmp_path: Path, monkeypatch):
    package = tmp_path / "trial" / "migrations"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package.parent / "models.py").touch()
    (package / "__init__.py").touch()
    (package / "0001_initial.py").write_text(textwrap.dedent(FIRST))
    monkeypatch.syspath_prepend(str(tmp_path))
    app = {"trial": {"models": [], "default_connection": "default", "migrations": "trial.migrations"}}
    connection = database._client()
    for table in ("trial_child", "trial_parent"):
        await write(f"DROP TABLE IF EXISTS {table}")
    await write("DELETE FROM tortoise_migrations WHERE app = 'trial'")
    try:
        await Executor(connection, app).migrate()
        await write("INSERT INTO trial_parent (id, name, note) VALUES (1, 'a', 'only'), (2, 'b', '')")
        await write(
            "INSERT INTO trial_child (parent_id, rank, day, code) VALUES"
            " (1, 1, 1, NULL), (1, 1, 1, 'x'), (2, 2, 2, 'y')"
        )
        (package / "0002_wider.py").write_text(textwrap.dedent(SECOND))
        if dialect() == "sqlite":
            await write("PRAGMA foreign_keys = OFF")
        await Executor(connection, app).migrate()
        if dialect() == "sqlite":
            assert await write("PRAGMA foreign_key_check") == []
            await write("PRAGMA foreign_keys = ON")
        assert (await rows("SELECT COUNT(*) FROM trial_child"))[0][0] == 3
        assert [row[0] for row in await rows("SELECT grade FROM trial_parent ORDER BY id")] == [3, 3]
        assert {"trial_parent_name", "trial_only"} <= await names_of_indexes("trial_parent")
        assert await uniques_of("trial_child") == {("code",), ("day", "code")}
    finally:
        for table in ("trial_child", "trial_parent"):
            await write(f"DROP TABLE IF EXISTS {table}")
        await write("DELETE FROM tortoise_migrations WHERE app = 'trial'")


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_a_backup_of_a_live_file_is_whole(house, tmp_path: Path):
    import sqlite3

    await write("INSERT INTO note (name, value, changed_at) VALUES ('kept', '1', CURRENT_TIMESTAMP)")
    copy = back_up_sqlite(Path(house.settings.database.removeprefix("sqlite://")), tmp_path / "copy.sqlite3")
    assert sqlite3.connect(copy).execute("SELECT name FROM note").fetchall() == [("kept",)]
