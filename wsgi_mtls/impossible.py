"""Valid registrations of clients that can never authenticate here."""

from collections.abc import Iterator
from difflib import get_close_matches

from .clients import AUTH_METHODS, Client
from .errors import BadCertificate, short
from .trust import TrustStore
from .verifier import Verifier
from .x509 import ClientCertificate


def impossible_clients(verifier: Verifier) -> Iterator[str]:
    """Yield a line for each such client, where the registry can be listed."""
    for client in verifier.listed():
        if problem := why_never(client, verifier):
            yield problem


def expired_clients(verifier: Verifier) -> Iterator[str]:
    """Yield a line for each client whose registered certificates are all expired.

    Only listed clients are looked at. Such a client can authenticate again with a new certificate of the same key,
    where keys are compared.
    """
    for client in verifier.listed():
        if only_expired(client, verifier):
            yield f"Client {client.client_id!r}: every registered certificate has expired. Register a new one."


def only_expired(client: Client, verifier: Verifier) -> bool:
    """Return whether a client has certificates, and all have expired."""
    return bool(client.certificates) and all(_has_expired(one, verifier) for one in client.certificates)


def why_never(client: Client, verifier: Verifier) -> str | None:
    """Return why a client can never authenticate here, and what to change.

    Args:
        client: the client.
        verifier: has what the server allows, fetches and trusts.

    Returns:
        The reason, with the client's name; None where a certificate can authenticate it, or where it is registered for
        another method and for nothing of mutual TLS.
    """
    problem = _method(client, verifier) or _keys(client, verifier) or _issuer(client, verifier)
    return f"Client {client.client_id!r}: {problem}" if problem else None


def _has_expired(certificate: ClientCertificate, verifier: Verifier) -> bool:
    try:
        return certificate.not_after < verifier.rules.clock()
    except BadCertificate:  # one that is registered itself need not have a readable date
        return False


def _method(client: Client, verifier: Verifier) -> str | None:
    method = client.token_endpoint_auth_method
    if method is None:
        return None
    if method in AUTH_METHODS:
        if method in verifier.allowed_methods:
            return None
        return f"registered for {method}, which this server does not allow: add it to the allowed methods."
    near = get_close_matches(method.lower(), AUTH_METHODS, 1, 0.85)
    if near:
        return f"registered for {method!r}, which is not a method of mutual TLS: is {near[0]} meant?"
    if client.subject_value is not None:
        return (
            f"registered for {method}, so that its {client.subject_value.kind} decides nothing: set "
            "token_endpoint_auth_method to tls_client_auth, or remove the name."
        )
    return None


def _keys(client: Client, verifier: Verifier) -> str | None:
    if client.jwks_uri is None or not publishes_certificates(client):
        return None
    if verifier.key_sets is None:
        return "its certificates are published at a jwks_uri, which is not fetched: set key sets, or register a jwks."
    problem = verifier.key_sets.why_never(client.jwks_uri)
    return f"its jwks_uri {short(client.jwks_uri)} is never fetched: {problem}" if problem else None


def publishes_certificates(client: Client) -> bool:
    """Return whether only certificates at a ``jwks_uri`` authenticate a client."""
    method = client.token_endpoint_auth_method
    # A subject value also authenticates a client without a method, but never a self-signed client.
    by_key = method == "self_signed_tls_client_auth" or (method is None and client.subject_value is None)
    return by_key and client.jwks_uri is not None


def _issuer(client: Client, verifier: Verifier) -> str | None:
    pins, trust = set(client.tls_client_auth_issuer), verifier.rules.vouching and verifier.rules.vouching.trust
    if not pins or not client.uses_mutual_tls:
        return None
    if trust is None:
        return "tls_client_auth_issuer names a CA, which only a trust store can find, and none is set: set one."
    if isinstance(trust, TrustStore) and not any(own.pins & pins for own in trust.state().authorities):
        return "no CA that tls_client_auth_issuer names is in the trust store: add its certificate."
    return None
