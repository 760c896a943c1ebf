"""One exception per way to fail.

Each class knows its ``reason`` (stable, for logs and tests), the OAuth ``error`` of RFC 6749 section 5.2, and the HTTP
``status`` of the answer. The message tells the operator what to do next; callers see it only at verbosity ``debug``.
"""

__all__ = [
    "AuthMethodNotAllowed",
    "AuthMethodNotRegistered",
    "BodyTooLarge",
    "CertificateExpired",
    "CertificateNotDelivered",
    "CertificateNotRegistered",
    "CertificateNotYetValid",
    "CertificateRequired",
    "CertificateUnreadable",
    "CertificatesUnavailable",
    "ChainNotVerified",
    "ClientIdInQuery",
    "ConfirmationMismatch",
    "ContradictoryStatus",
    "CriticalExtension",
    "CrossSiteRequest",
    "GrantOfAnotherClient",
    "HTTPMethodNotAllowed",
    "InsufficientScope",
    "InvalidClientMetadata",
    "InvalidGrant",
    "InvalidRequest",
    "InvalidServerMetadata",
    "InvalidToken",
    "MalformedAuthorization",
    "MalformedBody",
    "MalformedCertificate",
    "MalformedClientId",
    "MalformedConfirmation",
    "MalformedName",
    "MalformedPath",
    "MalformedToken",
    "MissingClientId",
    "MissingToken",
    "MultipleCredentials",
    "MutualTLSError",
    "NoCertificate",
    "NotAnAccessToken",
    "NotAuthorized",
    "NotForClientAuth",
    "RefreshTokenNotBound",
    "RegisteredAsSelfSigned",
    "RepeatedClientId",
    "SelfSignedCertificate",
    "SubjectMismatch",
    "TokenExpired",
    "TokenInQuery",
    "TokenInactive",
    "TokenNotBound",
    "TokenNotYetValid",
    "TokenSignatureInvalid",
    "TokenWithoutCertificate",
    "TokensUnavailable",
    "UnidentifiedClient",
    "UnknownClient",
    "UnknownSigningKey",
    "UnsupportedContentType",
    "UnverifiedConfirmation",
    "WrongAudience",
    "WrongIssuer",
]


class MutualTLSError(Exception):
    """Whatever this package refuses, and the base of all that it raises on purpose.

    Attributes:
        reason: why, in stable snake_case: ``no_certificate``, ``subject_mismatch``, …
        error: the OAuth error code that the caller gets; empty where it gets none.
        status: the HTTP status code of the answer.
        reported: whether an event has told of it, so that raising it again in the same request is not another event.
    """

    reason: str = "mutual_tls_error"
    error: str = "invalid_client"
    status: int = 401
    reported: bool = False

    @property
    def message(self) -> str:
        """What happened and what to do next, for the operator; what a caller made too long is cut."""
        return short(str(self), 1000)


def short(text: str, length: int = 200) -> str:
    """Cut a text that a caller may have made very long, in characters; an ellipsis says so."""
    return text if len(text) <= length else f"{text[:length]}…"


# The certificate


class MalformedCertificate(MutualTLSError, ValueError):
    """What should be one certificate can't be read as one (RFC 5280), or its delivery contradicts itself."""

    reason = "malformed_certificate"
    error = "invalid_request"
    status = 400


class ContradictoryStatus(MalformedCertificate):
    """A certificate came with the status that there was none, or without the status that always comes, or none came.

    Somebody else than the TLS terminator wrote one of them, so nothing of it counts, for any method.
    """

    reason = "contradictory_status"
    error = "invalid_client"
    status = 401


class CertificateUnreadable(MalformedCertificate):
    """A part of the certificate that the decision needs can't be read (RFC 5280 section 4.1), so it matches nothing."""

    reason = "certificate_unreadable"
    error = "invalid_client"
    status = 401


class MalformedName(MutualTLSError, ValueError):
    """A text that should be a distinguished name can't be read as one (RFC 4514)."""

    reason = "malformed_name"
    error = "invalid_request"
    status = 400


class NoCertificate(MutualTLSError):
    """The request came without a client certificate (RFC 8705 section 2)."""

    reason = "no_certificate"


class CertificateNotDelivered(MutualTLSError):
    """The terminator forwards a name out of the certificate, and the certificate itself is needed.

    A self-signed client (RFC 8705 section 2.2) and a bound token (section 3) can't be served without it.
    """

    reason = "certificate_not_delivered"


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


class RegisteredAsSelfSigned(MutualTLSError):
    """PKI, but the certificate, or its key, is registered for a self-signed client (RFC 8705 sections 2.1 and 2.2).

    A TLS terminator that accepts partial chains reports success for every certificate in its CA bundle, whatever the
    certificate's names and signature are, and the certificates of self-signed clients are put there.
    """

    reason = "registered_as_self_signed"


class CriticalExtension(MutualTLSError):
    """PKI, but the certificate has a critical extension that is not processed here (RFC 5280 section 4.2)."""

    reason = "critical_extension"


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

    reason = "jwks_unavailable"


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


class MalformedPath(InvalidRequest):
    """The path has control characters, dot segments, or octets that are not UTF-8; routers differ on such."""

    reason = "malformed_path"


class MalformedAuthorization(InvalidRequest):
    """``Authorization`` holds more or something else than one bearer token (RFC 6750 section 2.1)."""

    reason = "malformed_authorization"


class TokenInQuery(InvalidRequest):
    """An access token stands in the query, which is logged and passed on (RFC 6750 section 2.3)."""

    reason = "token_in_query"


class CertificateRequired(InvalidRequest):
    """A token is to be bound to a certificate, and the request came without one (RFC 8705 section 3)."""

    reason = "certificate_required"


# The grant


class InvalidGrant(MutualTLSError):
    """The authorization code or refresh token is not for who brings it (RFC 6749 section 5.2)."""

    reason = "invalid_grant"
    error = "invalid_grant"
    status = 400


class GrantOfAnotherClient(InvalidGrant):
    """The authorization code or refresh token was issued to another client (RFC 6749 sections 4.1.3 and 6)."""

    reason = "grant_of_another_client"


class RefreshTokenNotBound(InvalidGrant):
    """A public client's refresh token is not bound to the certificate that came with it (RFC 8705 section 4)."""

    reason = "refresh_token_not_bound"


# The access token


class MissingToken(MutualTLSError):
    """The request came without a bearer token: it gets a challenge and no error code (RFC 6750 section 3.1)."""

    reason = "missing_token"
    error = ""


class InvalidToken(MutualTLSError):
    """The access token is refused, for this request or for all (RFC 6750 section 3.1)."""

    reason = "invalid_token"
    error = "invalid_token"


class MalformedToken(InvalidToken, ValueError):
    """The token, or a claim of it, is not what it must be (RFC 9068, RFC 7662)."""

    reason = "malformed_token"


class NotAnAccessToken(InvalidToken):
    """A token for another purpose: an ID token, a refresh token, … (RFC 9068 section 4)."""

    reason = "not_an_access_token"


class TokenSignatureInvalid(InvalidToken):
    """No key of the issuer verifies the token's signature, or its algorithm is not allowed (RFC 7515 section 5.2)."""

    reason = "token_signature_invalid"


class UnknownSigningKey(InvalidToken):
    """The token names a key that the issuer does not publish (RFC 7515 section 4.1.4)."""

    reason = "unknown_signing_key"


class WrongIssuer(InvalidToken):
    """Another authorization server issued the token (RFC 9068 section 4)."""

    reason = "wrong_issuer"


class WrongAudience(InvalidToken):
    """The token is for another API (RFC 9068 section 4)."""

    reason = "wrong_audience"


class TokenExpired(InvalidToken):
    """The token's ``exp`` lies in the past (RFC 7519 section 4.1.4)."""

    reason = "token_expired"


class TokenNotYetValid(InvalidToken):
    """The token's ``nbf`` lies in the future (RFC 7519 section 4.1.5)."""

    reason = "token_not_yet_valid"


class TokenInactive(InvalidToken):
    """The authorization server says that the token is not active (RFC 7662 section 2.2)."""

    reason = "token_inactive"


class TokenNotBound(InvalidToken):
    """The token is bound to no certificate, and the API demands it (RFC 8705 section 3)."""

    reason = "token_not_bound"


class TokenWithoutCertificate(InvalidToken):
    """The token is bound to a certificate, and the request came without one (RFC 8705 section 3)."""

    reason = "token_without_certificate"


class ConfirmationMismatch(InvalidToken):
    """The token is bound to another certificate than the request's (RFC 8705 section 3)."""

    reason = "confirmation_mismatch"


class MalformedConfirmation(InvalidToken, ValueError):
    """``cnf`` is no object, or its ``x5t#S256`` no thumbprint (RFC 8705 section 3.1)."""

    reason = "malformed_confirmation"


class UnverifiedConfirmation(InvalidToken):
    """The token is bound to something else too, and nobody says that it was verified (RFC 7800 section 3.1)."""

    reason = "unverified_confirmation"


class InsufficientScope(MutualTLSError):
    """The token is right, but does not cover the scope that this request needs (RFC 6750 section 3.1)."""

    reason = "insufficient_scope"
    error = "insufficient_scope"
    status = 403


class TokensUnavailable(MutualTLSError):
    """The issuer's keys or its word on a token can't be had now, so that no token can be checked."""

    reason = "tokens_unavailable"
    error = "temporarily_unavailable"
    status = 503


# The server's own configuration


class InvalidServerMetadata(MutualTLSError, ValueError):
    """Metadata that no server may publish (RFC 8414, RFC 9728, RFC 8705 sections 3.3 and 5)."""

    reason = "invalid_server_metadata"
    error = "server_error"
    status = 500
