"""The verbs of this room."""

from access.actions.grants import grant, revoke
from access.actions.roles import give_role, take_role

__all__ = ["give_role", "grant", "revoke", "take_role"]
