"""PostgreSQL: pages of counts keep room, so that a count that grows stays on its page and no index is written for it.

No column that grows is in an index of these two tables. What is there already moves with its next change; nothing is
rewritten now. SQLite changes rows in place.
"""

from collections.abc import Sequence
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

# An account's counts change with nearly every group of events, a person's day with few.
THERE = ("ALTER TABLE usage_day SET (fillfactor = 70)", "ALTER TABLE account_metric SET (fillfactor = 40)")
BACK = ("ALTER TABLE account_metric RESET (fillfactor)", "ALTER TABLE usage_day RESET (fillfactor)")


async def forward(apps: Any, schema_editor: Any) -> None:
    await _on_postgresql(schema_editor, THERE)


async def backward(apps: Any, schema_editor: Any) -> None:
    await _on_postgresql(schema_editor, BACK)


async def _on_postgresql(schema_editor: Any, statements: Sequence[str]) -> None:
    if schema_editor.client.capabilities.dialect == "postgres":
        for statement in statements:
            await schema_editor.client.execute_script(statement)


class Migration(migrations.Migration):
    dependencies = [("customers", "0017_customer_place")]

    initial = False

    operations = [ops.RunPython(forward, backward)]
