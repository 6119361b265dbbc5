"""A new ENGAWA_SECRET_KEY before the old one: secrets open, suppressed addresses stay suppressed."""

import msgspec
import pytest

from bots import from_mail
from core import vault
from core.database import rows
from core.errors import Refused
from core.settings import SettingsError, read_settings, settings, use
from customers import consent

OLD, NEW = "an-old-key-that-is-long-enough-0123456789", "a-new-key-that-is-long-enough-9876543210"


def with_keys(*keys: str) -> None:
    use(msgspec.structs.replace(settings(), secret_key=",".join(keys)))


async def test_what_an_older_key_made_is_still_known(house):
    with_keys(OLD)
    sealed = vault.seal({"token": "t"})
    await consent.suppress("email", "gone@example.jp", "bounced")
    await consent.suppress("email", "erased@example.jp", "erased")
    with_keys(NEW, OLD)
    assert vault.unseal(sealed) == {"token": "t"}
    assert await consent.is_suppressed("email", " Gone@example.jp")
    assert not await consent.is_suppressed("email", "else@example.jp")
    assert await consent.rekey("email", ["gone@example.jp", "else@example.jp"]) == 1
    assert await consent.rekey("email", ["gone@example.jp"]) == 0
    await consent.suppress("email", "late@example.jp", "complained")
    again = vault.rotate(sealed)
    with_keys(NEW)
    assert vault.unseal(again) == {"token": "t"}
    with pytest.raises(Refused):
        vault.unseal(sealed)
    assert await consent.is_suppressed("email", "gone@example.jp")
    assert await consent.is_suppressed("email", "late@example.jp")
    assert not await consent.is_suppressed("email", "erased@example.jp"), (
        "what nobody met is known by the old key alone"
    )
    kept = await rows("SELECT reason FROM suppression WHERE address_hash = ?",
                      consent.address_hash("email", "gone@example.jp"))  # fmt: skip
    assert kept[0][0] == "bounced"


def test_each_key_is_long_enough():
    with pytest.raises(SettingsError):
        read_settings({}, secret_key=f"{NEW},short")
    assert read_settings({}, secret_key=f"{NEW}, {OLD}").secret_keys == (NEW, OLD)


async def test_an_answer_that_left_under_the_older_key_still_comes_back(house):
    with_keys(OLD)
    seal = from_mail._seal(7)
    with_keys(NEW, OLD)
    assert from_mail.is_sealed(7, seal)
    assert from_mail.is_sealed(7, from_mail._seal(7))
    assert not from_mail.is_sealed(8, seal)
    with_keys(NEW)
    assert not from_mail.is_sealed(7, seal)
