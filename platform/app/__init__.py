"""Puts the rooms together: web, worker, command line, error pages, demo data."""
