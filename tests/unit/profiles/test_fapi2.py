"""The FAPI 2.0 Security Profile, as far as metadata show it."""

from typing import Any

import pytest

from wsgi_mtls.profiles import check_fapi2

ISSUER = "https://as.example.com"
RIGHT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "pushed_authorization_request_endpoint": f"{ISSUER}/par",
    "require_pushed_authorization_requests": True,
    "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.as.example.com/token"},
    "token_endpoint_auth_methods_supported": ["tls_client_auth", "self_signed_tls_client_auth"],
    "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
    "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
    "response_types_supported": ["code"],
    "code_challenge_methods_supported": ["S256"],
    "authorization_response_iss_parameter_supported": True,
    "tls_client_certificate_bound_access_tokens": True,
    "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    "token_endpoint_auth_signing_alg_values_supported": ["PS256", "ES256", "EdDSA", "Ed25519"],
}
MISSING = object()

GAPS: list[tuple[str, Any, str]] = [
    ("issuer", "https://other.example.com", "5.3.2.1 (1)"),
    ("issuer", MISSING, "5.3.2.1 (1)"),
    ("issuer", ["https://as.example.com"], "5.2.1"),
    ("token_endpoint", MISSING, "5.3.2.1 (1)"),
    ("authorization_endpoint", MISSING, "5.3.2.1 (1)"),
    ("authorization_endpoint", "http://as.example.com/authorize", "5.2.1"),
    ("jwks_uri", "http://as.example.com/jwks", "5.2.1"),
    ("introspection_endpoint", 7, "5.2.1"),
    ("mtls_endpoint_aliases", {"token_endpoint": "http://mtls.as.example.com/token"}, "5.2.1"),
    ("grant_types_supported", ["authorization_code", "password"], "5.3.2.1 (2)"),
    ("token_endpoint_auth_methods_supported", ["tls_client_auth", "none"], "5.3.2.1 (3)"),
    ("introspection_endpoint_auth_methods_supported", ["tls_client_auth", "none"], "5.3.2.1 (3)"),
    ("tls_client_certificate_bound_access_tokens", MISSING, "5.3.2.1 (4, 5)"),
    ("tls_client_certificate_bound_access_tokens", "true", "5.3.2.1 (4, 5)"),
    ("token_endpoint_auth_methods_supported", MISSING, "5.3.2.1 (6)"),  # then it is client_secret_basic
    ("token_endpoint_auth_methods_supported", [], "5.3.2.1 (6)"),
    ("token_endpoint_auth_methods_supported", "tls_client_auth", "5.3.2.1 (6)"),
    ("token_endpoint_auth_methods_supported", ["tls_client_auth", "client_secret_basic"], "5.3.2.1 (6)"),
    ("revocation_endpoint_auth_methods_supported", ["client_secret_jwt"], "5.3.2.1 (6)"),
    ("response_types_supported", ["code", "token"], "5.3.2.2 (1)"),
    ("response_types_supported", MISSING, "5.3.2.2 (1)"),
    ("grant_types_supported", MISSING, "5.3.2.2 (1)"),  # then implicit is one of them
    ("grant_types_supported", ["client_credentials"], "5.3.2.2 (1)"),
    ("pushed_authorization_request_endpoint", MISSING, "5.3.2.2 (2)"),
    ("require_pushed_authorization_requests", MISSING, "5.3.2.2 (3)"),
    ("require_pushed_authorization_requests", False, "5.3.2.2 (3)"),
    ("require_pushed_authorization_requests", 1, "5.3.2.2 (3)"),
    ("code_challenge_methods_supported", MISSING, "5.3.2.2 (5)"),
    ("code_challenge_methods_supported", ["S256", "plain"], "5.3.2.2 (5)"),
    ("authorization_response_iss_parameter_supported", MISSING, "5.3.2.2 (7)"),
    ("id_token_signing_alg_values_supported", ["RS256"], "5.4.1 (1)"),
    ("id_token_signing_alg_values_supported", ["ES256", "none"], "5.4.1 (1)"),
    ("token_endpoint_auth_signing_alg_values_supported", ["ES256", "RS256"], "5.4.1 (1)"),
    ("request_object_signing_alg_values_supported", ["none"], "5.4.1 (1)"),
    ("dpop_signing_alg_values_supported", [], "5.4.1 (1)"),
]


def gaps(metadata: dict[str, Any], issuer: str = ISSUER) -> dict[str, str]:
    return {finding.section: finding.problem or "" for finding in check_fapi2(metadata, issuer) if not finding.is_met}


def test_server_of_the_profile() -> None:
    assert gaps(RIGHT) == {}
    assert gaps({**RIGHT, "issuer": f"{ISSUER}/"}) == {}


@pytest.mark.parametrize(("name", "value", "section"), GAPS)
def test_gap(name: str, value: Any, section: str) -> None:
    changed = {**RIGHT, name: value}
    if value is MISSING:
        del changed[name]
    found = gaps(changed)
    assert section in found
    assert name in found[section]
    # A list that is missing or is no list can lack two things; nothing else is reported.
    assert len(found) <= 2


def test_tokens_bound_by_dpop() -> None:
    metadata = {**RIGHT, "dpop_signing_alg_values_supported": ["ES256"]}
    del metadata["tls_client_certificate_bound_access_tokens"]
    assert gaps(metadata) == {}


def test_private_key_jwt_alone() -> None:
    assert gaps({**RIGHT, "token_endpoint_auth_methods_supported": ["private_key_jwt"]}) == {}


def test_what_a_stranger_wrote_leaves_the_terminal_alone() -> None:
    found = gaps({**RIGHT, "\x1b]0;x\x07_endpoint": "\x1b[2J\u202e\x7f", "grant_types_supported": ["\x9b" * 10_000]})
    assert all((text.isascii() and text.isprintable()) or "…" in text for text in found.values())
    assert all(len(text) < 1000 and "\x1b" not in text for text in found.values())


@pytest.mark.parametrize("value", [None, 7, [], {}, [None], {"a": [1]}, "x"])
def test_members_of_any_type(value: Any) -> None:
    assert gaps(dict.fromkeys(RIGHT, value))
