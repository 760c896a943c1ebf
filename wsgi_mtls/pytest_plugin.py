"""pytest fixtures that make a CA, and certificates of any shape.

They are for an application's own tests. Each is made once per test session. A test sends one with
``environ_overrides=environ_for(certificate)``: see :mod:`wsgi_mtls.testing`. pytest loads this plugin by itself;
``pytest_plugins`` may name it and need not.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .testing import KeyPair


@pytest.fixture(scope="session")
def mtls_ca() -> "KeyPair":
    """Return a root CA."""
    from .testing import make_ca

    return make_ca("CN=Test CA")


@pytest.fixture(scope="session")
def mtls_certificate(mtls_ca: "KeyPair") -> "Callable[..., KeyPair]":
    """Return a function that makes certificates.

    Call it as ``mtls_certificate("CN=billing", san_dns=["billing.example.com"])``. It takes the subject, the members of
    :class:`~wsgi_mtls.testing.Profile`, and ``self_signed=True``; without that, ``mtls_ca`` issues it. The same
    arguments give the same certificate.
    """
    from .testing import Profile, self_sign

    @cache
    def make(subject: str, self_signed: bool, options: tuple[tuple[str, object], ...]) -> "KeyPair":
        profile = Profile(**dict(options))  # type: ignore[arg-type]  # Profile names its own members
        return self_sign(subject, profile) if self_signed else mtls_ca.issue(subject, profile)

    def certificate(subject: str = "", *, self_signed: bool = False, **profile: object) -> "KeyPair":
        frozen = {name: tuple(value) if isinstance(value, list) else value for name, value in profile.items()}
        return make(subject, self_signed, tuple(sorted(frozen.items(), key=lambda item: item[0])))

    return certificate
