"""Registered clients in Django's admin, and the classes from which a project derives its own."""

from .filters import ExpiryFilter, SeenFilter
from .registrations import RegisteredClientAdmin, RegistrationAdmin

__all__ = ["ExpiryFilter", "RegisteredClientAdmin", "RegistrationAdmin", "SeenFilter"]
