"""The staff's mailbox: what would have left, while no SMTP server is set. A mail is shown where it can do nothing."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

from litestar import Controller, Request, Response, get
from markupsafe import escape

from channels.models import Mail
from core.errors import NotFound
from core.i18n import _, moment
from core.listing import Column, Listing
from core.pages import page
from core.settings import settings

LONGEST_SOURCE = 200_000
# No script, no form, nothing of this site: a mail is a stranger's document.
POLICY = ("default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
          "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox")  # fmt: skip
ALONE = {"Content-Security-Policy": POLICY, "X-Frame-Options": "SAMEORIGIN", "Referrer-Policy": "no-referrer",
         "Cache-Control": "private, no-store"}  # fmt: skip


class MailboxPages(Controller):
    path = "/staff/mailbox"

    @get("/", may="settings.manage")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        listing = Listing(
            request, query=Mail.all(),
            columns=[Column("subject", _("Subject"), head=True, href=lambda mail: f"/staff/mailbox/{mail.id}"),
                     Column("recipient", _("Recipient")),
                     Column("created_at", _("Time"), sort=True, format=moment, wide=True)],
            search=["subject", "recipient"], default_sort="-created_at",
        )  # fmt: skip
        await listing.load()
        return page("channels/mailbox.html", mails=listing, has_server=bool(settings().smtp_url))

    @get("/{mail_id:int}", may="settings.manage")
    async def show(self, mail_id: int) -> Response[Any]:
        mail = await _mail(mail_id)
        parsed = message_from_bytes(bytes(mail.content), policy=policy.default)
        heads = [(name, str(value)) for name, value in parsed.items()][:60]
        return page("channels/mailbox_mail.html", mail=mail, heads=heads, text=_part(parsed, "plain"))

    @get("/{mail_id:int}/content", may="settings.manage")
    async def content(self, mail_id: int) -> Response[Any]:
        """The HTML part, or the text as HTML."""
        parsed = message_from_bytes(bytes((await _mail(mail_id)).content), policy=policy.default)
        html = (
            _part(parsed, "html") or f"<!doctype html><meta charset=utf-8><pre>{escape(_part(parsed, 'plain'))}</pre>"
        )
        return Response(html.encode("utf-8", "replace"), media_type="text/html; charset=utf-8", headers=ALONE)

    @get("/{mail_id:int}/source", may="settings.manage")
    async def source(self, mail_id: int) -> Response[Any]:
        raw = bytes((await _mail(mail_id)).content)[:LONGEST_SOURCE]
        return Response(raw, media_type="text/plain; charset=utf-8", headers=ALONE)


async def _mail(mail_id: int) -> Mail:
    found = await Mail.get_or_none(id=mail_id)
    if found is None:
        raise NotFound(_("There is no such mail."))
    return found


def _part(parsed: Any, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part else ""


controllers = [MailboxPages]
