"""What tests at the door need: a password, the links in the mailbox."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import Any

from access import passwords
from access.sessions import cookie_name
from core.clock import now
from core.database import rows, write

PASSWORD = "chestnut harbour lantern"


async def give_password(person: Any, password: str = PASSWORD) -> None:
    """As if it had been set long ago, without ending anything."""
    await write(
        "INSERT INTO credential (person_id, hash, changed_at) VALUES (?, ?, ?)",
        person.id,
        await passwords.hash_of(password),
        now(),
    )


async def enter(web: Any, person: Any, password: str = PASSWORD, **more: Any) -> Any:
    return await web.submit("/sign-in", {"email": person.email, "password": password} | more)


async def letters(to: str) -> list[Any]:
    """Mails to this address, oldest first."""
    found = await rows("SELECT content FROM mail WHERE recipient = ? ORDER BY id", to)
    return [message_from_bytes(bytes(row[0]), policy=policy.default) for row in found]


async def link_for(to: str) -> str:
    """The path of the link in the last mail to this address."""
    text = (await letters(to))[-1].get_body(("plain",)).get_content()
    found = re.search(r"/sign-in/link/[\w-]+", text)
    assert found, text
    return found.group()


def token_of(web: Any) -> str | None:
    return web.cookies.get(cookie_name())


async def is_in(web: Any) -> bool:
    return (await web.get("/me")).status_code == 200


def hold(web: Any, token: str) -> None:
    """Put this token into the browser as if the house had set the cookie, so that the house can replace it."""
    for cookie in [one for one in web.cookies.jar if one.name == cookie_name()]:
        web.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
    web.cookies.set(cookie_name(), token, domain="127.0.0.1", path="/")
