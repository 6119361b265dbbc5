"""On which LINE channel the ids are that were linked before this was kept: where they talked to us or were answered
last, else where a webhook named them; where there was only ever one LINE channel, there. The others stay unknown until
LINE names them again (customers.line_users).
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

UNKNOWN = "UPDATE identity SET connection_id = {where} WHERE kind = 'line' AND connection_id IS NULL"
TALKED = (
    "(SELECT v.connection_id FROM conversation v JOIN connection c ON c.id = v.connection_id AND c.kind = 'line'"
    " WHERE v.person_id = identity.person_id AND {to} = identity.value ORDER BY v.last_message_at DESC LIMIT 1)"
)
# One pass over what arrived: the last event of each user, whichever channel it came by.
NAMED = (
    "(SELECT n.connection_id FROM (SELECT {user} AS named, a.connection_id AS connection_id, ROW_NUMBER() OVER"
    " (PARTITION BY {user} ORDER BY a.at DESC, a.id DESC) AS place FROM arrival a JOIN connection c"
    " ON c.id = a.connection_id AND c.kind = 'line' WHERE a.kind <> 'unfollow') AS n"
    " WHERE n.place = 1 AND n.named = identity.value)"
)
ONLY = (
    "(SELECT MIN(c.id) FROM connection c WHERE c.kind = 'line'"
    " AND (SELECT COUNT(*) FROM connection o WHERE o.kind = 'line') = 1)"
)


async def forward(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.client.capabilities.dialect == "postgres"
    to = "v.address->>'to'" if is_postgresql else "json_extract(v.address, '$.to')"
    user = "a.body->'source'->>'userId'" if is_postgresql else "json_extract(a.body, '$.source.userId')"
    for where in (TALKED.format(to=to), NAMED.format(user=user), ONLY):
        await schema_editor.client.execute_query(UNKNOWN.format(where=where))


async def backward(apps: Any, schema_editor: Any) -> None:
    await schema_editor.client.execute_query("UPDATE identity SET connection_id = NULL WHERE kind = 'line'")


class Migration(migrations.Migration):
    dependencies = [("bots", "0002_touch_answering_already"), ("customers", "0027_line_channel"),
                    ("inbox", "0006_touch_suggestions"), ("channels", "0004_one_click")]  # fmt: skip

    initial = False

    operations = [ops.RunPython(forward, backward)]
