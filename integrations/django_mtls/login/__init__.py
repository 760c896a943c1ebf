"""Logins by certificate: the user of a request, and what becomes of the session."""
