"""The demo's company, and what it has none of: so that no page stands empty, and every page can be reached."""

from __future__ import annotations

import json

from access import links
from access.oidc_models import OidcProvider
from app.demo.loading import load_once
from campaigns import actions as campaigns
from campaigns.pages.around import ORDER
from channels import connections, mail, webhooks
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from core.runner import Runner
from customers.imports import run as imports
from customers.incoming import hooks, receiving
from customers.models import Account, Department, ImportBatch, Person
from helpcenter.models import Article
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.models import CannedReply, Conversation, Label

MEMBER, AMBASSADOR = "satsuki.miwa@aobawatari.example", "chika.michishita@aobawatari.example"
CSM, ADMIN = "hiyori.shiraishi@tsukimi.example", "rei.tsukishima@tsukimi.example"
TWICE = "顧客ID,会社名,法人番号\nZ1,株式会社ふたえ,7000012050002\nZ2,株式会社二重,7000012050002\nZ3,,12\n"


async def furnish() -> dict[str, list[str]]:
    """Who looks, and where they begin besides the front page."""
    await write("DELETE FROM pilot")  # the demo's bot goes through its own
    await load_once()
    enter(Here(principal=SYSTEM, language="ja", time_zone="Asia/Tokyo"))
    await _imports()
    await _ways_in_and_out()
    await _other_systems()
    await _a_conversation_of_before()
    # The demo leaves the verdict to whoever looks around; here it has been sent.
    await write("UPDATE campaign SET published_at = ? WHERE is_public = ?", now(), True)
    campaign = await campaigns.open_campaign(campaigns.Settings(name="まだ下書きの配信", topic="usage"))
    await CannedReply.create(title="お待たせしました", shortcut="omatase", body="お待たせしました。", created_at=now())
    await Label.create(name="請求")
    await _settled()
    return {
        ADMIN: ["/staff", "/community/duty", *await _posts_to_moderate(), *await _staff_pages(campaign.id)],
        "visitor": ["/sign-in", "/sign-up", "/sign-in/link", "/help/search?q=締め日", "/help/search?q=zzzqqq", "/news",
                    await _link("new@example.jp", "sign_up"), *await _unsubscribe()],
        MEMBER: ["/me", "/me/contact", "/notices", "/contact", "/community/new", "/community/mine",
                 "/community/drafts", "/community/following", "/link/line?linkToken=abcdefgh12345",
                 *await _own_posts()],
        AMBASSADOR: ["/community/duty", "/me/requests"],
        CSM: ["/staff"],
    }  # fmt: skip


async def _settled() -> None:
    runner = Runner()
    await runner.start()
    try:
        await runner.idle(60)
    finally:
        await runner.stop()


async def _link(email: str, purpose: str) -> str:
    address = await links.make(email, None, purpose=purpose)
    return "/" + address.split("/", 3)[3] if "://" in address else address


async def _imports() -> None:
    """One to be mapped, one to be looked at, one done; the last leaves something to review."""
    await imports.take("なまえ,なにか\nあ,い\n".encode(), file_name="unknown.csv", source="crm", kind="accounts")
    for apply in (False, True):
        batch = await imports.start(TWICE.encode(), file_name="twice.csv", source=f"crm{apply}", kind="accounts")
        await (imports.apply(batch) if apply else imports.preview(batch))


async def _ways_in_and_out() -> None:
    await connections.add(
        "line", "公式アカウント", "U" + "0" * 32, {"channel_secret": "s" * 32, "access_token": "t" * 64}
    )
    secrets = {"signing_secret": "s" * 32, "bot_token": "xoxb-1"}
    slack = await connections.add("slack", "お客様のSlack", "T012345", secrets, {"bot_user_id": "U1", "bot_id": "B1"})
    await Department.create(name="営業部", connection_id=slack.id, channel="C0SALES", kinds=["health.fell"],
                            created_at=now(), updated_at=now())  # fmt: skip
    await mail.post("someone@example.jp", "はじめまして", "本文です。", "<p>本文です。</p>")
    await write(
        "INSERT INTO promise (name, arguments, lane, state, due_at, attempts, last_error, created_at)"
        " VALUES ('nothing.at_all', '{}', 'default', 'dead', ?, 8, 'LookupError: no job is called nothing', ?)",
        now(), now(),
    )  # fmt: skip


async def _other_systems() -> None:
    """Webhooks that came in, one of them with a mistake; and an address that is told of what happens here."""
    hook, key = await hooks.make("CRM", "crm", "people")
    await hooks.draw(hook.id, {"family_name": "family", "email": "mail", "source_id": "id"})
    for body in ({"id": "7", "family": "三輪", "mail": "miwa@crm.example"}, {"id": 8, "mail": "?"}):
        await receiving.receive(key, json.dumps(body).encode(), {"content-type": "application/json"})
    await OidcProvider.create(
        slug="company", name="社内アカウント", issuer="https://id.example", client_id="engawa", for_staff=True,
        domains=["tsukimi.example"], found={}, created_at=now(),
    )  # fmt: skip
    await webhooks.subscribe("データ基盤", "https://hooks.example/engawa", ["campaign.sent"], by=SYSTEM)


async def _a_conversation_of_before() -> None:
    person = await Person.get(email=MEMBER)
    for body in ("前の質問です", "今の質問です"):
        heard = Heard(channel="web", customer_key=key_of_person(person.id), body=body, at=now(), person_id=person.id)
        message = await receive(heard)
        assert message is not None
        if body.startswith("前"):
            await write("UPDATE conversation SET state = 'resolved', resolved_at = ? WHERE id = ?",
                        now().replace(year=now().year - 1), message.conversation_id)  # fmt: skip


async def _staff_pages(campaign: int) -> list[str]:
    talks = await Conversation.exclude(state="resolved").order_by("id").limit(3).values_list("id", flat=True)
    batches = await ImportBatch.all().order_by("-id").limit(3).values_list("id", flat=True)
    account, colleague = await Account.filter(tier="high").first(), await Person.get(email=CSM)
    article = await Article.all().order_by("id").first()
    assert account and article
    return [
        *(f"/staff/inbox/{one}" for one in talks), *(f"/staff/customers/import/{one}" for one in batches),
        *(f"/staff/campaigns/{campaign}/{step}" for step in (*ORDER, "content/line", "pictures")),
        f"/staff/settings/people/{colleague.id}/lock", f"/staff/customers/{account.id}/tier",
        f"/staff/customers/{account.id}/settings",
        f"/staff/customers/{account.id}/notes", f"/staff/articles/{article.id}/revisions",
    ]  # fmt: skip


async def _unsubscribe() -> list[str]:
    found = await rows("SELECT key FROM delivery LIMIT 1")
    return [f"/u/{found[0][0]}"] if found else []


async def _own_posts() -> list[str]:
    me = (await Person.get(email=MEMBER)).id
    mine = await rows("SELECT id, thread_id FROM post WHERE author_id = ? AND state = 'visible' LIMIT 1", me)
    others = await rows("SELECT id FROM post WHERE author_id <> ? AND state = 'visible' LIMIT 1", me)
    found = [f"/community/posts/{others[0][0]}/flag"]
    for id, thread in mine:
        found += [f"/community/posts/{id}/edit", f"/community/posts/{id}/deletion", f"/community/{thread}",
                  f"/community/{thread}/title"]  # fmt: skip
    return found


async def _posts_to_moderate() -> list[str]:
    id, thread = (await rows("SELECT id, thread_id FROM post WHERE state = 'visible' AND number > 1 ORDER BY id"))[0]
    return [f"/community/posts/{id}/hiding", f"/community/posts/{id}/pause", f"/community/posts/{id}/history",
            f"/community/{thread}/board", f"/community/{thread}/title"]  # fmt: skip
