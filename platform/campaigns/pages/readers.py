"""What a reader opens from a mail. The token is the proof: no cookie, no sign-in, and a GET changes nothing."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from campaigns import reactions
from core.context import here
from core.i18n import _
from core.pages import flash, page
from customers.models import Topic

QUIET = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
PREVIEWS = ("line-poker", "facebookexternalhit")


class UnsubscribePages(Controller):
    path = "/u/{token:str}"

    @get("/", may="anyone")
    async def ask(self, token: str) -> Response[Any]:
        """Scanners follow links, so this only shows a button (RFC 8058)."""
        delivery, campaign = await reactions.delivery_by(token)
        return await _page(token, campaign.topic, done=delivery.unsubscribed_at is not None, channel=delivery.channel)

    @post("/", may="anyone", status_code=200, exclude_from_csrf=True)
    async def stop(self, token: str, request: Request[Any, Any, Any]) -> Response[Any]:
        """A mail client's one click, or the button. What answers here has no token for a form: the page is a GET."""
        form = await request.form()
        by_client = form.get("List-Unsubscribe") == "One-Click"
        campaign = await reactions.unsubscribe(token, "one_click" if by_client else "form")
        return await _page(token, campaign.topic, done=True) if by_client else _back_to(token)

    @post("/again", may="anyone")
    async def again(self, token: str) -> Redirect:
        """It was a mistake. Only from our own page: a third party must not say yes for somebody."""
        campaign = await reactions.subscribe_again(token)
        delivery, _campaign = await reactions.delivery_by(token)
        topic = await _name_of(campaign.topic)
        flash(_("You will get LINE messages about “%(topic)s” again.", topic=topic) if delivery.channel == "line" else
              _("You will get mails about “%(topic)s” again.", topic=topic))  # fmt: skip
        return _back_to(token)


def _back_to(token: str) -> Redirect:
    return Redirect(f"/u/{token}", status_code=303, headers=QUIET)


async def _page(token: str, slug: str, *, done: bool, channel: str = "email") -> Response[Any]:
    return page("campaigns/unsubscribe.html", headers=QUIET, token=token, topic=await _name_of(slug), done=done,
                channel=channel)  # fmt: skip


async def _name_of(slug: str) -> str:
    topic = await Topic.get_or_none(slug=slug)
    return str(topic.name_ja if here().language == "ja" else topic.name_en) if topic else _("news")


class LinkPages(Controller):
    """Only addresses that a campaign holds: nothing here redirects to what somebody typed."""

    path = "/c/{token:str}"

    @get("/", may="anyone")
    async def follow(self, token: str, request: Request[Any, Any, Any]) -> Response[Any]:
        return Redirect(await _followed(request, token), status_code=302, headers=QUIET)

    @get("/{key:str}", may="anyone")
    async def follow_seen(self, token: str, key: str, request: Request[Any, Any, Any]) -> Response[Any]:
        return Redirect(await _followed(request, token, key), status_code=302, headers=QUIET)


async def _followed(request: Request[Any, Any, Any], token: str, key: str = "") -> str:
    """LINE looks at each link of a talk to draw its preview; that is nobody's click."""
    is_preview = any(one in request.headers.get("user-agent", "").lower() for one in PREVIEWS)
    return await (reactions.leads_to(token) if is_preview else reactions.follow(token, key))
