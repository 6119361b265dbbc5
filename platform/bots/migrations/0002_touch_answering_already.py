"""Bots that answered before there were pilots go on answering: an upgrade must not make them fall silent by night.

Each gets a verdict that says so, without a person; going back to the pilot is one click. Connections made later begin
with the pilot.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

NOTE = "Answered before there were pilots (upgrade)"
INTO = ("INSERT INTO pilot (about_kind, about_id, revision, group_name, people, state, started_at, verdict_at,"
        " verdict_note) ")


class Migration(migrations.Migration):
    dependencies = [('bots', '0001_initial'), ('customers', '0014_touch_pilot_facts'),
                    ('inbox', '0006_touch_suggestions'), ('channels', '0001_initial'), ('core', '0001_initial')]

    initial = False

    operations = [
        ops.RunSQL(
            f"{INTO} SELECT 'bot', c.id, 'answers', c.name, '[]', 'passed', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP,"
            f" '{NOTE}' FROM connection c WHERE c.kind IN ('line', 'slack') AND c.state <> 'revoked'",
            reverse_sql=f"DELETE FROM pilot WHERE about_kind = 'bot' AND verdict_note = '{NOTE}'",
        ),
        ops.RunSQL(
            f"{INTO} SELECT 'bot_web', b.id, 'answers', b.name, '[]', 'passed', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP,"
            f" '{NOTE}' FROM brand b WHERE EXISTS (SELECT 1 FROM conversation c JOIN message m ON"
            " m.conversation_id = c.id WHERE c.brand = b.slug AND m.sender = 'bot' AND m.channel = 'web')",
            reverse_sql=f"DELETE FROM pilot WHERE about_kind = 'bot_web' AND verdict_note = '{NOTE}'",
        ),
    ]
