"""The mails of this room, in the recipient's language."""

from __future__ import annotations

from channels import mail
from core.i18n import _, speaking
from core.pages import brand


async def send_sign_in(email: str, address: str, language: str, *, key: str) -> None:
    with speaking(language):
        text = _(
            "Open this address to sign in. It works once, within 15 minutes.\n\n%(address)s\n\n"
            "If you did not ask for it, you need not do anything.",
            address=address,
        )
        await mail.post(email, _("Sign in to %(name)s", name=brand().name), text, key=key)


async def send_sign_up(email: str, address: str, language: str, *, key: str) -> None:
    with speaking(language):
        text = _(
            "Open this address to finish signing up. It works once, within 15 minutes.\n\n%(address)s\n\n"
            "If you did not ask for it, you need not do anything.",
            address=address,
        )
        await mail.post(email, _("Sign up for %(name)s", name=brand().name), text, key=key)


async def send_invitation(email: str, address: str, language: str, *, by: str, key: str) -> None:
    with speaking(language):
        text = _(
            "%(by)s invites you to work on %(name)s. Open this address to sign in. It works once, within 24 hours.\n\n"
            "%(address)s",
            by=by, name=brand().name, address=address,
        )  # fmt: skip
        await mail.post(email, _("An invitation to %(name)s", name=brand().name), text, key=key)


async def send_password_changed(email: str, language: str, *, key: str) -> None:
    with speaking(language):
        text = _(
            "The password of your account was changed, and every other device was signed out.\n\n"
            "If that was not you, sign in by mail and set a new password: %(address)s",
            address=_sign_in_address(),
        )
        await mail.post(email, _("Your password was changed"), text, key=key)


async def send_factor_changed(email: str, what: str, language: str, *, key: str) -> None:
    """`what`: added, removed, paper (a recovery code was used)."""
    with speaking(language):
        said = {
            "added": _("A second factor was set up for your account."),
            "removed": _("The second factor of your account was removed."),
            "paper": _("A recovery code was used to sign in to your account."),
        }[what]
        text = _("%(what)s\n\nIf that was not you, tell an administrator at once.", what=said)
        await mail.post(email, _("The second factor of your account"), text, key=key)


def _sign_in_address() -> str:
    from core.pages import absolute

    return absolute("/sign-in/link")
