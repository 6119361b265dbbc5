"""Words for what this room shows: roles, capabilities, actions of the audit log."""

from __future__ import annotations

from access.models import Role
from core.context import here
from core.i18n import lazy

CAPABILITY_NAMES = {
    "help.write": lazy("Write and publish help articles"),
    "community.moderate": lazy("Hide, move and close posts"),
    "community.manage": lazy("Boards and ambassadors"),
    "inbox.answer": lazy("Read and answer conversations"),
    "customers.read": lazy("See companies and people"),
    "customers.write": lazy("Change, import and merge companies and people"),
    "campaigns.read": lazy("See campaigns and their reports"),
    "campaigns.write": lazy("Write, pilot and schedule campaigns"),
    "guides.write": lazy("Write and publish guides"),
    "insights.read": lazy("See the numbers"),
    "audit.read": lazy("Read the audit log and what failed"),
    "settings.manage": lazy("Connections, brand, roles and staff"),
}

# What only a key has to be told apart by: everybody who signs in may do these.
SCOPE_NAMES = CAPABILITY_NAMES | {
    "help.read": lazy("Read published help articles"),
    "community.read": lazy("Read threads of the community"),
    "community.post": lazy("Write in the community"),
}


async def role_names() -> dict[str, str]:
    """Slug → name in the reader's language, highest first."""
    found = await Role.all().order_by("-rank")
    return {role.slug: role.name_ja if here().language == "ja" else role.name_en for role in found}
