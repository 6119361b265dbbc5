"""Every part in all its states, as a small app: what the browser tests look at.

`python -m uvicorn kit_gallery:app` in tests/ shows it. `?as=nobody|member|staff` and `?lang=en` choose who and how.
"""

# ruff: noqa: E501
from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from jinja2 import FileSystemLoader
from litestar import Litestar, Request, Response, get, post
from litestar.config.csrf import CSRFConfig
from litestar.response import Redirect
from litestar.types import ASGIApp, Receive, Scope, Send
from tortoise import Tortoise

from core import settings as core_settings
from core.assets import static_file
from core.charts import Series
from core.context import Here, enter
from core.database import close_database, open_database
from core.forms import Email, Form, Line, Meta, Secret, Text
from core.i18n import _, day, lazy
from core.listing import Bulk, Choice, Column, Listing, Period, Rows, YesNo
from core.navigation import navigation
from core.pages import Brand, before_send, flash, fragment, page, templates, use_brand
from core.principal import CAPABILITIES, MEMBER, NOBODY, Principal
from kit_sample.models import Account

PEOPLE = {
    "nobody": NOBODY,
    "member": Principal(person_id=1, name="三輪 さつき", role="member", capabilities=frozenset(MEMBER)),
    "staff": Principal(person_id=2, name="白石 ひより", role="staff", capabilities=frozenset(CAPABILITIES)),
}
NOW = datetime.now(UTC)


class Sample(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=5, max_length=120)]
    body: Annotated[Text, Meta(min_length=8)]
    email: Email
    password: Secret
    board: Literal["how", "idea"]
    kind: Literal["question", "report"]
    starts: datetime
    day: date
    count: Annotated[int, Meta(ge=1, le=100)]
    tags: list[Line] = []
    agreed: bool = False
    nickname: Line = ""


class Middleware:
    """The least of what core/web.py does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope)
        who = request.query_params.get("as") or request.cookies.get("as") or "member"
        language = request.query_params.get("lang") or request.cookies.get("language") or "ja"
        here = enter(Here(PEOPLE[who], language, path=scope["path"], request=request, request_id="k7f-20a"))
        await navigation.prepare()

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                policy = (
                    f"default-src 'self'; style-src 'self'; script-src 'self' 'nonce-{here.nonce}'; object-src 'none'"
                )
                message["headers"] = [*message["headers"], (b"content-security-policy", policy.encode())]
            await send(message)

        await self.app(scope, receive, sending)


async def _seven() -> int:
    return 7


async def _two() -> int:
    return 2


def _ways() -> None:
    navigation.entries.clear()
    navigation.staff_home = "/staff"
    visitor = [("Help", "/parts"), ("Community", "/rows"), ("News", "/news"), ("Contact", "/form")]
    for order, (label, href) in enumerate(visitor):
        navigation.add("visitor", lazy(label), href, order=order)
    staff = [
        ("Home", "/staff", "home", 0, None, "h"), ("Inbox", "/inbox", "inbox", 1, _seven, "i"),
        ("Customers", "/list", "people", 1, None, "c"), ("Campaigns", "/campaigns", "send", 1, None, "s"),
        ("Guides", "/guides", "guide", 1, None, "g"), ("Articles", "/articles", "book", 2, None, ""),
        ("Community", "/moderation", "talk", 2, _two, ""), ("Insights", "/insights", "chart", 2, None, "a"),
        ("Settings", "/settings", "gear", 9, None, ""),
    ]  # fmt: skip
    for order, (label, href, icon, group, count, key) in enumerate(staff):
        navigation.add("staff", lazy(label), href, may="inbox.answer", icon=icon, order=order, group=group,
                       count=count, hot=label == "Inbox", key=key)  # fmt: skip
    for order, (label, href) in enumerate([("My questions", "/my"), ("Drafts", "/drafts")]):
        navigation.add("member", lazy(label), href, may="signed_in", icon="chat", order=order)
    navigation.add("footer", lazy("Privacy"), "/privacy")
    navigation.add_bell("/notifications", _two)
    navigation.suggest = "/suggest"


@get(["/", "/parts"], may="anyone")
async def parts() -> Response[bytes]:
    return page("gallery/parts.html", now=NOW, path=[("コミュニティ", "/rows"), ("使い方の質問", "/rows")])


@get("/form", may="anyone")
async def form() -> Response[bytes]:
    return page("gallery/form.html", form=Form(Sample))


@post("/form", may="anyone", status_code=200)
async def send_form(request: Request[Any, Any, Any]) -> Response[bytes] | Redirect:
    found = Form(Sample, await request.form())
    if not found.valid:
        return page("gallery/form.html", status=422, form=found)
    flash(_("Saved."), undo="/undo")
    return Redirect("/parts", status_code=303)


@post("/undo", may="anyone")
async def undo() -> Redirect:
    flash(_("Not sent"), tone="bad")
    return Redirect("/parts", status_code=303)


@get("/staff", may="anyone")
async def staff() -> Response[bytes]:
    mine = Series("今期", [52, 50, 46, 49, 47, 44, 46, 41, 42, 39, 40, 38])
    before = Series("前期", [55, 52, 58, 54, 50, 56, 52, 49, 51, 48, 50, 47], "past")
    days = ["10/26", "10/28", "10/31", "11/2", "11/5", "11/7", "11/9", "11/12", "11/14", "11/16", "11/19", "11/22"]
    ends = [Series("検索", [116, 127, 140, 135, 149, 165, 167, 176]), Series("コミュニティ", [44, 49, 58, 62, 59, 70, 76, 82], "c2"),
            Series("ボット", [61, 67, 71, 88, 90, 97, 103, 110], "c3"), Series("人", [96, 90, 98, 84, 77, 79, 74, 71], "c6")]  # fmt: skip
    weeks = [f"第{n}週" for n in range(1, 9)]
    return page("gallery/staff.html", mine=[mine, before], days=days, ends=ends, weeks=weeks, now=NOW)


@get("/inbox", may="anyone")
async def inbox() -> Response[bytes]:
    return page("gallery/inbox.html")


TIERS = {"high": lazy("High touch"), "low": lazy("Low touch"), "tech": lazy("Tech touch")}


def accounts(request: Request[Any, Any, Any]) -> Listing:
    return Listing(
        request, query=Rows("SELECT id, name, tier, seats, created_at, archived_at FROM kit_account"),
        columns=[
            Column("name", _("Company"), sort=True, head=True, href=lambda r: f"/list?open={r['id']}"),
            Column("tier", _("Tier")), Column("seats", _("Seats"), sort=True, num=True),
            Column("created_at", _("Since"), sort=True, format=day, wide=True),
        ],
        filters=[Choice("tier", _("Tier"), TIERS, many=True), Period("since", _("Since"), field="created_at"),
                 YesNo("archived", _("Archived"), field="archived_at", by_null=True)],
        search=["name"], default_sort="-created_at", exportable=True,
        bulk=[Bulk("tag", _("Tag"), "hash"), Bulk("archive", _("Archive"), "trash", danger=True)], bulk_action="/list",
    )  # fmt: skip


@get("/list", may="anyone")
async def listed(request: Request[Any, Any, Any]) -> Any:
    found = accounts(request)
    if found.wants_csv:
        return found.csv("accounts")
    return page("gallery/list.html", accounts=await found.load())


@post("/list", may="anyone")
async def bulk(request: Request[Any, Any, Any]) -> Redirect:
    sent = await request.form()
    ids = await accounts(request).chosen(sent)
    flash(f"{sent.get('do')}: {len(ids)}")
    return Redirect("/list", status_code=303)


@get("/gate", may="anyone")
async def gate() -> Response[bytes]:
    found = Form(Sample, {"email": "tanabe@example.jp", "password": "x"})
    found.errors = {"password": _("Fill this in.")}
    return page("gallery/gate.html", form=found)


@get("/missing", may="anyone")
async def missing() -> Response[bytes]:
    sentence = "移動したか、消されたか、読む権限がないページです。アドレスを確かめるか、下から探してください。"
    near = [{"href": "/parts", "title": "締め日を変更する", "note": "記事　勤務表"}]
    return page("core/error.html", status=404, title="ページが見つかりません", sentence=sentence, request_id="k7f-20a",
                near=near, words="締め日 変更")  # fmt: skip


@get("/empty", may="anyone")
async def empty() -> Response[bytes]:
    flash("「秋の勉強会」を消しました。", undo="/undo")
    return page("gallery/empty.html")


@get("/suggest", may="anyone")
async def suggest(q: str) -> Response[bytes]:
    return fragment("gallery/suggest.html", q=q)


@contextlib.asynccontextmanager
async def _with_data(_app: Litestar) -> AsyncIterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        await open_database(f"sqlite://{folder}/gallery.sqlite3", ["kit_sample"])
        await Tortoise.generate_schemas()
        names = [
            "千舟ロジ",
            "北窓印刷",
            "夕星不動産",
            "小鳥坂クリニック",
            "水面フーズ",
            "Donaudampfschifffahrtsgesellschaft mbH",
        ]
        for n in range(1, 66):
            await Account.create(name=f"{names[n % 6]} {n}", tier=["high", "low", "tech"][n % 3], seats=n * 7 % 160,
                                 created_at=NOW - timedelta(hours=n * 9))  # fmt: skip
        yield
        await close_database()


def prepare() -> None:
    """The gallery's own ways, brand and templates; tests put the house's back afterwards."""
    _ways()
    use_brand(lambda: Brand("つきみ勤怠 サポート", "つきみ計算舎"))
    templates().loader.mapping["gallery"] = FileSystemLoader(Path(__file__).parent / "gallery")  # type: ignore[union-attr]


def make_app() -> Litestar:
    if not os.environ.get("ENGAWA_SECRET_KEY"):
        core_settings.use(core_settings.read_settings({}, secret_key="gallery" * 8))
    return Litestar(
        [parts, form, send_form, undo, staff, inbox, listed, bulk, gate, missing, empty, suggest, static_file],
        middleware=[Middleware], lifespan=[_with_data], before_send=[before_send], openapi_config=None,
        csrf_config=CSRFConfig(secret="gallery" * 8), debug=True,
    )  # fmt: skip


app = make_app()
