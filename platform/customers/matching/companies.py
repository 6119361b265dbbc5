"""Evidence that two companies are one. A name alone never suffices; a differing 法人番号 vetoes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from rapidfuzz.distance import JaroWinkler

from customers.addresses import Address, address_of, mail_domain, phone_digits, site_of
from customers.legal_forms import legal_form_of
from customers.matching.evidence import NOTHING, Evidence, Verdict, strongest
from customers.names import company_key, core_of, folded, reading_key

# Measured on EDINET 2018 × 2025 (tests/bench/bench_matching.py); names together stay below 10, what a merge needs.
POINTS = {
    "same_number": 9, "other_number": -4, "same_name": 6, "same_short_name": 5, "same_core": 3, "similar_name": 3,
    "same_alias": 5, "similar_reading": 1, "same_reading": 2, "also_alias": 2, "common_name": -3, "other_form": -2,
    "same_address": 4, "only_one_there": 2, "same_town": 2, "same_city": 1, "other_city": 0,
    "same_phone": 4, "same_domain": 4,
}  # fmt: skip
NAMES_AT_MOST = 8
LETTERS = ("name", "name_kana", "alias", "address")
# A company and its holding company share address, English name and half the reading, so nothing less than one of these
# merges by itself; and a name on its own has not the points for it.
FIRM = frozenset({"same_number", "same_name", "same_short_name"})
SIMILAR = 0.9


class Company(msgspec.Struct, frozen=True):
    """A company's keys: `names[0]` is today's name, the others aliases, old names, English."""

    names: tuple[str, ...]
    number: str = ""
    reading: str = ""
    address: Address = Address()
    phone: str = ""
    domains: tuple[str, ...] = ()
    form: str = ""
    letters: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.names[0] if self.names else ""


def company_of(values: Mapping[str, Any], aliases: Iterable[str] = ()) -> Company:
    """From the fields of an account (or an import's row): name, name_kana, alias, corporate_number, address …"""
    keys = [company_key(str(values.get(field) or "")) for field in ("name", "alias")]
    keys += [company_key(alias) for alias in aliases]
    domains = (site_of(str(values.get("website") or "")), mail_domain(str(values.get("email") or "")))
    return Company(
        names=tuple(dict.fromkeys(key for key in keys if key)),
        number=str(values.get("corporate_number") or ""),
        reading=reading_key(str(values.get("name_kana") or "")),
        address=address_of(str(values.get("address") or "")),
        phone=phone_digits(str(values.get("phone") or "")),
        domains=tuple(dict.fromkeys(domain for domain in domains if domain)),
        form=legal_form_of(folded(str(values.get("name") or ""))),
        letters=tuple(str(values.get(field) or "") for field in LETTERS),
    )


def keys_of(company: Company) -> list[str]:
    """Where a company is looked for: two that share no key are never compared."""
    found = [f"name:{name}" for name in company.names]
    found += [f"core:{core_of(name)}" for name in company.names]
    found += [f"domain:{domain}" for domain in company.domains]
    if company.address.city:
        found.append(f"start:{core_of(company.name)[:4]}:{company.address.city}")
    for kind, value in (("number", company.number), ("reading", company.reading), ("place", company.address.place),
                        ("phone", company.phone)):  # fmt: skip
        if value:
            found.append(f"{kind}:{value}")
    return list(dict.fromkeys(found))


def compare(one: Company, other: Company, how_many: Callable[[str], int] = lambda key: 1) -> Verdict:
    """All evidence about the pair. `how_many` says how many records the book holds under a key."""
    names = _names(one, other)
    place = _place(one.address, other.address, how_many)
    found = [*_numbers(one, other), *names, *place, *_contacts(one, other)]
    if not found:
        return NOTHING
    if any(how_many(f"name:{name}") > 1 for name in one.names if name in other.names):
        found.append(_evidence("common_name", one.name))
    if one.form and other.form and one.form != other.form:
        found.append(_evidence("other_form", other.form))
    return Verdict(tuple(found), _is_firm({part.kind for part in found}), _exact(one, other))


def _is_firm(kinds: set[str]) -> bool:
    """Nothing vetoes, and there is more than likeness. 株式会社X and 有限会社X may well be two."""
    if "other_number" in kinds or ("other_form" in kinds and "same_number" not in kinds):
        return False
    return not kinds.isdisjoint(FIRM)


def _exact(one: Company, other: Company) -> int:
    return sum(ours == theirs != "" for ours, theirs in zip(one.letters, other.letters, strict=False))


def _numbers(one: Company, other: Company) -> list[Evidence]:
    if not one.number or not other.number:
        return []
    kind = "same_number" if one.number == other.number else "other_number"
    return [Evidence(kind, POINTS[kind], other.number)]


def _names(one: Company, other: Company) -> list[Evidence]:
    shared = [name for name in one.names if name in other.names]
    found = strongest([*_main_name(one, other), *(_evidence("same_alias", name) for name in shared)])
    if found and found[0].kind in {"same_name", "same_short_name"} and len(shared) > 1:
        found.append(_evidence("also_alias", shared[1]))
    if one.reading and other.reading:
        if one.reading == other.reading:
            found.append(_evidence("same_reading", one.reading))
        elif JaroWinkler.similarity(one.reading, other.reading) >= SIMILAR:
            found.append(_evidence("similar_reading", other.reading))
    total = sum(part.points for part in found)
    if total > NAMES_AT_MOST:
        found[-1] = Evidence(found[-1].kind, found[-1].points - (total - NAMES_AT_MOST), found[-1].value)
    return found


def _main_name(one: Company, other: Company) -> list[Evidence]:
    if not one.name or not other.name:
        return []
    if one.name == other.name:
        return [_evidence("same_name" if len(one.name) > 2 else "same_short_name", one.name)]
    core, beside = core_of(one.name), core_of(other.name)
    if core == beside:
        return [_evidence("same_core", core)]
    if JaroWinkler.similarity(core, beside) >= SIMILAR or _begins(core, beside):
        return [_evidence("similar_name", other.name)]
    return []


def _begins(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 3 and long.startswith(short)


def _place(one: Address, other: Address, how_many: Callable[[str], int]) -> list[Evidence]:
    if one.place and one.place == other.place:
        found = [_evidence("same_address", one.place)]
        if how_many(f"place:{one.place}") == 1:
            found.append(_evidence("only_one_there"))
        return found
    if one.town and one.town == other.town and one.town != one.city:
        return [_evidence("same_town", one.town)]
    if one.city and one.city == other.city:
        return [_evidence("same_city", one.city)]
    return [_evidence("other_city")] if one.city and other.city else []


def _contacts(one: Company, other: Company) -> list[Evidence]:
    found = [_evidence("same_domain", domain) for domain in one.domains if domain in other.domains][:1]
    if one.phone and one.phone == other.phone:
        found.append(_evidence("same_phone", one.phone))
    return found


def _evidence(kind: str, value: str = "") -> Evidence:
    return Evidence(kind, POINTS[kind], value)
