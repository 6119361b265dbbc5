"""What this process remembers of the database, and how it forgets it."""

from search import current, meaning, site


def forget_all() -> None:
    """The database was replaced under this process."""
    current.reset()
    site.reset()
    meaning.reset()
