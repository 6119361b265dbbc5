"""The small hot sets: questions that wait, posts that are held, flags that are open, what is pinned."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("community", "0001_initial")]
    operations = [
        ops.RunSQL(
            "CREATE INDEX thread_waiting ON thread (last_post_at, id)"
            " WHERE status IN ('new', 'needs_info') AND visibility = 'visible' AND state = 'open'",
            reverse_sql="DROP INDEX thread_waiting",
        ),
        ops.RunSQL(
            "CREATE INDEX thread_solved ON thread (last_post_at, id)"
            " WHERE status IN ('accepted', 'verified') AND visibility = 'visible'",
            reverse_sql="DROP INDEX thread_solved",
        ),
        ops.RunSQL(
            "CREATE INDEX thread_pinned ON thread (board_id, pinned_until) WHERE pinned_until IS NOT NULL",
            reverse_sql="DROP INDEX thread_pinned",
        ),
        ops.RunSQL(
            "CREATE INDEX post_held ON post (id) WHERE state = 'held'",
            reverse_sql="DROP INDEX post_held",
        ),
    ]
