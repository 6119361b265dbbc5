"""The verbs of this room."""

from access.actions.api_keys import make_api_key, revoke_api_key
from access.actions.grants import grant, revoke
from access.actions.own import set_password
from access.actions.roles import give_role, take_role
from access.actions.staff import invite, make_admin

__all__ = ["give_role", "grant", "invite", "make_admin", "make_api_key", "revoke", "revoke_api_key",
           "set_password", "take_role"]  # fmt: skip
