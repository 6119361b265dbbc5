"""What a person may type at the door and in the settings."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from core.forms import Email, Line, Meta, Secret

Next = Annotated[str, Meta(max_length=2000)]
Name = Annotated[Line, Meta(max_length=80)]


class SignIn(msgspec.Struct):
    email: Email
    password: Secret
    next: Next = ""


class AskForLink(msgspec.Struct):
    email: Email
    next: Next = ""


class SignUp(msgspec.Struct):
    family_name: Name
    email: Email
    given_name: Name = ""
    next: Next = ""


class Profile(msgspec.Struct):
    family_name: Name
    given_name: Name = ""
    handle: Annotated[Line, Meta(max_length=60)] = ""
    locale: Literal["ja", "en"] = "ja"
    time_zone: Annotated[Line, Meta(max_length=48)] = "Asia/Tokyo"


class NewPassword(msgspec.Struct):
    password: Secret
    current: Secret = ""


class Invitation(msgspec.Struct):
    email: Email
    role: Annotated[Line, Meta(max_length=40)]
    family_name: Name = ""
    given_name: Name = ""


class RoleChoice(msgspec.Struct):
    role: Annotated[Line, Meta(max_length=40)]


class Reason(msgspec.Struct):
    reason: Annotated[Line, Meta(max_length=300)] = ""


class Welcome(msgspec.Struct):
    code: Annotated[Line, Meta(max_length=60)]
    family_name: Name
    email: Email
    given_name: Name = ""


class BrandForm(msgspec.Struct):
    name: Annotated[Line, Meta(max_length=120)]
    sender_name: Annotated[Line, Meta(max_length=120)] = ""
    sender_email: Email | None = None
    postal_address: Annotated[Line, Meta(max_length=300)] = ""
    complaints_contact: Annotated[Line, Meta(max_length=254)] = ""


class NewApiKey(msgspec.Struct):
    name: Annotated[Line, Meta(max_length=80)]
    person_id: int
    scopes: list[Line]
    is_read_only: bool = False
    days: Literal["30", "90", "365", "0"] = "365"
    per_minute: Annotated[int, Meta(ge=1, le=6000)] = 600


class Code(msgspec.Struct):
    code: Annotated[Line, Meta(max_length=40)]
    next: Next = ""


class Proof(msgspec.Struct):
    code: Annotated[Line, Meta(max_length=40)] = ""
    password: Secret = ""
    next: Next = ""


class Grace(msgspec.Struct):
    days: Literal["0", "7", "14", "30"] = "14"


class Token(msgspec.Struct):
    token: Annotated[str, Meta(max_length=8000)] = ""
    return_to: Next = ""


class NewSignOn(msgspec.Struct):
    name: Annotated[Line, Meta(max_length=80)]
    source: Annotated[Line, Meta(max_length=60, pattern=r"^[A-Za-z0-9_.\-]+$",
                                 description="Use letters, digits, dots and hyphens.")] = "app"  # fmt: skip
    algorithm: Literal["HS256", "RS256", "EdDSA"] = "HS256"
    public_key: Annotated[str, Meta(max_length=4000)] = ""
    issuer: Annotated[Line, Meta(max_length=300)] = ""
    trusts_email: bool = False


class Going(msgspec.Struct):
    next: Next = ""
    again: bool = False


class ChangedProvider(msgspec.Struct):
    name: Annotated[Line, Meta(max_length=80)]
    client_id: Annotated[Line, Meta(max_length=300)]
    client_secret: Secret = ""
    for_staff: bool = False
    for_customers: bool = False
    adds_members: bool = False
    domains: Annotated[str, Meta(max_length=2000)] = ""


class NewProvider(msgspec.Struct):
    name: Annotated[Line, Meta(max_length=80)]
    slug: Annotated[Line, Meta(max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$",
                               description="Use small letters, digits and hyphens.")]  # fmt: skip
    issuer: Annotated[Line, Meta(max_length=300)]
    client_id: Annotated[Line, Meta(max_length=300)]
    client_secret: Secret
    for_staff: bool = False
    for_customers: bool = False
    adds_members: bool = False
    domains: Annotated[str, Meta(max_length=2000)] = ""
