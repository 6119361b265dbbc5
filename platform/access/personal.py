"""What this room keeps about people: secrets and rights. They never follow a merge and go with an erasure."""

from __future__ import annotations

from customers.registry import refers, unpersonal

refers("credential", "person_id", merge="drop", erase="delete", hidden=("hash",))
refers("session", "person_id", merge="drop", erase="delete", hidden=("token_hash",))
refers("sign_in_link", "person_id", merge="drop", erase="delete", hidden=("token_hash", "data"))
refers("role_assignment", "person_id", merge="drop", erase="delete")
refers("scoped_grant", "person_id", merge="drop", erase="delete")
refers("second_factor", "person_id", merge="drop", erase="delete", hidden=("sealed",))
refers("recovery_code", "person_id", merge="drop", erase="delete", hidden=("code_hash",))
refers("api_key", "person_id", merge="drop", erase="delete", hidden=("secret_hash",))
refers("oidc_tie", "person_id", merge="drop", erase="delete")
unpersonal("role_assignment", "given_by_id", "staff, who are never merged; a number without a name once erased")
unpersonal("scoped_grant", "granted_by_id", "as above")
unpersonal("sign_in_attempt", "address_hash", "a keyed hash, gone after a day")
unpersonal("sign_in_attempt", "ip", "gone after a day")
unpersonal("api_key", "made_by_id", "staff, as above")
unpersonal("sign_on", "made_by_id", "staff, as above")
unpersonal("oidc_provider", "made_by_id", "staff, as above")
