"""What this room keeps per process, for tests that change the database underneath."""

from access import brands


def forget_all() -> None:
    brands.forget()
