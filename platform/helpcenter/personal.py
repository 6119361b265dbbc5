"""What this room keeps about people: who wrote, who said 'that helped', who asked in vain."""

from __future__ import annotations

from customers.registry import refers, unpersonal

refers("article", "owner_id")
refers("article_revision", "person_id", erase="clear", clear=("person_name",))
refers("article_feedback", "person_id", erase="delete")
refers("content_gap_asking", "person_id", erase="delete")
refers("content_gap_asking", "account_id", about="account")
refers("article_import", "person_id")
unpersonal("article_feedback", "visitor", "a random number in a cookie")
