"""Business reviews: gathered in one click, shown to a customer, kept as they were shown."""
