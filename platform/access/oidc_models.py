"""Identity providers (OpenID Connect), who is tied to an account there, and sign-ins that are on their way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class OidcProvider(Model):
    """A place where people sign in for us. Its `slug` names it in addresses, its `issuer` never changes.

    `found` is what counts of its discovery document, `signing` its keys (JWKS); both are fetched anew when old.
    """

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=40)
    name = fields.CharField(max_length=80)
    issuer = fields.CharField(max_length=300)
    client_id = fields.CharField(max_length=300)
    sealed = fields.TextField(default="")
    for_staff = fields.BooleanField(default=False)
    for_customers = fields.BooleanField(default=False)
    adds_members = fields.BooleanField(default=False)  # who is unknown becomes a member; else they are refused
    domains: Any = fields.JSONField(default=list)  # of mail addresses; none: all
    found: Any = fields.JSONField(default=dict)
    found_at: datetime | None = Moment(null=True)
    signing: Any = fields.JSONField(default=dict)
    signing_at: datetime | None = Moment(null=True)
    used_at: datetime | None = Moment(null=True)
    problem = fields.CharField(max_length=200, default="")  # why the last sign-in was refused
    problem_at: datetime | None = Moment(null=True)
    ended_at: datetime | None = Moment(null=True)
    made_by_id = fields.BigIntField(null=True)
    created_at = Moment()

    class Meta:
        table = "oidc_provider"


class OidcTie(Model):
    """This account at the provider (`subject`) is this person. One each way: addresses change hands."""

    id = fields.BigIntField(primary_key=True)
    provider: Any = fields.ForeignKeyField("access.OidcProvider", related_name="ties", on_delete=fields.CASCADE)
    subject = fields.CharField(max_length=255)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="oidc_ties", on_delete=fields.CASCADE)
    created_at = Moment()
    used_at = Moment()

    provider_id: int
    person_id: int

    class Meta:
        table = "oidc_tie"
        unique_together = (("provider", "subject"), ("provider", "person"))
        indexes = [Index(fields=("person_id",), name="oidc_tie_person")]


class OidcTry(Model):
    """A sign-in that went off to the provider: it comes back once, within ten minutes, in the same browser.

    Kept are hashes of `state` and of the browser's cookie, and nonce and PKCE verifier, sealed.
    """

    id = fields.BigIntField(primary_key=True)
    provider: Any = fields.ForeignKeyField("access.OidcProvider", related_name="tries", on_delete=fields.CASCADE)
    state_hash = fields.CharField(max_length=64, unique=True)
    browser_hash = fields.CharField(max_length=64)
    sealed = fields.TextField()
    next = fields.CharField(max_length=2000, default="")
    expires_at = Moment()

    provider_id: int

    class Meta:
        table = "oidc_try"
        indexes = [Index(fields=("expires_at",), name="oidc_try_expires")]
