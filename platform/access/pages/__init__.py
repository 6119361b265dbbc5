"""HTML of this room; importing it tells the entrance who asks, and the layouts what the place is called."""

from __future__ import annotations

from access import brands, role_names
from access.identify import identify
from access.pages import (
    api_keys,
    audit,
    brand,
    developers,
    doors,
    factors,
    oidc,
    oidc_providers,
    own,
    people,
    promises,
    roles,
    settings,
    sign_on,
    welcome,
)
from core.entrance import use_identify
from core.i18n import lazy
from core.navigation import navigation
from core.pages import use_brand

controllers = [
    *doors.controllers, *factors.controllers, *own.controllers, *settings.controllers, *people.controllers,
    *roles.controllers, *oidc.controllers, *oidc_providers.controllers,
    *api_keys.controllers, *developers.controllers,
    *sign_on.controllers, *audit.controllers, *promises.controllers, *brand.controllers, *welcome.controllers,
]  # fmt: skip

__all__ = ["controllers", "role_names"]  # role_names: from which roles fields can be hidden

use_identify(identify)
use_brand(brands.current)

navigation.add(
    "staff", lazy("Settings"), "/staff/settings", may="customers.read", icon="gear", order=90, group=9, opens="settings"
)
navigation.add("member", lazy("My account"), "/me", may="signed_in", icon="user", order=10)
navigation.add(
    "settings", lazy("Staff"), "/staff/settings/people", may="settings.manage", icon="people", order=10, group=1
)
navigation.add(
    "settings", lazy("Roles"), "/staff/settings/roles", may="settings.manage", icon="lock", order=20, group=1
)
navigation.add(
    "settings", lazy("API keys"), "/staff/settings/api", may="settings.manage", icon="link", order=46, group=5
)
navigation.add("settings", lazy("Sign-on from your product"), "/staff/settings/sign-on", may="settings.manage",
               icon="user", order=25, group=1)  # fmt: skip
navigation.add("settings", lazy("Identity providers"), "/staff/settings/oidc", may="settings.manage",
               icon="globe", order=24, group=1)  # fmt: skip
navigation.add(
    "settings", lazy("Brand"), "/staff/settings/brand", may="settings.manage", icon="home", order=30, group=4
)
navigation.add(
    "settings", lazy("Work in the background"), "/staff/settings/jobs", may="audit.read", icon="bolt", order=80, group=6
)
navigation.add("settings", lazy("Audit log"), "/staff/settings/audit", may="audit.read", icon="list", order=90, group=6)
