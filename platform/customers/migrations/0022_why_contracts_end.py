"""Why a contract ended is one word of a list and a note. The free texts of before go the way of an import's."""

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from customers.end_reasons import read


async def forward(apps: Any, schema_editor: Any) -> None:
    client = schema_editor.client
    reason, note, was = ("?", "?", "?") if client.capabilities.dialect == "sqlite" else ("$1", "$2", "$3")
    _count, found = await client.execute_query("SELECT DISTINCT end_reason FROM contract WHERE end_reason <> ''")
    for row in found:
        await client.execute_query(f"UPDATE contract SET end_reason = {reason}, end_note = {note}"
                                   f" WHERE end_reason = {was} AND end_note = ''", [*read(row["end_reason"]), row["end_reason"]])  # fmt: skip


async def backward(apps: Any, schema_editor: Any) -> None:
    await schema_editor.client.execute_query("UPDATE contract SET end_reason = end_note WHERE end_note <> ''")


class Migration(migrations.Migration):
    dependencies = [("customers", "0021_tasks")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Contract",
            name="end_note",
            field=fields.CharField(default="", db_default="", max_length=300),
        ),
        ops.AddField(
            model_name="Contract",
            name="end_phase",
            field=fields.CharField(default="", db_default="", max_length=16),
        ),
        ops.AddField(
            model_name="Contract",
            name="end_source",
            field=fields.CharField(default="", db_default="", max_length=60),
        ),
        ops.AddField(
            model_name="Contract",
            name="end_tier",
            field=fields.CharField(default="", db_default="", max_length=8),
        ),
        ops.RunPython(forward, backward),
    ]
