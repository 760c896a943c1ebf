"""Which case a refusal is to a person, and how little the page shows."""

import pytest

from wsgi_mtls.errors import (
    REASONS,
    InvalidClientMetadata,
    InvalidRequest,
    InvalidToken,
    MutualTLSError,
    NoCertificate,
    RefusedClient,
    UntrustedPath,
)
from wsgi_mtls.refused_page import Kind, refused_page
from wsgi_mtls.x509 import PeerSubject


@pytest.mark.parametrize(("reason", "kind"), [
    ("no_certificate", "no_certificate"),
    ("certificate_required", "no_certificate"),
    ("certificate_expired", "certificate_rejected"),
    ("revoked", "certificate_rejected"),
    ("unidentified_client", "certificate_rejected"),
    ("not_authorized", "not_authorized"),
    ("cross_site_request", "cross_site"),
    ("malformed_certificate", "bad_request"),
    ("body_too_large", "bad_request"),
    ("resources_unavailable", "unavailable"),
    ("of_the_application", "certificate_rejected"),
])  # fmt: skip
def test_kind(reason: str, kind: Kind) -> None:
    error = MutualTLSError(reason=reason)
    assert refused_page(error, None, verbosity="normal").kind == kind
    for_programs = refused_page(error, None, verbosity="normal", for_programs=True).kind
    assert for_programs == ("unavailable" if kind == "unavailable" else "for_programs")


@pytest.mark.parametrize("error", [RefusedClient("why \u202e\n"), NoCertificate("why \u202e\n")])
def test_why(error: MutualTLSError) -> None:
    assert refused_page(error, None, verbosity="normal").why == ""
    assert refused_page(error, None, verbosity="debug").why == f"{error.reason}: why \\u202e\\n"


@pytest.mark.parametrize("reason", [None, "of_the_application"])
@pytest.mark.parametrize("family", [InvalidClientMetadata, InvalidToken, UntrustedPath])
def test_what_only_the_operator_may_know(family: type[MutualTLSError], reason: str | None) -> None:
    page = refused_page(family("CN=registered", reason=reason), None, verbosity="debug")
    assert page.why == f"{reason or family.default_reason}: {REASONS[family.default_reason].text}"


def test_without_a_certificate_to_show() -> None:
    subject = PeerSubject("tls_client_auth_san_dns", ("a.example.com",))
    for peer in (None, subject):
        assert refused_page(InvalidRequest("x"), peer, verbosity="debug").certificate is None
