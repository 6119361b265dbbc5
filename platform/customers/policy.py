"""Who may see and change customers. Staff see all accounts, or those they are CSM or deputy of."""

from __future__ import annotations

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal
from customers.models import Account, Contract, Membership, Person, Purchase, Task


def visible_accounts(principal: Principal) -> QuerySet[Account]:
    """Staff: all or their own; a customer: the accounts they belong to. Merged ones never."""
    found = Account.exclude(state="merged")
    if principal.may("customers.read"):
        return found if principal.all_accounts else found.filter(id__in=sorted(principal.own_accounts))
    return found.filter(id__in=sorted(principal.accounts))


def sees_everybody(principal: Principal) -> bool:
    return principal.may("customers.read") and principal.all_accounts


def visible_people(principal: Principal) -> QuerySet[Person]:
    """Staff: everybody, or those of their own accounts; a customer: themselves. Merged and erased never."""
    found = Person.exclude(state__in=("merged", "erased"))
    if sees_everybody(principal):
        return found
    if not principal.may("customers.read"):
        return found.filter(id=principal.person_id or 0)
    own = Membership.filter(account_id__in=sorted(principal.own_accounts)).values("person_id")
    return found.filter(id__in=Subquery(own))


def visible_contracts(principal: Principal) -> QuerySet[Contract]:
    """Of the accounts that are visible."""
    found = Contract.all()
    if sees_everybody(principal):
        return found
    seen = principal.own_accounts if principal.may("customers.read") else principal.accounts
    return found.filter(account_id__in=sorted(seen))


def visible_purchases(principal: Principal) -> QuerySet[Purchase]:
    """Staff: all, or those of their own accounts and of the people there; a customer: their own."""
    found = Purchase.all()
    if not principal.may("customers.read"):
        return found.filter(person_id=principal.person_id or 0)
    if principal.all_accounts:
        return found
    own = sorted(principal.own_accounts)
    people = Membership.filter(account_id__in=own).values("person_id")
    return found.filter(Q(account_id__in=own) | Q(account_id__isnull=True, person_id__in=Subquery(people)))


def visible_tasks(principal: Principal) -> QuerySet[Task]:
    """Staff: of all accounts, or of their own; whoever owns the task. Customers see none."""
    if not principal.may("customers.read"):
        return Task.filter(id__in=[])
    return Task.all() if principal.all_accounts else Task.filter(account_id__in=sorted(principal.own_accounts))


def can_read(principal: Principal) -> Verdict:
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    return allow() if principal.may("customers.read") else deny(_("Only staff see customers."))


def can_write(principal: Principal) -> Verdict:
    """Change what concerns every account: imports, segments, rules."""
    if not principal.is_signed_in and principal.role != "system":
        return sign_in_first()
    return allow() if principal.may("customers.write") else deny(_("You may look at customers, but not change them."))


def can_change_account(principal: Principal, account_id: int | None) -> Verdict:
    """Staff who may change customers, on an account they see."""
    verdict = can_write(principal)
    if verdict and not (principal.all_accounts or account_id in principal.own_accounts):
        return deny(_("This account belongs to another CSM."))
    return verdict


def can_change_everything(principal: Principal) -> Verdict:
    """Imports, reviews and rules touch any account, so they are for staff who see all of them."""
    verdict = can_write(principal)
    if verdict and not principal.all_accounts:
        return deny(_("Only staff who see every account may do this."))
    return verdict
