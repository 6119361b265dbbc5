"""Who a brand is in mail (name, address, what the law wants shown) and how its mail leaves."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from channels.dkim import Signer
from channels.mime import quoted_address
from channels.models import Connection
from core.clock import now
from core.models import Brand
from core.settings import settings
from core.vault import seal, unseal


class Sender(msgspec.Struct, frozen=True):
    """What 特定電子メール法 wants displayed, and what stands in From."""

    name: str
    email: str
    address: str = ""
    contact: str = ""

    @property
    def domain(self) -> str:
        return quoted_address(self.email).rpartition("@")[2]

    @property
    def reply_to(self) -> str:
        return self.contact if "@" in self.contact else ""


class MailAccount(msgspec.Struct, frozen=True):
    """How a brand's mail leaves. Rates are messages per second, 0 for no limit."""

    url: str = ""
    connections: int = 20
    rate: float = 0
    domain_rates: dict[str, float] = {}
    dkim_domain: str = ""
    dkim_selector: str = ""
    dkim_key: str = ""

    def signer(self) -> Signer | None:
        if not (self.dkim_key and self.dkim_domain and self.dkim_selector):
            return None
        return Signer(self.dkim_domain, self.dkim_selector, self.dkim_key)


async def sender_of(brand: str = "default") -> Sender:
    """A brand's sender; what is not set is empty, except for an address that at least names this host."""
    found = await Brand.get_or_none(slug=brand) or await Brand.get_or_none(slug="default")
    host = urlsplit(settings().url).hostname or "localhost"
    if found is None:
        return Sender("Engawa", f"no-reply@{host}")
    return Sender(
        name=found.sender_name or found.name, email=found.sender_email or f"no-reply@{host}",
        address=found.postal_address, contact=found.complaints_contact,
    )  # fmt: skip


async def mail_account(brand: str = "default") -> MailAccount:
    """The brand's mail connection; ENGAWA_SMTP_URL stands in for the server's address."""
    found = await Connection.get_or_none(kind="smtp", external_id=brand, state="active")
    if found is None:
        return MailAccount(url=settings().smtp_url)
    given: dict[str, Any] = {**found.settings, **unseal(found.secrets)}
    known = {field.name for field in msgspec.structs.fields(MailAccount)}
    account = msgspec.convert({k: v for k, v in given.items() if k in known}, MailAccount, strict=False)
    return msgspec.structs.replace(account, url=settings().smtp_url or account.url)


async def set_mail_account(account: MailAccount, brand: str = "default") -> None:
    """Keep it: the address of the server (it may hold a password) and the key are sealed."""
    account.signer()  # raises Refused for a key that is none
    secrets = seal({"url": account.url, "dkim_key": account.dkim_key})
    plain = {k: v for k, v in msgspec.to_builtins(account).items() if k not in ("url", "dkim_key")}
    moment = now()
    await Connection.update_or_create(
        kind="smtp", external_id=brand,
        defaults={"name": f"Mail ({brand})", "brand": brand, "settings": plain, "secrets": secrets,
                  "state": "active", "created_at": moment, "updated_at": moment},
    )  # fmt: skip
