"""How signing in reads on a customer's timeline. Imported for what it registers."""

from __future__ import annotations

from core.i18n import lazy
from customers.timeline import describe

describe("access.signed_in", lazy("Signed in here"), "user", label=lazy("Signed in here"))
describe("access.signed_up", lazy("Signed up here"), "user", tone="info", label=lazy("Signed up here"))
