"""What runs later: the mail with a link; forgetting what is over."""

from __future__ import annotations

from datetime import timedelta

from access import links, mails, sentences  # noqa: F401  (sentences: registers how it reads)
from core.clock import days_ago, now
from core.database import rows, transaction, write
from core.jobs import every, job
from customers import touches

HOLDER = (
    "SELECT p.id, p.state, p.kind, p.locale, p.email, i.verified_at FROM identity i"
    " JOIN person p ON p.id = i.person_id WHERE i.kind = 'email' AND i.value = ?"
)


@job
async def send_link(email: str, next: str, name: dict[str, str], language: str) -> None:
    """Mail a link: to sign in for somebody we know, to finish signing up for somebody new who gave a name.

    Staff are reached only at their own or a verified address. Nobody else gets anything.
    """
    found = await rows(HOLDER, email)
    async with transaction():
        if found:
            holder = found[0]
            is_theirs = holder["verified_at"] is not None or holder["email"] == email or holder["kind"] != "staff"
            if holder["state"] == "active" and is_theirs:
                address = await links.make(email, holder["id"], next=next)
                await mails.send_sign_in(email, address, holder["locale"], key=_key(address))
                await touches.passes(holder["id"], "email", "transactional", _key(address))
        elif name:
            data = name | {"language": language}
            address = await links.make(email, None, purpose="sign_up", data=data, next=next)
            await mails.send_sign_up(email, address, language, key=_key(address))


def _key(address: str) -> str:
    """The mail's key is made from the link's hash, so the secret is not in one more place."""
    from access.sessions import hashed

    return f"link:{hashed(address)[:32]}"


@every(hours=24, at="03:40", lane="bulk")
async def forget_what_is_over() -> None:
    """Sessions and links go 30 days after their end, tries and the counts of API keys after a day."""
    await write("DELETE FROM api_use WHERE minute < ?", int((now() - timedelta(days=1)).timestamp()) // 60)
    await write("DELETE FROM used_token WHERE expires_at < ?", now())
    await write("DELETE FROM oidc_try WHERE expires_at < ?", now())
    await write("DELETE FROM sign_in_attempt WHERE at < ?", now() - timedelta(days=1))
    await write("DELETE FROM sign_in_link WHERE expires_at < ?", days_ago(30))
    await write("DELETE FROM session WHERE expires_at < ? OR revoked_at < ?", days_ago(30), days_ago(30))
