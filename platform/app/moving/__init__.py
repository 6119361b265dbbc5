"""Carrying an installation: `engawa move`, `engawa backup`, `engawa restore`. One way for rows, checked row for row."""
