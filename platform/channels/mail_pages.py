"""How mail leaves, as an administrator sets it: the server, its rates, and the key that signs (DKIM)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from channels.dkim import new_key, record_of
from channels.senders import MailAccount, mail_account, set_mail_account
from channels.smtp_server import Server
from core.audit import audit
from core.database import transaction
from core.errors import Refused
from core.forms import Form, Line, Meta
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import flash, page
from core.refs import Ref
from core.settings import settings
from core.tasks import in_thread

BRAND = "default"
SCHEMES = {"smtp", "smtps", "smtp+starttls"}
DOMAIN = re.compile(r"^(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$")
RATE = re.compile(r"^(\S+?)\s*[=:]\s*(\d{1,4}(?:\.\d{1,3})?)$")
HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
SELECTOR = r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$"


class MailServer(msgspec.Struct):
    """An empty address or key keeps the one that is stored."""

    url: Annotated[str, Meta(max_length=500, extra={"kind": "secret"})] = ""
    connections: Annotated[int, Meta(ge=1, le=100)] = 20
    rate: Annotated[int, Meta(ge=0, le=10_000)] = 0
    domain_rates: Annotated[str, Meta(max_length=2000)] = ""
    dkim_domain: Annotated[Line, Meta(max_length=253)] = ""
    dkim_selector: Annotated[Line, Meta(max_length=63)] = ""
    dkim_key: Annotated[str, Meta(max_length=8000, extra={"kind": "secret"})] = ""
    key: Literal["keep", "new", "given", "none"] = "keep"


navigation.add(
    "settings", lazy("Mail server"), "/staff/settings/mail", may="settings.manage", icon="send", order=55, group=4
)


class MailServerPages(Controller):
    path = "/staff/settings/mail"
    include_in_schema = False

    @get("/", may="settings.manage")
    async def show(self) -> Response[Any]:
        account = await mail_account(BRAND)
        return await _shown(Form(MailServer, initial=_as_typed(account)), account)

    @post("/", may="settings.manage", status_code=200)
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form, before = Form(MailServer, await request.form()), await mail_account(BRAND)
        if form.valid:
            after = await _account_from(form, before)
            if after is not None:
                async with transaction():
                    await set_mail_account(after, BRAND)
                    await audit("change", Ref("mail_server", 0), before=_said(before), after=_said(after))
                flash(_("Saved. What is being sent takes it up with its next batch."))
                return Redirect("/staff/settings/mail", status_code=303)
        return await _shown(form, before, 422)


async def _shown(form: Form[MailServer], account: MailAccount, status: int = 200) -> Response[Any]:
    signs = account.signer() is not None
    return page("channels/mail_server.html", status=status, form=form, signs=signs, has_server=bool(account.url),
                host=_host(account.url), is_from_environment=bool(settings().smtp_url),
                name=f"{account.dkim_selector}._domainkey.{account.dkim_domain}" if signs else "",
                record=await in_thread(record_of, account.dkim_key) if signs else "")  # fmt: skip


def _as_typed(account: MailAccount) -> dict[str, Any]:
    rates = "\n".join(f"{domain} = {rate:g}" for domain, rate in sorted(account.domain_rates.items()))
    return {"connections": account.connections, "rate": round(account.rate), "domain_rates": rates,
            "dkim_domain": account.dkim_domain, "dkim_selector": account.dkim_selector,
            "key": "keep" if account.dkim_key else "none"}  # fmt: skip


def _said(account: MailAccount) -> dict[str, Any]:
    """For the audit log: everything but the secrets, of which only the traces are kept."""
    kept = {key: value for key, value in msgspec.to_builtins(account).items() if key not in ("url", "dkim_key")}
    return kept | {"host": _host(account.url), "dkim_record": record_of(account.dkim_key)[:80]}


def _host(url: str) -> str:
    return urlsplit(url).hostname or "" if _is_server(url) else ""


def _is_server(url: str) -> bool:
    """Whether sending would understand it, so that a slip of the pen is told here and not by every mail."""
    try:
        server = Server.at(url)
        return urlsplit(url).scheme in SCHEMES and bool(HOST.fullmatch(server.host)) and 0 < server.patience <= 600
    except ValueError:
        return False


async def _account_from(form: Form[MailServer], before: MailAccount) -> MailAccount | None:
    """What was typed, or None with a mistake beside its field."""
    typed = form.data
    url = "".join(typed.url.split()) or before.url
    if url and not _is_server(url):
        form.add_error("url", _("Write an address such as smtps://user:password@smtp.example.jp:465."))
    rates = _rates(form, typed.domain_rates)
    if typed.key != "none":
        if not DOMAIN.match(typed.dkim_domain.lower()):
            form.add_error("dkim_domain", _("Write the domain of the sender’s address, such as example.jp."))
        if not re.match(SELECTOR, typed.dkim_selector):
            form.add_error("dkim_selector", _("Use letters, digits and hyphens."))
    key = await _key(form, typed, before)
    if form.errors:
        return None
    named = (typed.dkim_domain.lower(), typed.dkim_selector) if typed.key != "none" else ("", "")
    kept = "" if url == settings().smtp_url else url
    return MailAccount(kept, typed.connections, typed.rate, rates, *named, key)


def _rates(form: Form[MailServer], typed: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in filter(None, (row.strip() for row in typed.splitlines())):
        said = RATE.match(row)
        if said is None or not DOMAIN.match(said.group(1).lower()):
            form.add_error("domain_rates", _("Write one domain a line, such as docomo.ne.jp = 5."))
            return {}
        found[said.group(1).lower()] = float(said.group(2))
    return found


async def _key(form: Form[MailServer], typed: MailServer, before: MailAccount) -> str:
    if typed.key == "none":
        return ""
    if typed.key == "new":
        return str(await in_thread(new_key))
    key = typed.dkim_key.strip() + "\n" if typed.key == "given" else before.dkim_key
    try:
        record_of(key)
    except Refused as refused:
        form.add_error("dkim_key" if typed.key == "given" else "key", refused.sentence)
    return key
