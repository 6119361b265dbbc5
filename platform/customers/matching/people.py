"""Evidence that two people are one. Automatic only with a hard sign in common: address, telephone or birthday."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from rapidfuzz.distance import OSA, JaroWinkler

from customers.addresses import is_shared_mailbox, mail_domain, phone_digits
from customers.matching.evidence import NOTHING, Evidence, Verdict
from customers.names import folded, kana, person_key

# About log2 of how much likelier a sign is for one person than for two, at 1.5 bits a point (Fellegi & Sunter 1969).
POINTS = {
    "same_email": 9, "shared_mailbox": 4, "same_mailbox": 5, "similar_email": 5, "other_email": -1,
    "same_company_mail": 1,
    "same_line": 9,  # proved by both, not read in a record: duplicates.ask_about_address
    "same_phone": 6, "other_phone": 0, "same_birthday": 7, "birthday_typo": 3, "similar_birthday": 2,
    "same_birth_year": 1, "other_birthday": -2,
    "same_family_name": 4, "similar_family_name": 3, "other_family_name": -3,
    "same_given_name": 4, "similar_given_name": 3, "other_given_name": -3, "names_swapped": 0,
    "same_name_reading": 2, "same_company": 2, "same_place": 2, "similar_place": 2, "other_place": -3,
}  # fmt: skip
FIRM = frozenset({"same_email", "same_phone", "same_birthday"})
AGAINST = frozenset({"other_family_name", "other_given_name"})
ALIKE = 0.88


class Human(msgspec.Struct, frozen=True):
    """A person's keys. `born` is YYYYMMDD; `company` any key of the employer (its account's id, its name)."""

    family: str = ""
    given: str = ""
    reading: str = ""
    email: str = ""
    phone: str = ""
    born: str = ""
    place: str = ""
    company: str = ""


def human_of(values: Mapping[str, Any], company: str = "") -> Human:
    """From the fields of a person (or an import's row)."""

    def text(field: str) -> str:
        return str(values.get(field) or "")

    return Human(
        family=person_key(text("family_name"), ""),
        given=person_key(text("given_name"), ""),
        reading=person_key(kana(text("family_kana")), kana(text("given_kana"))),
        email=text("email").strip().lower(),
        phone=phone_digits(text("phone")),
        born="".join(letter for letter in text("born_on") if letter.isdecimal()),
        place=folded(text("city")).strip(),
        company=company,
    )


def keys_of(one: Human) -> list[str]:
    """Where a person is looked for: two that share no key are never compared."""
    names = "|".join(sorted((one.family, one.given)))
    box, _, _ = one.email.partition("@")
    found = [
        ("email", one.email), ("phone", one.phone), ("born", one.born), ("box", box if len(box) >= 5 else ""),
        ("human", names if one.family and one.given else ""), ("kana", one.reading),
        *(("year", f"{name}|{one.born[:4]}" if name and one.born else "") for name in (one.family, one.given)),
        *(("day", f"{name[:3]}|{one.born[4:]}" if name and one.born else "") for name in (one.family, one.given)),
        *(("at", f"{name}|{one.place[:4]}" if name and one.place else "") for name in (one.family, one.given)),
        *(("in", f"{name}|{one.company}" if name and one.company else "") for name in (one.family, one.given)),
    ]  # fmt: skip
    return list(dict.fromkeys(f"{kind}:{value}" for kind, value in found if value))


def compare(one: Human, other: Human, how_many: Callable[[str], int] = lambda key: 1) -> Verdict:
    """All evidence about the pair."""
    found = [*_mail(one, other), *_names(one, other), *_born(one.born, other.born), *_around(one, other)]
    if not found:
        return NOTHING
    return Verdict(tuple(found), is_firm=_is_firm({part.kind for part in found}))


def _is_firm(kinds: set[str]) -> bool:
    """A hard sign; an address alone is none against another name, because people leave and others read their mail."""
    hard = kinds & FIRM
    return bool(hard) and not (hard == {"same_email"} and kinds & AGAINST)


def speaks_for(verdict: Verdict) -> bool:
    """Whether someone who comes with a person's own address is that person: unless names contradict, or the mailbox is
    one that several read and the names are not just the same."""
    kinds = {part.kind for part in verdict.evidence}
    if kinds & AGAINST:
        return False
    return "shared_mailbox" not in kinds or not kinds & {"similar_family_name", "similar_given_name"}


def _mail(one: Human, other: Human) -> list[Evidence]:
    if not one.email or not other.email:
        return []
    box, _, domain = one.email.partition("@")
    other_box, _, other_domain = other.email.partition("@")
    if one.email == other.email:
        kind = "shared_mailbox" if is_shared_mailbox(one.email) else "same_email"
    elif box == other_box and len(box) >= 4:
        kind = "same_mailbox"
    elif OSA.distance(one.email, other.email) <= 4 or JaroWinkler.similarity(one.email, other.email) >= 0.93:
        kind = "similar_email"
    elif domain == other_domain and mail_domain(one.email):
        kind = "same_company_mail"
    else:
        kind = "other_email"
    return [_evidence(kind, other.email)]


def _names(one: Human, other: Human) -> list[Evidence]:
    """Family and given name, also the other way round: half of all files have some rows turned."""
    straight = [*_name("family", one.family, other.family), *_name("given", one.given, other.given)]
    turned = [*_name("family", one.family, other.given), *_name("given", one.given, other.family)]
    if sum(part.points for part in turned) > max(0, sum(part.points for part in straight)):
        straight = [*turned, _evidence("names_swapped")]
    if one.reading and one.reading == other.reading:
        straight.append(_evidence("same_name_reading", one.reading))
    return straight


def _name(which: str, one: str, other: str) -> list[Evidence]:
    if not one or not other or _script(one) != _script(other):  # Hanako and 花子 are neither the same nor others
        return []
    likeness = "same" if one == other else "similar" if _is_slip(one, other) else "other"
    return [_evidence(f"{likeness}_{which}_name", other)]


def _script(name: str) -> str:
    if name.isascii():
        return "latin"
    return "kana" if all("\u3040" <= letter <= "\u30ff" for letter in name) else "kanji"


def _is_slip(one: str, other: str) -> bool:
    """Typed with a letter or two wrong, lost or in another order. Two letters are too short to say so."""
    longest = max(len(one), len(other))
    if longest < 3:
        return False
    slips = OSA.distance(one, other)
    is_near = slips == 1 or (slips == 2 and longest >= 5)
    return is_near or sorted(one) == sorted(other) or JaroWinkler.similarity(one, other) >= ALIKE


def _born(one: str, other: str) -> list[Evidence]:
    if len(one) != 8 or len(other) != 8:
        return []
    parts = sum(one[a:b] == other[a:b] for a, b in ((0, 4), (4, 6), (6, 8)))
    slips = OSA.distance(one, other)
    if parts == 3:
        kind = "same_birthday"
    elif slips == 1:
        kind = "birthday_typo"
    elif slips == 2 or parts == 2:
        kind = "similar_birthday"
    elif one[:4] == other[:4]:
        kind = "same_birth_year"
    else:
        kind = "other_birthday"
    return [_evidence(kind, other)]


def _around(one: Human, other: Human) -> list[Evidence]:
    found = []
    if one.phone and other.phone:
        found.append(_evidence("same_phone" if one.phone == other.phone else "other_phone", other.phone))
    if one.company and one.company == other.company:
        found.append(_evidence("same_company"))
    if one.place and other.place:
        alike = JaroWinkler.similarity(one.place, other.place) >= ALIKE or OSA.distance(one.place, other.place) <= 2
        kind = "same_place" if one.place == other.place else "similar_place" if alike else "other_place"
        found.append(_evidence(kind, other.place))
    return found


def _evidence(kind: str, value: str = "") -> Evidence:
    return Evidence(kind, POINTS[kind], value)
