"""The guard over the registered clients, made from the setting ``MTLS``."""

from functools import lru_cache

from django.core.signals import setting_changed

from wsgi_mtls import Guard, Verifier

from .clients.registry import DjangoClientRegistry
from .conf import mtls_settings
from .signals import send


@lru_cache(maxsize=1)
def registry() -> DjangoClientRegistry:
    """Return the registry over the model that ``CLIENT_MODEL`` names."""
    return DjangoClientRegistry(mtls_settings().client_model)


@lru_cache(maxsize=1)
def verifier() -> Verifier:
    """Return the verifier, made from ``MTLS``."""
    return mtls_settings().verifier(registry(), observers=[send])


@lru_cache(maxsize=1)
def guard() -> Guard:
    """Return the guard, made from ``MTLS``."""
    return mtls_settings().guard(verifier())


def _forget(*, setting: str, **_: object) -> None:
    if setting == "MTLS":
        registry.cache_clear()
        verifier.cache_clear()
        guard.cache_clear()


setting_changed.connect(_forget)
