"""Registered clients: the content of a registration, and the search for it."""
