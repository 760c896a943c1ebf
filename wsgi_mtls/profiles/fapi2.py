"""The FAPI 2.0 Security Profile for authorization servers.

The requirements are in sections 5.2 to 5.4 of the final version (2025).
"""

from collections.abc import Callable, Iterator

from .finding import ProfileFinding
from .members import Metadata, is_https, pair, quoted, shown, texts

NOT_IN_METADATA = (
    "5.3.2.1 (7): no open redirector",
    "5.3.2.1 (9): refresh tokens do not rotate",
    "5.3.2.1 (11): a code lives 60 seconds at most",
    "5.3.2.2 (6): redirect_uri is required in a pushed request",
    "5.3.2.2 (8): no redirect URI with http, but loopback ones of native clients",
    "5.3.2.2 (9): a code is accepted once",
    "5.3.2.2 (12): expires_in of a request_uri is less than 600 seconds",
)
"""What the profile asks for and no metadata show."""

_AUTH_METHODS = frozenset({"tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt"})
_METHODS = "_auth_methods_supported"
_ALGORITHMS = "_signing_alg_values_supported"
# 5.4.1, and its note: Ed25519 is the fully specified name (RFC 9864).
_ALLOWED = frozenset({"PS256", "ES256", "EdDSA", "Ed25519"})

Check = Callable[[Metadata], str | None]


def check_fapi2(metadata: Metadata, issuer: str) -> tuple[ProfileFinding, ...]:
    """Check an authorization server's metadata against the FAPI 2.0 Security Profile.

    Args:
        metadata: the document (RFC 8414, or OpenID Connect Discovery), as it came.
        issuer: the issuer at whose well-known path it was found.

    Returns:
        A finding for each requirement that metadata can show.
    """
    named = ProfileFinding(
        "5.3.2.1 (1)", "the metadata are those of the issuer (RFC 8414 section 3.3)", _issuer(metadata, issuer)
    )
    return (named, *(ProfileFinding(section, text, check(metadata)) for section, text, check in _CHECKS))


def _issuer(metadata: Metadata, issuer: str) -> str | None:
    found = metadata.get("issuer")
    if isinstance(found, str) and found.rstrip("/") == issuer.rstrip("/"):
        return None
    return f"{shown(metadata, 'issuer')}; publish {quoted(issuer)}, or ask at the URL of that issuer."


def _https(metadata: Metadata) -> str | None:
    wrong = [pair(name, value) for name, value in _urls(metadata) if not is_https(value)]
    return f"{'; '.join(wrong)}: serve them over https." if wrong else None


def _urls(metadata: Metadata) -> Iterator[tuple[str, object]]:
    for name, value in metadata.items():
        if name in ("issuer", "jwks_uri") or name.endswith("_endpoint"):
            yield name, value
    aliases = metadata.get("mtls_endpoint_aliases")
    if isinstance(aliases, dict):
        yield from ((f"mtls_endpoint_aliases.{name}", value) for name, value in aliases.items())


def _endpoints(metadata: Metadata) -> str | None:
    missing = [name for name in ("authorization_endpoint", "token_endpoint") if name not in metadata]
    return f"{' and '.join(missing)} is missing: publish it." if missing else None


def _no_passwords(metadata: Metadata) -> str | None:
    if "password" not in texts(metadata, "grant_types_supported"):
        return None
    return f"{shown(metadata, 'grant_types_supported')}: offer no password."


def _confidential(metadata: Metadata) -> str | None:
    public = [name for name in _method_lists(metadata) if "none" in _methods(metadata, name)]
    return f"{'; '.join(shown(metadata, name) for name in public)}: offer no none." if public else None


def _sender_constrained(metadata: Metadata) -> str | None:
    if metadata.get("tls_client_certificate_bound_access_tokens") is True:
        return None
    if texts(metadata, "dpop_signing_alg_values_supported"):
        return None
    found = shown(metadata, "tls_client_certificate_bound_access_tokens")
    return f"{found}: bind all tokens to certificates and publish true (or use DPoP)."


def _authentication(metadata: Metadata) -> str | None:
    # none is the finding of another requirement.
    wrong = [name for name in _method_lists(metadata) if not _methods(metadata, name) - {"none"} <= _AUTH_METHODS]
    if not wrong and _methods(metadata, f"token_endpoint{_METHODS}") & _AUTH_METHODS:
        return None
    named = wrong or [f"token_endpoint{_METHODS}"]
    found = "; ".join(shown(metadata, name) for name in named)
    # RFC 8414 section 2: what is missing is client_secret_basic.
    return f"{found}: offer {', '.join(sorted(_AUTH_METHODS))} and no others."


def _method_lists(metadata: Metadata) -> list[str]:
    """The token endpoint's, which has a default, and the others that are there."""
    others = (name for name in metadata if name.endswith(f"_endpoint{_METHODS}"))
    return sorted({f"token_endpoint{_METHODS}", *others})


def _methods(metadata: Metadata, name: str) -> frozenset[str]:
    return texts(metadata, name, ("client_secret_basic",))


def _code(metadata: Metadata) -> str | None:
    # RFC 8414 section 2: without the member, a server has authorization_code and implicit.
    grants = texts(metadata, "grant_types_supported", ("authorization_code", "implicit"))
    if texts(metadata, "response_types_supported") != {"code"}:
        return f'{shown(metadata, "response_types_supported")}: publish ["code"] alone.'
    if "authorization_code" not in grants or "implicit" in grants:
        return f"{shown(metadata, 'grant_types_supported')}: publish authorization_code, and no implicit."
    return None


def _pushed(metadata: Metadata) -> str | None:
    if "pushed_authorization_request_endpoint" in metadata:
        return None
    return "pushed_authorization_request_endpoint is missing: offer RFC 9126."


def _true(name: str, change: str) -> Check:
    return lambda metadata: None if metadata.get(name) is True else f"{shown(metadata, name)}: {change}"


def _pkce(metadata: Metadata) -> str | None:
    if texts(metadata, "code_challenge_methods_supported") == {"S256"}:
        return None
    return f'{shown(metadata, "code_challenge_methods_supported")}: require PKCE and publish ["S256"] alone.'


def _algorithms(metadata: Metadata) -> str | None:
    wrong = [name for name in metadata if name.endswith(_ALGORITHMS) and not _is_strong(metadata, name)]
    if not wrong:
        return None
    found = "; ".join(shown(metadata, name) for name in wrong)
    return f"{found}: PS256, ES256 and EdDSA with Ed25519 alone are allowed."


def _is_strong(metadata: Metadata, name: str) -> bool:
    found = texts(metadata, name)
    if name == f"id_token{_ALGORITHMS}":  # OpenID Connect Discovery wants RS256 in this list
        return bool(found & _ALLOWED) and "none" not in found
    return bool(found) and found <= _ALLOWED


_CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("5.2.1", "all endpoints are protected by TLS", _https),
    ("5.3.2.1 (1)", "the metadata name the endpoints", _endpoints),
    ("5.3.2.1 (2)", "no password grant", _no_passwords),
    ("5.3.2.1 (3)", "confidential clients alone", _confidential),
    ("5.3.2.1 (4, 5)", "sender-constrained access tokens, by mutual TLS or DPoP", _sender_constrained),
    ("5.3.2.1 (6)", "clients authenticate by mutual TLS or private_key_jwt", _authentication),
    ("5.3.2.2 (1)", "the response type code alone", _code),
    ("5.3.2.2 (2)", "pushed authorization requests", _pushed),
    (
        "5.3.2.2 (3)",
        "no authorization request that was not pushed",
        _true("require_pushed_authorization_requests", "refuse other requests and publish true."),
    ),
    ("5.3.2.2 (5)", "PKCE with S256", _pkce),
    (
        "5.3.2.2 (7)",
        "iss in each authorization response",
        _true("authorization_response_iss_parameter_supported", "send iss (RFC 9207) and publish true."),
    ),
    ("5.4.1 (1)", "signatures by PS256, ES256 or Ed25519", _algorithms),
)
