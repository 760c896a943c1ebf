"""The one table of the reasons why a request or a setting is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason of a refused request or setting.

    Attributes:
        text: what has happened, in one sentence.
        error: the OAuth error code that the caller gets; empty where it gets none.
        status: the HTTP status code of the answer.
    """

    text: str
    error: str = "invalid_client"
    status: int = 401


REASONS: dict[str, Reason] = {
    # The certificate
    "no_certificate": Reason("The request came without a client certificate (RFC 8705 section 2)."),
    "certificate_not_delivered": Reason("The terminator forwards only a name, and the certificate is needed."),
    "malformed_certificate": Reason("The octets are not exactly one certificate (RFC 5280).", "invalid_request", 400),
    "certificate_too_large": Reason("The certificate is longer than max_certificate.", "invalid_request", 400),
    "malformed_name": Reason("The text is not a distinguished name (RFC 4514).", "invalid_request", 400),
    "contradictory_status": Reason("The terminator reported a status that contradicts the certificate."),
    "certificate_unreadable": Reason("A part of the certificate that this decision needs is unreadable (RFC 5280)."),
    "certificate_expired": Reason("The notAfter date has passed (RFC 5280 section 4.1.2.5)."),
    "certificate_not_yet_valid": Reason("The notBefore date is in the future (RFC 5280 section 4.1.2.5)."),
    "chain_not_verified": Reason("The terminator did not report that it verified the chain (RFC 8705 section 2.1)."),
    "self_signed_certificate": Reason("A client of PKI sent a self-signed certificate (RFC 8705 section 2.1)."),
    "registered_as_self_signed": Reason("The certificate is registered for a self-signed client."),
    "critical_extension": Reason("A critical extension of the certificate is not processed (RFC 5280 section 4.2)."),
    "not_for_client_auth": Reason("The extended key usage does not allow clientAuth (RFC 5280 section 4.2.1.12)."),
    # The path to the application's own trust store
    "chain_invalid": Reason("The trust store finds no valid path (RFC 5280 section 6)."),
    "chain_incomplete": Reason("An issuer's certificate did not come, and is not in the trust store."),
    "untrusted_ca": Reason("The path ends at a CA that is not in the trust store."),
    "expired": Reason("A certificate of the path is past its notAfter (RFC 5280 section 6.1.3)."),
    "not_yet_valid": Reason("A certificate of the path is before its notBefore (RFC 5280 section 6.1.3)."),
    "wrong_purpose": Reason("A certificate of the path was issued for another purpose."),
    "path_too_long": Reason("A CA of the path may not have so many CAs below it (RFC 5280 section 4.2.1.9)."),
    "name_constraint": Reason("A CA of the path may not issue this name (RFC 5280 section 4.2.1.10)."),
    "unknown_critical_extension": Reason("A critical extension in the path is not known (RFC 5280 section 4.2)."),
    "weak_signature": Reason("A certificate of the path is signed with a hash that is not allowed."),
    "weak_key": Reason("The key of the certificate, or of one of its path, is shorter than allowed."),
    "revoked": Reason("A certificate of the path is revoked (RFC 5280 section 6.3)."),
    "revocation_unknown": Reason("It is not known whether a certificate of the path is revoked (RFC 5280)."),
    # The client
    "refused_client": Reason("The application refused the client."),
    "subject_mismatch": Reason("The registered subject value is not in the certificate (RFC 8705 section 2.1)."),
    "certificate_not_registered": Reason("The certificate is not registered for this client (RFC 8705 section 2.2)."),
    "jwks_unavailable": Reason("The certificates that the client publishes are unavailable (RFC 8705 section 2.2)."),
    "unknown_client": Reason("The registry does not know this client_id, or returned another client."),
    "unidentified_client": Reason("The certificate authenticates no registered client, or more than one."),
    "auth_method_not_registered": Reason("The client is registered for another method (RFC 7591 section 2)."),
    "auth_method_not_allowed": Reason("The server does not allow the client's authentication method."),
    "other_method_failed": Reason("The client authenticates by another method than mutual TLS, and that failed."),
    # The holder of a certificate, without OAuth
    "not_authorized": Reason("The application does not authorize the certificate's holder.", "access_denied", 403),
    "cross_site_request": Reason("A page of another site made a browser send this.", "access_denied", 403),
    "no_username": Reason("The certificate does not carry the configured name."),
    "several_usernames": Reason("The certificate carries the configured kind of name more than once."),
    "malformed_username": Reason("The name has invisible characters, or characters that no username may have."),
    "unknown_user": Reason("No user has this name, byte for byte."),
    "inactive_user": Reason("The user may not log in."),
    "registration_disabled": Reason("The certificate's registration for a user is disabled."),
    "several_users": Reason("The certificate is registered for more than one user."),
    "registration_overruled": Reason("The registration's editor may not link the user that the certificate names."),
    # The request
    "invalid_request": Reason("The request is wrong (RFC 6749 section 5.2).", "invalid_request", 400),
    "multiple_credentials": Reason("The client also sent another credential (RFC 6749).", "invalid_request", 400),
    "missing_client_id": Reason("The body has no client_id (RFC 8705 section 2).", "invalid_request", 400),
    "repeated_client_id": Reason("The body has several client_id (RFC 6749).", "invalid_request", 400),
    "malformed_client_id": Reason("client_id is empty or has characters not allowed.", "invalid_request", 400),
    "client_id_in_query": Reason("client_id is in the query (RFC 6749 section 2.3.1).", "invalid_request", 400),
    "parameter_in_query": Reason("A parameter of the request is in the query.", "invalid_request", 400),
    "unsupported_content_type": Reason("The body is not an URL-encoded form.", "invalid_request", 400),
    "malformed_body": Reason("The form or its length can't be read.", "invalid_request", 400),
    "body_too_large": Reason("The body is longer than max_body.", "invalid_request", 413),
    "body_length_required": Reason("The body is in chunks, whose end is not marked.", "invalid_request", 411),
    "http_method_not_allowed": Reason("The path accepts only POST (RFC 6749).", "invalid_request", 405),
    "malformed_path": Reason("The path is not plain UTF-8 segments.", "invalid_request", 400),
    "malformed_authorization": Reason("Authorization is not exactly one token.", "invalid_request", 400),
    "token_in_query": Reason("An access token is in the query (RFC 6750 section 2.3).", "invalid_request", 400),
    "certificate_required": Reason("A token must be bound to a certificate.", "invalid_request", 400),
    "invalid_grant": Reason("The grant is not valid (RFC 6749 section 5.2).", "invalid_grant", 400),
    "grant_of_another_client": Reason("The grant was issued to another client (RFC 6749).", "invalid_grant", 400),
    "refresh_token_not_bound": Reason("The refresh token is not bound to this certificate.", "invalid_grant", 400),
    "resources_unavailable": Reason(
        "No memory, descriptor, thread or connection was left to decide.", "temporarily_unavailable", 503
    ),
    # The access token
    "missing_token": Reason("The request came without a bearer token (RFC 6750 section 3.1).", ""),
    "invalid_token": Reason("The access token is not valid (RFC 6750 section 3.1).", "invalid_token"),
    "malformed_token": Reason("The token or one of its claims is malformed (RFC 9068, RFC 7662).", "invalid_token"),
    "not_an_access_token": Reason("The token has another purpose (RFC 9068 section 4).", "invalid_token"),
    "token_signature_invalid": Reason("No key of the issuer verifies the token (RFC 7515).", "invalid_token"),
    "unknown_signing_key": Reason("The issuer does not publish the token's key.", "invalid_token"),
    "wrong_issuer": Reason("Another authorization server issued the token (RFC 9068 section 4).", "invalid_token"),
    "wrong_audience": Reason("The token is for another API (RFC 9068 section 4).", "invalid_token"),
    "token_expired": Reason("The token's exp has passed (RFC 7519 section 4.1.4).", "invalid_token"),
    "token_not_yet_valid": Reason("The token's nbf is in the future (RFC 7519 section 4.1.5).", "invalid_token"),
    "token_inactive": Reason("The server reports an inactive token (RFC 7662).", "invalid_token"),
    "token_not_bound": Reason("The API requires a bound token (RFC 8705).", "invalid_token"),
    "token_without_certificate": Reason("The token is bound; no certificate came.", "invalid_token"),
    "confirmation_mismatch": Reason("The token is bound to another certificate (RFC 8705 section 3).", "invalid_token"),
    "malformed_confirmation": Reason("cnf is malformed (RFC 8705 section 3.1).", "invalid_token"),
    "unverified_confirmation": Reason("Another method of cnf was not verified.", "invalid_token"),
    "insufficient_scope": Reason("The scope of the token is too small.", "insufficient_scope", 403),
    "acr_not_sufficient": Reason("The user must log in by another acr.", "insufficient_user_authentication"),
    "login_too_old": Reason("The user's login is older than max_age.", "insufficient_user_authentication"),
    "tokens_unavailable": Reason("The issuer's keys or its answer are unavailable.", "temporarily_unavailable", 503),
    # The DPoP proof of an access token (RFC 9449)
    "dpop_downgrade": Reason("The token is bound to a DPoP key and came as Bearer (RFC 9449).", "invalid_token"),
    "dpop_key_mismatch": Reason("The token is bound to another DPoP key (RFC 9449 section 7.1).", "invalid_token"),
    "missing_dpop_proof": Reason("The request has no DPoP proof (RFC 9449 section 4.3).", "invalid_dpop_proof"),
    "repeated_dpop_proof": Reason("The request has several DPoP proofs (RFC 9449).", "invalid_dpop_proof"),
    "malformed_dpop_proof": Reason("The DPoP proof is malformed (RFC 9449 section 4.2).", "invalid_dpop_proof"),
    "dpop_algorithm_not_allowed": Reason("The proof's alg is not allowed (RFC 9449).", "invalid_dpop_proof"),
    "dpop_key_not_allowed": Reason("The proof's jwk is not a usable public key (RFC 9449).", "invalid_dpop_proof"),
    "dpop_signature_invalid": Reason("The proof's own key does not verify it (RFC 9449).", "invalid_dpop_proof"),
    "dpop_method_mismatch": Reason("The proof is for another HTTP method (RFC 9449).", "invalid_dpop_proof"),
    "dpop_url_mismatch": Reason("The proof is for another URL (RFC 9449 section 4.3).", "invalid_dpop_proof"),
    "dpop_token_mismatch": Reason("The proof is for another access token (RFC 9449).", "invalid_dpop_proof"),
    "dpop_proof_out_of_time": Reason("The proof's iat is outside of the window (RFC 9449).", "invalid_dpop_proof"),
    "dpop_proof_replayed": Reason("The proof was used before (RFC 9449 section 11.1).", "invalid_dpop_proof"),
    # Configuration
    "invalid_client_metadata": Reason("No certificate can satisfy the client's metadata (RFC 8705 section 2.1.2)."),
    "invalid_server_metadata": Reason("A server may not publish these (RFC 8414).", "server_error", 500),
}
"""Every reason that this package and its adapters raise; reasons are stable."""
