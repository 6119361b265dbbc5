"""What this room keeps about people: what was sent to them, by keyed hash of the address."""

from __future__ import annotations

from customers.registry import lists, refers, unpersonal

refers("campaign", "created_by_id")
refers("campaign_revision", "created_by_id")
refers("campaign_step", "created_by_id")
refers(
    "delivery", "person_id", erase="clear", clear=("address_hash", "reason"), hidden=("address_hash", "token", "key")
)
refers("delivery", "account_id", about="account")
unpersonal("delivery", "address_hash", "cleared with delivery.person_id")
lists("campaign_step", "people")
refers("journey", "created_by_id")
refers("journey_version", "created_by_id")
refers("journey_run", "person_id", erase="delete")
refers("journey_run", "account_id", about="account")
refers("journey_move", "person_id", erase="delete")
