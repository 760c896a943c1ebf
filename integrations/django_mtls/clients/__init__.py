"""Registered clients: what a registration may hold, and how a certificate finds it."""
