"""Registered clients in Django's admin, and base classes for a project's own."""

from .filters import ExpiryFilter, SeenFilter
from .registrations import RegisteredClientAdmin, RegistrationAdmin

__all__ = ["ExpiryFilter", "RegisteredClientAdmin", "RegistrationAdmin", "SeenFilter"]
