"""Passwords, sessions, one-time links, roles and grants. Tokens are kept as SHA-256, passwords as argon2id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from access.factor_models import RecoveryCode, SecondFactor
from access.oidc_models import OidcProvider, OidcTie, OidcTry
from access.sso_models import SignOn, UsedToken
from core.clock import now
from core.fields import Moment

__all__ = ["ApiKey", "ApiUse", "Credential", "OidcProvider", "OidcTie", "OidcTry", "RecoveryCode", "Role",
           "RoleAssignment", "ScopedGrant", "SecondFactor", "Session", "SignInAttempt", "SignInLink", "SignOn",
           "UsedToken"]  # fmt: skip
# In this order: every later browser's name stands in an earlier one's user agent too.
BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Line/", "LINE"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
           ("Linux", "Linux"))  # fmt: skip


class Credential(Model):
    """A person's password. Whoever has none signs in by a link in a mail."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.OneToOneField("customers.Person", related_name="credential", on_delete=fields.CASCADE)
    hash = fields.CharField(max_length=200)
    changed_at = Moment()

    person_id: int

    class Meta:
        table = "credential"


class Session(Model):
    """A browser that is signed in. `renew_by`: rights changed, so this token ends soon and offers a successor."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="sessions", on_delete=fields.CASCADE)
    created_at = Moment()
    last_seen_at = Moment()
    expires_at = Moment()
    user_agent = fields.CharField(max_length=300, default="")
    ip = fields.CharField(max_length=45, default="")
    revoked_at: datetime | None = Moment(null=True)
    renew_by: datetime | None = Moment(null=True)
    way = fields.CharField(max_length=12, default="")  # how it began: see open_session
    rotated_from = fields.BigIntField(null=True)
    awaits_factor = fields.BooleanField(default=False, db_default=False)  # nobody yet: the code is still to come
    confirmed_at: datetime | None = Moment(null=True)  # when they last proved that it is them, if not at created_at

    person_id: int

    class Meta:
        table = "session"
        indexes = [
            Index(fields=("person_id", "revoked_at"), name="session_person"),
            Index(fields=("expires_at",), name="session_expires"),
        ]

    @property
    def is_phone(self) -> bool:
        return any(word in self.user_agent for word in ("Mobile", "Android", "iPhone"))

    @property
    def device(self) -> str:
        """`Firefox, Windows` out of what the browser calls itself; nothing depends on it."""
        found = [next((name for mark, name in table if mark in self.user_agent), "") for table in (BROWSERS, SYSTEMS)]
        return ", ".join(name for name in found if name) or self.user_agent[:40] or "–"


class SignInLink(Model):
    """A one-time link. `purpose`: sign_in, sign_up (`data` holds the name typed), invite, setup (command line)."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    email = fields.CharField(max_length=254)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="sign_in_links", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    purpose = fields.CharField(max_length=12, default="sign_in")
    data: Any = fields.JSONField(default=dict)
    next = fields.CharField(max_length=2000, default="")
    created_at = Moment()
    expires_at = Moment()
    used_at: datetime | None = Moment(null=True)

    person_id: int | None

    class Meta:
        table = "sign_in_link"
        indexes = [
            Index(fields=("expires_at",), name="sign_in_link_expires"),
            Index(fields=("person_id",), name="sign_in_link_person"),
        ]


class Role(Model):
    """A named set of capabilities. `rank`: the highest of a person's roles names them."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=40, unique=True)
    name_ja = fields.CharField(max_length=80)
    name_en = fields.CharField(max_length=80)
    capabilities: Any = fields.JSONField(default=list)
    all_accounts = fields.BooleanField(default=False)
    rank = fields.IntField(default=0)
    factor_due_at: datetime | None = Moment(null=True)  # from then on only with a second factor

    class Meta:
        table = "role"


class RoleAssignment(Model):
    """This person holds this role."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="role_assignments", on_delete=fields.CASCADE)
    role: Any = fields.ForeignKeyField("access.Role", related_name="assignments", on_delete=fields.CASCADE)
    given_by_id = fields.BigIntField(null=True)
    created_at = Moment()

    person_id: int
    role_id: int

    class Meta:
        table = "role_assignment"
        unique_together = (("person", "role"),)
        indexes = [Index(fields=("role_id",), name="role_assignment_role")]


class ScopedGrant(Model):
    """Capabilities on one thing ("board:3"), given by somebody for a reason, for twelve months at most."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="grants", on_delete=fields.CASCADE)
    scope = fields.CharField(max_length=80)
    capabilities: Any = fields.JSONField(default=list)
    granted_by_id = fields.BigIntField(null=True)
    reason = fields.CharField(max_length=300, default="")
    created_at = Moment()
    expires_at = Moment()
    revoked_at: datetime | None = Moment(null=True)

    person_id: int

    class Meta:
        table = "scoped_grant"
        indexes = [
            Index(fields=("person_id", "revoked_at"), name="scoped_grant_person"),
            Index(fields=("scope",), name="scoped_grant_scope"),
        ]


class SignInAttempt(Model):
    """A failed sign-in (or a mail asked for), by keyed hash of address and by IP: what the throttle counts."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=12)  # password, link
    address_hash = fields.CharField(max_length=64)
    ip = fields.CharField(max_length=45)
    at = Moment()

    class Meta:
        table = "sign_in_attempt"
        indexes = [
            Index(fields=("address_hash", "kind", "at"), name="attempt_address"),
            Index(fields=("ip", "kind", "at"), name="attempt_ip"),
            Index(fields=("at",), name="attempt_at"),
        ]


class ApiKey(Model):
    """What a program of the company speaks with: for a member of staff (`person`), within `scopes`.

    `prefix` is its public beginning, by which people recognise it; of the whole only a keyed hash is kept.
    """

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80)
    prefix = fields.CharField(max_length=16, unique=True)
    secret_hash = fields.CharField(max_length=64)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="api_keys", on_delete=fields.CASCADE)
    scopes: Any = fields.JSONField(default=list)  # capabilities
    is_read_only = fields.BooleanField(default=False)
    per_minute = fields.IntField(default=600)
    made_by_id = fields.BigIntField(null=True)
    created_at = Moment()
    expires_at: datetime | None = Moment(null=True)
    revoked_at: datetime | None = Moment(null=True)
    last_used_at: datetime | None = Moment(null=True)

    person_id: int

    class Meta:
        table = "api_key"
        indexes = [Index(fields=("person_id",), name="api_key_person")]

    @property
    def is_over(self) -> bool:
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now())


class ApiUse(Model):
    """How many requests a key made in a minute (of the epoch): what its limit is counted by."""

    id = fields.BigIntField(primary_key=True)
    key: Any = fields.ForeignKeyField("access.ApiKey", related_name="uses", on_delete=fields.CASCADE)
    minute = fields.BigIntField()
    count = fields.IntField(default=0)

    key_id: int

    class Meta:
        table = "api_use"
        unique_together = (("key", "minute"),)
        indexes = [Index(fields=("minute",), name="api_use_minute")]
