"""One exception per way to fail.

Each class knows its ``reason`` (stable, for logs and tests), the OAuth ``error`` of RFC 6749 section 5.2, and the HTTP
``status`` of the answer. The message tells the operator what to do next; callers see it only at verbosity ``debug``.
"""

__all__ = [
    "AuthMethodNotAllowed",
    "AuthMethodNotRegistered",
    "BodyTooLarge",
    "CertificateExpired",
    "CertificateNotRegistered",
    "CertificateNotYetValid",
    "CertificatesUnavailable",
    "ChainNotVerified",
    "ClientIdInQuery",
    "CrossSiteRequest",
    "HTTPMethodNotAllowed",
    "InvalidClientMetadata",
    "InvalidRequest",
    "MalformedBody",
    "MalformedCertificate",
    "MalformedClientId",
    "MalformedName",
    "MissingClientId",
    "MultipleCredentials",
    "MutualTLSError",
    "NoCertificate",
    "NotAuthorized",
    "NotForClientAuth",
    "RepeatedClientId",
    "SelfSignedCertificate",
    "SubjectMismatch",
    "UnidentifiedClient",
    "UnknownClient",
    "UnsupportedContentType",
]


class MutualTLSError(Exception):
    """Whatever this package refuses, and the base of all that it raises on purpose.

    Attributes:
        reason: why, in stable snake_case: ``no_certificate``, ``subject_mismatch``, …
        error: the OAuth error code that the caller gets.
        status: the HTTP status code of the answer.
    """

    reason: str = "mutual_tls_error"
    error: str = "invalid_client"
    status: int = 401

    @property
    def message(self) -> str:
        """What happened and what to do next, for the operator."""
        return str(self)


# The certificate


class MalformedCertificate(MutualTLSError, ValueError):
    """What should be one certificate can't be read as one (RFC 5280), or its delivery contradicts itself."""

    reason = "malformed_certificate"
    error = "invalid_request"
    status = 400


class MalformedName(MutualTLSError, ValueError):
    """A text that should be a distinguished name can't be read as one (RFC 4514)."""

    reason = "malformed_name"
    error = "invalid_request"
    status = 400


class NoCertificate(MutualTLSError):
    """The request came without a client certificate (RFC 8705 section 2)."""

    reason = "no_certificate"


class CertificateExpired(MutualTLSError):
    """The certificate's ``notAfter`` lies in the past (RFC 5280 section 4.1.2.5)."""

    reason = "certificate_expired"


class CertificateNotYetValid(MutualTLSError):
    """The certificate's ``notBefore`` lies in the future (RFC 5280 section 4.1.2.5)."""

    reason = "certificate_not_yet_valid"


class ChainNotVerified(MutualTLSError):
    """PKI, but nobody vouches that the certificate's chain was validated (RFC 8705 section 2.1)."""

    reason = "chain_not_verified"


class SelfSignedCertificate(MutualTLSError):
    """PKI, but the certificate is self-signed: nobody but the client says who that is (RFC 8705 section 2.1)."""

    reason = "self_signed_certificate"


class NotForClientAuth(MutualTLSError):
    """The certificate's extended key usage does not allow clientAuth (RFC 5280 section 4.2.1.12)."""

    reason = "not_for_client_auth"


class SubjectMismatch(MutualTLSError):
    """The registered subject value is not in the certificate (RFC 8705 section 2.1)."""

    reason = "subject_mismatch"


class CertificateNotRegistered(MutualTLSError):
    """The certificate is none of those registered for this client (RFC 8705 section 2.2)."""

    reason = "certificate_not_registered"


class CertificatesUnavailable(MutualTLSError):
    """The client's registered certificates can't be had now, so none of them can match (RFC 8705 section 2.2)."""

    reason = "certificates_unavailable"


# The client


class UnknownClient(MutualTLSError):
    """The registry knows no client of this ``client_id``, or answered with another one."""

    reason = "unknown_client"


class UnidentifiedClient(MutualTLSError):
    """No registered client, or more than one, is authenticated by this certificate."""

    reason = "unidentified_client"


class AuthMethodNotRegistered(MutualTLSError):
    """The client is registered for another authentication method than mutual TLS (RFC 7591 section 2)."""

    reason = "auth_method_not_registered"


class AuthMethodNotAllowed(MutualTLSError):
    """This server does not allow the method that the client is registered for."""

    reason = "auth_method_not_allowed"


class InvalidClientMetadata(MutualTLSError, ValueError):
    """Registered metadata that no certificate can ever satisfy, or that contradict each other (RFC 8705 section 2.1.2).

    At the registration endpoint this is RFC 7591's ``invalid_client_metadata``; a client that turns out to be so
    while a request is served never authenticates.
    """

    reason = "invalid_client_metadata"


# Plain mutual TLS


class NotAuthorized(MutualTLSError):
    """The certificate is in order, but the application does not let its holder in."""

    reason = "not_authorized"
    error = "access_denied"
    status = 403


class CrossSiteRequest(MutualTLSError):
    """Another site's page made a browser send this request, and the browser sent its certificate unasked."""

    reason = "cross_site_request"
    error = "access_denied"
    status = 403


# The request


class InvalidRequest(MutualTLSError):
    """The request itself is wrong, whoever sent it (RFC 6749 section 5.2)."""

    reason = "invalid_request"
    error = "invalid_request"
    status = 400


class MultipleCredentials(InvalidRequest):
    """A client of mutual TLS sent another credential beside its certificate (RFC 6749 section 2.3)."""

    reason = "multiple_credentials"


class MissingClientId(InvalidRequest):
    """The body carries no ``client_id``; the certificate alone does not name a client (RFC 8705 section 2)."""

    reason = "missing_client_id"


class RepeatedClientId(InvalidRequest):
    """``client_id`` stands in the body more than once (RFC 6749 section 3.2)."""

    reason = "repeated_client_id"


class MalformedClientId(InvalidRequest):
    """``client_id`` is empty or has characters outside of RFC 6749 appendix A.1."""

    reason = "malformed_client_id"


class ClientIdInQuery(InvalidRequest):
    """``client_id`` stands in the query, where frameworks may take it for the body's (RFC 6749 section 2.3.1)."""

    reason = "client_id_in_query"


class UnsupportedContentType(InvalidRequest):
    """The body is not ``application/x-www-form-urlencoded`` in UTF-8 (RFC 6749 appendix B)."""

    reason = "unsupported_content_type"


class MalformedBody(InvalidRequest):
    """The body can't be read: its length is no number, it ends too early, or it is no form."""

    reason = "malformed_body"


class BodyTooLarge(InvalidRequest):
    """The body is longer than ``max_body``."""

    reason = "body_too_large"
    status = 413


class HTTPMethodNotAllowed(InvalidRequest):
    """Another HTTP method than POST on a protected path (RFC 6749 section 3.2)."""

    reason = "http_method_not_allowed"
    status = 405
