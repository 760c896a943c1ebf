"""Checks that fetch the ``jwks_uri`` of registered clients, where asked to."""

from .clients import Client, LastFetch, PublishedKeySets
from .errors import short
from .impossible import publishes_certificates
from .verifier import Verifier


def why_not_now(client: Client, verifier: Verifier) -> str | None:
    """Fetch a client's key set, and return why it cannot authenticate.

    Args:
        client: the client.
        verifier: has what fetches.

    Returns:
        The reason, with the client's name; None where the set has certificates, or where the client has none to fetch.
    """
    if client.jwks_uri is None or not publishes_certificates(client) or verifier.key_sets is None:
        return None
    problem = problem_of(look(client.jwks_uri, verifier.key_sets))
    return f"Client {client.client_id!r}: its jwks_uri {short(client.jwks_uri)}: {problem}" if problem else None


def look(jwks_uri: str, key_sets: PublishedKeySets) -> LastFetch:
    """Fetch a set where that is allowed at all, and return what came."""
    problem = key_sets.why_never(jwks_uri)
    return key_sets.look(jwks_uri) if problem is None else LastFetch(None, 0, problem)


def problem_of(last: LastFetch) -> str | None:
    """Return what keeps a client from authenticating with what came."""
    if last.failure is not None:
        return last.failure
    if last.fetched is None:
        return "too many fetches at once; try again."
    if last.certificates == 0:
        return "the set has no certificate: each key needs x5c (RFC 8705 section 2.2.2)."
    return None
