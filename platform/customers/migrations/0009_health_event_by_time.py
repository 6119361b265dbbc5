"""PostgreSQL: `event` is asked by time, and the space of what retention deletes is found again soon.

SQLite needs neither: it reuses free pages by itself. See docs/decisions/retention.md.
"""

from collections.abc import Sequence
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

THERE = (
    "CREATE INDEX event_received ON event USING brin (received_at) WITH (autosummarize = on)",
    "ALTER TABLE event SET (autovacuum_vacuum_scale_factor = 0.01)",
)
BACK = ("ALTER TABLE event RESET (autovacuum_vacuum_scale_factor)", "DROP INDEX event_received")


async def forward(apps: Any, schema_editor: Any) -> None:
    await _on_postgresql(schema_editor, THERE)


async def backward(apps: Any, schema_editor: Any) -> None:
    await _on_postgresql(schema_editor, BACK)


async def _on_postgresql(schema_editor: Any, statements: Sequence[str]) -> None:
    if schema_editor.client.capabilities.dialect == "postgres":
        for statement in statements:
            await schema_editor.client.execute_script(statement)


class Migration(migrations.Migration):
    dependencies = [('customers', '0008_health_watching')]

    initial = False

    operations = [ops.RunPython(forward, backward)]
