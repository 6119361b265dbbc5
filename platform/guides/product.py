"""The product that embeds us: its public key, the secret that signs identities, the sites it lives on."""

from __future__ import annotations

import secrets as randoms
from urllib.parse import urlsplit

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import after_commit, transaction, write
from core.errors import Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from core.settings import LOOPBACK
from core.vault import seal
from guides import policy
from guides.hosts import forget, secrets_of
from guides.models import Product

MOST_ORIGINS = 20


async def product_of(brand: str) -> Product:
    """The brand's product; made at the first look, with a fresh secret and no site yet."""
    found = await Product.get_or_none(brand=brand)
    if found is not None:
        return found
    await write(
        "INSERT INTO guide_product (brand, key, secrets, origins, has_launcher, gap_hours, survey_gap_days, created_at,"
        " updated_at) VALUES (?, ?, ?, ?, ?, 24, 90, ?, ?) ON CONFLICT (brand) DO NOTHING",
        brand, randoms.token_urlsafe(18), seal({"now": randoms.token_urlsafe(36)}), [], True, now(), now(),
    )  # fmt: skip
    return await Product.get(brand=brand)


async def rotate_secret(product: Product) -> None:
    """A new secret. The old one is good until the next rotation, so that the product can change over in peace."""
    ensure(policy.can_manage_product(current_principal()))
    async with transaction():
        sealed = seal({"now": randoms.token_urlsafe(36), "before": secrets_of(product)[0]})
        await write("UPDATE guide_product SET secrets = ?, updated_at = ? WHERE id = ?", sealed, now(), product.id)
        await audit("guide.rotate_secret", Ref("guide_product", product.id))
        after_commit(forget)
    await product.refresh_from_db()


async def drop_old_secret(product: Product) -> None:
    """The secret before counts no more: here at once, in other processes within two seconds."""
    ensure(policy.can_manage_product(current_principal()))
    async with transaction():
        sealed = seal({"now": secrets_of(product)[0]})
        await write("UPDATE guide_product SET secrets = ?, updated_at = ? WHERE id = ?", sealed, now(), product.id)
        await audit("guide.drop_secret", Ref("guide_product", product.id))
        after_commit(forget)
    await product.refresh_from_db()


async def change(product: Product, *, origins: list[str], has_launcher: bool, gap_hours: int,
                 survey_gap_days: int, miss_visits: int = 20, miss_share: int = 50) -> None:  # fmt: skip
    ensure(policy.can_manage_product(current_principal()))
    kept = list(dict.fromkeys(normal_origin(one) for one in origins))
    if len(kept) > MOST_ORIGINS:
        raise Refused(_("At most %(n)s sites.", n=MOST_ORIGINS))
    numbers = {"gap_hours": gap_hours, "survey_gap_days": survey_gap_days, "miss_visits": miss_visits,
               "miss_share": miss_share}  # fmt: skip
    before = {"origins": product.origins} | {name: getattr(product, name) for name in numbers}
    async with transaction():
        await write(
            "UPDATE guide_product SET origins = ?, has_launcher = ?, gap_hours = ?, survey_gap_days = ?,"
            " miss_visits = ?, miss_share = ?, updated_at = ? WHERE id = ?",
            kept, has_launcher, *numbers.values(), now(), product.id,
        )  # fmt: skip
        await audit("guide.change_product", Ref("guide_product", product.id), before=before,
                    after={"origins": kept} | numbers)  # fmt: skip
        after_commit(forget)
    await product.refresh_from_db()


def normal_origin(text: str) -> str:
    """`https://app.example.co.jp`, as browsers say it. Plain http only on this machine."""
    wrong = Refused(_("Write a site such as https://app.example.co.jp, without a path: %(text)s", text=text))
    try:
        parts = urlsplit(text.strip().lower())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("https", "http") or not host or parts.path.strip("/") or parts.query or parts.username:
        raise wrong
    if parts.scheme == "http" and host not in LOOPBACK:
        raise Refused(_("A site needs https: %(text)s", text=text))
    name = f"[{host}]" if ":" in host else host
    standard = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{name}" + (f":{port}" if port and port != standard else "")
