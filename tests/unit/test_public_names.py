"""The names that the package hands on; taking one away breaks its users."""

import wsgi_mtls
from wsgi_mtls import errors

PARTS = {
    "AuthenticatedClient",
    "CallbackRegistry",
    "Client",
    "ClientAuthMiddleware",
    "ClientCertificate",
    "ClientRegistry",
    "MutualTLSError",
    "PeerCertificate",
    "Verifier",
}
ERRORS = {
    "AuthMethodNotAllowed",
    "AuthMethodNotRegistered",
    "BodyTooLarge",
    "CertificateExpired",
    "CertificateNotRegistered",
    "CertificateNotYetValid",
    "CertificatesUnavailable",
    "ChainNotVerified",
    "ClientIdInQuery",
    "HTTPMethodNotAllowed",
    "InvalidClientMetadata",
    "InvalidRequest",
    "MalformedBody",
    "MalformedCertificate",
    "MalformedClientId",
    "MalformedName",
    "MissingClientId",
    "MultipleCredentials",
    "NoCertificate",
    "NotForClientAuth",
    "RepeatedClientId",
    "SelfSignedCertificate",
    "SubjectMismatch",
    "UnidentifiedClient",
    "UnknownClient",
    "UnsupportedContentType",
}


def test_public_names() -> None:
    assert set(wsgi_mtls.__all__) >= PARTS | ERRORS
    assert set(wsgi_mtls.__all__) <= PARTS | set(errors.__all__) | LATER
    assert all(hasattr(wsgi_mtls, name) for name in wsgi_mtls.__all__)


LATER: set[str] = set()
"""What other features add; each names it here."""
