"""What this room keeps about people: which guides they saw, dismissed and answered."""

from __future__ import annotations

from customers.registry import refers

refers("guide", "created_by_id")
refers("guide_seen", "person_id", erase="delete")
refers("guide_view", "person_id", erase="delete", hidden=("key",))
refers("guide_view", "account_id", about="account")
refers("guide_sight", "person_id", erase="delete")
refers("guide_answer", "person_id", erase="delete")
refers("guide_answer", "account_id", about="account")
