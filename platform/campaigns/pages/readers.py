"""What a reader opens from a mail. The token is the proof: no cookie, no sign-in, and a GET changes nothing."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from campaigns import reactions
from core.context import here
from core.i18n import _
from core.pages import page
from customers.models import Topic

QUIET = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


class UnsubscribePages(Controller):
    path = "/u/{token:str}"

    @get("/", may="anyone")
    async def ask(self, token: str) -> Response[Any]:
        """Scanners follow links, so this only shows a button (RFC 8058)."""
        delivery, campaign = await reactions.delivery_by(token)
        return await _page(token, campaign.topic, done=delivery.unsubscribed_at is not None)

    @post("/", may="anyone", status_code=200, exclude_from_csrf=True)
    async def stop(self, token: str, request: Request[Any, Any, Any]) -> Response[Any]:
        """A mail client's one click, or the button."""
        form = await request.form()
        by_client = form.get("List-Unsubscribe") == "One-Click"
        campaign = await reactions.unsubscribe(token, "one_click" if by_client else "form")
        return await _page(token, campaign.topic, done=True)

    @post("/again", may="anyone", status_code=200)
    async def again(self, token: str) -> Response[Any]:
        """It was a mistake. Only from our own page: a third party must not say yes for somebody."""
        campaign = await reactions.subscribe_again(token)
        return await _page(token, campaign.topic, done=False, back=True)


async def _page(token: str, slug: str, *, done: bool, back: bool = False) -> Response[Any]:
    topic = await Topic.get_or_none(slug=slug)
    name = (topic.name_ja if here().language == "ja" else topic.name_en) if topic else _("news")
    return page("campaigns/unsubscribe.html", headers=QUIET, token=token, topic=name, done=done, back=back)


class LinkPages(Controller):
    """Only addresses that a campaign holds: nothing here redirects to what somebody typed."""

    path = "/c/{token:str}"

    @get("/", may="anyone")
    async def follow(self, token: str) -> Response[Any]:
        return Redirect(await reactions.follow(token), status_code=302, headers=QUIET)

    @get("/{key:str}", may="anyone")
    async def follow_seen(self, token: str, key: str) -> Response[Any]:
        return Redirect(await reactions.follow(token, key), status_code=302, headers=QUIET)
