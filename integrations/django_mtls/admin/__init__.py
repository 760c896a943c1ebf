"""Registered clients in Django's admin, and the classes from which a project derives its own."""

from .registrations import ExpiryFilter, RegisteredClientAdmin, RegistrationAdmin

__all__ = ["ExpiryFilter", "RegisteredClientAdmin", "RegistrationAdmin"]
