"""Errors are part of the interface: stable reasons, OAuth codes, HTTP status."""

import re

import pytest

from wsgi_mtls import errors
from wsgi_mtls.errors import MutualTLSError

CLASSES = [getattr(errors, name) for name in errors.__all__]


def test_all_is_complete_and_sorted() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }
    assert set(errors.__all__) == defined
    assert errors.__all__ == sorted(errors.__all__)


def test_reasons_are_unique() -> None:
    reasons = [error.reason for error in CLASSES]
    assert len(set(reasons)) == len(reasons)


@pytest.mark.parametrize("error", CLASSES)
def test_each_class(error: type[MutualTLSError]) -> None:
    assert issubclass(error, MutualTLSError)
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", error.reason)
    assert re.fullmatch(r"([a-z]+(_[a-z]+)*)?", error.error)
    assert 400 <= error.status < 600
    assert error.__doc__
    assert error("what to do").message == "what to do"


EXPECTED = {
    "no_certificate": ("invalid_client", 401),
    "certificate_expired": ("invalid_client", 401),
    "certificate_not_yet_valid": ("invalid_client", 401),
    "chain_not_verified": ("invalid_client", 401),
    "certificate_unreadable": ("invalid_client", 401),
    "critical_extension": ("invalid_client", 401),
    "registered_as_self_signed": ("invalid_client", 401),
    "self_signed_certificate": ("invalid_client", 401),
    "not_for_client_auth": ("invalid_client", 401),
    "subject_mismatch": ("invalid_client", 401),
    "certificate_not_registered": ("invalid_client", 401),
    "jwks_unavailable": ("invalid_client", 401),
    "unknown_client": ("invalid_client", 401),
    "unidentified_client": ("invalid_client", 401),
    "auth_method_not_registered": ("invalid_client", 401),
    "auth_method_not_allowed": ("invalid_client", 401),
    "invalid_client_metadata": ("invalid_client", 401),
    "malformed_certificate": ("invalid_request", 400),
    "malformed_name": ("invalid_request", 400),
    "invalid_request": ("invalid_request", 400),
    "multiple_credentials": ("invalid_request", 400),
    "missing_client_id": ("invalid_request", 400),
    "repeated_client_id": ("invalid_request", 400),
    "malformed_client_id": ("invalid_request", 400),
    "client_id_in_query": ("invalid_request", 400),
    "unsupported_content_type": ("invalid_request", 400),
    "malformed_body": ("invalid_request", 400),
    "malformed_path": ("invalid_request", 400),
    "body_too_large": ("invalid_request", 413),
    "http_method_not_allowed": ("invalid_request", 405),
}


def test_reasons_are_stable() -> None:
    found = {error.reason: (error.error, error.status) for error in CLASSES}
    assert {reason: found.get(reason) for reason in EXPECTED} == EXPECTED
