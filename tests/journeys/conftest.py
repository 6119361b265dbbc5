"""The town is there for every journey."""

from journeys.town import town  # noqa: F401
