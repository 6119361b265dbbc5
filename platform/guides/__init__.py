"""Messages inside the customer's product: banners, windows, tips, checklists, surveys, and a launcher with help."""
