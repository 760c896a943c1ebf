"""Certificate-bound tokens (RFC 8705 sections 3, 4 and 7.1)."""

import re
from collections.abc import Collection, Mapping
from hmac import compare_digest

from .clients import Client
from .errors import InvalidRequest, InvalidToken, quoted
from .x509 import ClientCertificate, Peer, PeerCertificate, PeerSubject, thumbprint_of

THUMBPRINT = "x5t#S256"
"""The member of ``cnf`` that holds the certificate's thumbprint (RFC 8705 section 3.1)."""

# The other registered confirmation methods (IANA "JWT Confirmation Methods"): RFC 7800, 9203, 9449.
_OTHER_METHODS = frozenset({"jwk", "jwe", "kid", "jku", "osc", "jkt"})

# 43 characters carry 258 bits for a digest of 256: in the one canonical text the last two are zero.
CANONICAL = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""A digest of SHA-256 in base64url."""


def verify_confirmation(
    claims: Mapping[str, object],
    peer: Peer | None,
    *,
    required: bool = True,
    also_verified: Collection[str] = (),
) -> ClientCertificate | None:
    """Verify that the token with these claims is bound to the request's certificate.

    The certificate's chain, name and dates don't matter (RFC 8705 section 6.2): the handshake proved its key.

    Args:
        claims: the claims of a JWT or of an introspection response, which the caller has already verified.
        peer: the certificate of this very request.
        required: False also accepts an unbound token; a bound one is always checked.
        also_verified: other confirmation methods of this token that the caller has verified, for example
            ``{"jkt"}``, which includes that the token came with the scheme ``DPoP`` (RFC 9449 section 7.2).

    Returns:
        The certificate that the token is bound to; None for a token that may be unbound and is, and where the
        terminator forwards the certificate's hash alone.

    Raises:
        InvalidToken: If the token is not bound to this client's certificate, with the reason.
        TypeError: If ``also_verified`` is one text.
    """
    if isinstance(also_verified, str):
        raise TypeError('also_verified is a collection of names: {"jkt"}.')
    cnf = claims.get("cnf")
    # Most tokens are bound to a certificate and to nothing else, and it comes: no other check could refuse them.
    if type(cnf) is dict and len(cnf) == 1 and type(peer) is PeerCertificate:
        bound, certificate = cnf.get(THUMBPRINT), peer.certificate
        if type(bound) is str and bound.isascii() and compare_digest(bound, certificate.thumbprint):
            return certificate
    if "cnf" not in claims:
        if required:
            raise InvalidToken(
                "The token has no cnf: have the authorization server bind this client's tokens.",
                reason="token_not_bound",
            )
        return None
    members = _confirmation_members(claims["cnf"])
    unverified = members.keys() & _OTHER_METHODS - set(also_verified)
    if unverified:
        raise InvalidToken(
            f"cnf holds {', '.join(sorted(unverified))}, which this server did not verify.",
            reason="unverified_confirmation",
        )
    if THUMBPRINT in members:
        return _matching(members[THUMBPRINT], peer)
    if required:
        raise InvalidToken(
            f"cnf has no {THUMBPRINT}: have the authorization server bind this client's tokens.",
            reason="token_not_bound",
        )
    if not members.keys() & set(also_verified):
        raise InvalidToken(
            "cnf holds no confirmation method that this server verified.", reason="unverified_confirmation"
        )
    return None


def confirmation(peer: Peer) -> dict[str, str]:
    """Return the ``cnf`` claim that binds a token to this certificate.

    Raises:
        NoCertificate: ``certificate_not_delivered``: If the terminator forwards only a name.
    """
    return {THUMBPRINT: thumbprint_of(peer) or peer.certificate.thumbprint}


def bind(claims: Mapping[str, object], peer: Peer | None, client: Client, *, always: bool = False) -> dict[str, object]:
    """Return an access token's claims, bound to the certificate where required.

    A client is registered so with ``tls_client_certificate_bound_access_tokens`` (RFC 8705 section 3.4).

    How the client authenticated does not matter, nor whether it did (section 4). Where the token is bound, another
    certificate's thumbprint in the claims is replaced, as when a token is renewed, and other confirmation methods in
    them stay; where it is not, ``cnf`` stays as it is.

    Args:
        claims: of a JWT, or what the introspection endpoint will answer; left as they are.
        peer: the certificate of the token request.
        client: the client to which the token is issued.
        always: bind the tokens of every client.

    Raises:
        InvalidRequest: ``certificate_required``: If the token must be bound, and no certificate came, or only a name
            out of it.
        ValueError: If the claims already have a ``cnf`` that is not an object: the server's own mistake.
    """
    if not _must_bind(client, always):
        return dict(claims)
    if peer is None:
        raise InvalidRequest(
            f"Client {client.client_id!r} gets bound tokens only: it must also connect with a certificate here.",
            reason="certificate_required",
        )
    if isinstance(peer, PeerSubject) and peer.thumbprint is None:
        raise InvalidRequest(
            f"Client {client.client_id!r} gets bound tokens only, and {peer.source or 'the certificate source'} "
            f"forwards only {peer.kind}: make the terminator pass the certificate on.",
            reason="certificate_required",
        )
    present = claims.get("cnf", {})
    if not isinstance(present, Mapping):
        raise ValueError("cnf in the claims must be an object (RFC 7800 section 3.1); leave it out, bind adds it.")
    return {**claims, "cnf": {**present, **confirmation(peer)}}


def bind_refresh_token(
    record: Mapping[str, object], peer: Peer | None, client: Client, *, always: bool = False
) -> dict[str, object]:
    """Return ``record`` with the refresh token's client and its binding.

    A public client's is bound to the certificate, as :func:`bind` binds its access tokens (RFC 8705 section 4). A
    confidential client's is bound to the client alone, which authenticates whenever it comes, so that it can renew its
    certificate (section 7.1).

    Args:
        record: what the authorization server stores anyway; left as it is.
        peer: the certificate of the token request.
        client: the client to which the token is issued.
        always: bind the tokens of every client.

    Raises:
        InvalidRequest: ``certificate_required``: If the token must be bound, and no certificate came, or only a name
            out of it.
    """
    unbound = {name: value for name, value in record.items() if name != "cnf"} | {"client_id": client.client_id}
    return bind(unbound, peer, client, always=always) if _is_public(client) else unbound


def verify_refresh_token(
    record: Mapping[str, object], peer: Peer | None, client: Client, *, always: bool = False
) -> None:
    """Verify that this client and certificate may use a refresh token.

    Args:
        record: what :func:`bind_refresh_token` returned.
        peer: the certificate of the token request.
        client: the client that presents the token; a confidential one has been authenticated.
        always: the tokens of every client are bound, so a public client's unbound one is refused.

    Raises:
        InvalidRequest: ``grant_of_another_client``: If it was issued to another client.
        InvalidRequest: ``refresh_token_not_bound``: If it is a public client's, and came without the certificate that
            it is bound to.
    """
    verify_grant(record, client)
    if not _is_public(client):
        return
    try:
        verify_confirmation(record, peer, required=_must_bind(client, always))
    except InvalidToken as error:
        raise InvalidRequest(
            f"{error.reason}: {error.message}",
            reason="refresh_token_not_bound",
            advice=error.advice,
            expected=error.expected,
            found=error.found,
        ) from None


def must_rotate(record: Mapping[str, object], client: Client) -> bool:
    """Return whether a refresh token must be replaced when it is used.

    Only a public client's unbound token must be (RFC 9700 section 4.14.2): a thief could use a copy of it. A
    confidential client authenticates, and a bound token needs its certificate, so there a rotation would only lose
    tokens.

    Args:
        record: what :func:`bind_refresh_token` returned.
        client: the client that presents the token.
    """
    return _is_public(client) and "cnf" not in record


def verify_grant(record: Mapping[str, object], client: Client) -> None:
    """Verify that an authorization code or refresh token was issued to this client.

    Args:
        record: what was stored with it; its ``client_id`` counts.
        client: that brings it.

    Raises:
        InvalidRequest: ``grant_of_another_client``: If it was issued to another client, or does not name one.
    """
    issued_to = record.get("client_id")
    if issued_to != client.client_id:
        raise InvalidRequest(
            reason="grant_of_another_client",
            advice=f"Client {client.client_id!r} brought a grant of {quoted(str(issued_to))}.",
            expected=client.client_id,
            found=issued_to if isinstance(issued_to, str) else None,
        )


def _must_bind(client: Client, always: bool) -> bool:
    return always or client.tls_client_certificate_bound_access_tokens


def _is_public(client: Client) -> bool:
    return client.token_endpoint_auth_method == "none"


def _confirmation_members(cnf: object) -> Mapping[str, object]:
    if not isinstance(cnf, Mapping) or not cnf:
        raise InvalidToken(
            "cnf must be an object with a confirmation method (RFC 7800 section 3.1).", reason="malformed_confirmation"
        )
    return cnf


def _matching(thumbprint: object, peer: Peer | None) -> ClientCertificate | None:
    if not isinstance(thumbprint, str) or not CANONICAL.fullmatch(thumbprint):
        raise InvalidToken(
            f"{THUMBPRINT} must be 43 characters of base64url: the SHA-256 of the DER.", reason="malformed_confirmation"
        )
    presented = thumbprint_of(peer)
    if presented is None:
        raise InvalidToken(
            "The token is bound to a certificate, and none came: use mutual TLS here.",
            reason="token_without_certificate",
        )
    # Texts, not octets: several texts decode to the same digest.
    if not compare_digest(thumbprint, presented):
        raise InvalidToken(
            f"The token is bound to {thumbprint}, the request came with {presented}.",
            reason="confirmation_mismatch",
            expected=thumbprint,
            found=presented,
        )
    return peer.certificate if isinstance(peer, PeerCertificate) else None
