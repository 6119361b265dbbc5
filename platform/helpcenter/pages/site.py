"""What search engines read first."""

from __future__ import annotations

from litestar import Controller, Response, get

from core.pages import absolute
from helpcenter.sitemap import sitemap

CLOSED = ("/staff", "/help/search", "/help/suggest", "/help/go/", "/help/pick/", "/sign-in", "/language", "/theme")


class SitePages(Controller):
    @get("/sitemap.xml", may="anyone", include_in_schema=False)
    async def sitemap(self) -> Response[bytes]:
        made = (await sitemap()).encode()
        return Response(made, media_type="application/xml", headers={"Cache-Control": "public, max-age=3600"})

    @get("/robots.txt", may="anyone", include_in_schema=False)
    async def robots(self) -> Response[bytes]:
        closed = "".join(f"Disallow: {path}\n" for path in CLOSED)
        made = f"User-agent: *\n{closed}Sitemap: {absolute('/sitemap.xml')}\n"
        return Response(made.encode(), media_type="text/plain", headers={"Cache-Control": "public, max-age=3600"})
