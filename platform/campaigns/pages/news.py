"""The public archive: newsletters and announcements that were sent and are meant for everybody."""

from __future__ import annotations

import re
from typing import Any

import nh3
from litestar import Controller, Request, Response, get
from markupsafe import Markup

from campaigns import policy
from campaigns.compose import Templates, common_values
from campaigns.language import Missed, TooMuch
from campaigns.models import Campaign, Revision
from campaigns.outgoing import addresses
from campaigns.variables import ACCOUNT, PERSON
from channels.senders import sender_of
from core.clock import now
from core.context import here
from core.errors import NotFound
from core.i18n import _
from core.listing import Column, Listing
from core.pages import page
from core.tasks import in_thread

SILENT = {"script", "style", "title", "head"}
PREHEADER = re.compile(r"<div[^>]*display:\s*none[^>]*>[^<]*</div>")
# mj-text becomes a div: in an article it is a paragraph.
INNERMOST = re.compile(r"<div>((?:(?!</?div>).)*)</div>", re.DOTALL)
DIV = re.compile(r"</?div>")
TAGS = {"a", "b", "strong", "i", "em", "br", "ul", "ol", "li", "h1", "h2", "h3", "p", "div"}


class NewsPages(Controller):
    path = "/news"

    @get("/", may="anyone")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        found = Listing(request, query=policy.visible_news().filter(published_at__lte=now()),
                        columns=[Column("name", _("News"))], default_sort="-published_at", counted=False)  # fmt: skip
        await found.load()
        return page("campaigns/news.html", news=found)

    @get("/{campaign_id:int}", may="anyone")
    async def show(self, campaign_id: int) -> Response[Any]:
        campaign = await policy.visible_news().get_or_none(id=campaign_id, published_at__lte=now())
        if campaign is None:
            raise NotFound(_("There is no such news."))
        subject, body = await published(campaign)
        return page("campaigns/news_item.html", campaign=campaign, subject=subject, body=body)


async def published(campaign: Campaign) -> tuple[str, Any]:
    """The mail as nobody in particular: names become dashes, and only what prose needs is kept of the HTML."""
    revision = await Revision.get(id=campaign.revision_id)
    sender = await sender_of(campaign.brand)
    links = await addresses(revision.id, "off")
    values = common_values(sender) | {"person": anybody(PERSON), "account": anybody(ACCOUNT)}
    values |= {"link": links.__getitem__, "unsubscribe_url": "/sign-in"}
    templates = Templates(revision.subject, revision.html, revision.plain)
    try:
        _subject, _text, html = await in_thread(templates.render_bounded, values)
    except (Missed, TooMuch):
        return campaign.name, Markup("")
    html = nh3.clean(PREHEADER.sub("", html), tags=TAGS, clean_content_tags=SILENT, attributes={"a": {"href"}},
                     url_schemes={"https", "http", "mailto"})  # fmt: skip
    html = DIV.sub("", INNERMOST.sub(r"<p>\1</p>", html))
    return campaign.name, Markup(html)  # noqa: S704  (cleaned)


def anybody(names: dict[str, Any]) -> dict[str, str]:
    return dict.fromkeys(names, "〇〇" if here().language == "ja" else "—")
