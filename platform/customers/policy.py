"""Who may see and change customers. Staff see all accounts, or those they are CSM or deputy of."""

from __future__ import annotations

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from core.i18n import _
from core.policy import Verdict, allow, deny, sign_in_first
from core.principal import Principal
from customers.models import Account, Contract, Membership, Person, ProductRequest, Purchase, Task, Telling, Voice


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


def visible_requests(principal: Principal) -> QuerySet[ProductRequest]:
    """What customers want is the whole staff's to know; who wants it is not (visible_voices). Customers see none."""
    return ProductRequest.all() if principal.may("customers.read") else ProductRequest.filter(id__in=[])


def visible_voices(principal: Principal) -> QuerySet[Voice]:
    """Staff: all, or those of their own accounts. Customers see none."""
    if not principal.may("customers.read"):
        return Voice.filter(id__in=[])
    return Voice.all() if principal.all_accounts else Voice.filter(account_id__in=sorted(principal.own_accounts))


def own_answers(principal: Principal) -> QuerySet[Telling]:
    """What somebody was told about what they had asked for."""
    return Telling.filter(person_id=principal.person_id or 0).exclude(way="failed")


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


def can_add_voice(principal: Principal, account_id: int | None) -> Verdict:
    """Whoever may read customers may write down what one of theirs said, as with notes."""
    verdict = can_read(principal)
    if verdict and account_id and not (principal.all_accounts or account_id in principal.own_accounts):
        return deny(_("This account belongs to another CSM."))
    return verdict


def can_change_voice(principal: Principal, voice: Voice) -> Verdict:
    """Move it or take it out: who may change customers, of accounts they see; and whoever added it."""
    if voice.added_by_id and voice.added_by_id == principal.person_id:
        return can_add_voice(principal, voice.account_id)
    return can_change_account(principal, voice.account_id)


def can_change_request(principal: Principal, request: ProductRequest) -> Verdict:
    """Its wording, area and owner: who may decide, who owns it, who opened it."""
    if principal.person_id and principal.person_id in (request.owner_id, request.created_by_id):
        return can_read(principal)
    return can_decide_request(principal)


def can_decide_request(principal: Principal) -> Verdict:
    """A decision is told to customers of all accounts, and a merge moves voices of all of them."""
    return can_change_everything(principal)
