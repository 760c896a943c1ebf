"""The decisions of RFC 8705 section 2: from values to a client or a refusal.

Nothing is reported here.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .. import checks
from ..clients import AUTH_METHODS, AuthenticatedClient, AuthMethod, Client, KnownClients, PublishedKeySets
from ..errors import InvalidRequest, MutualTLSError, NoCertificate, RefusedClient
from ..key_strength import DEFAULT as DEFAULT_KEY_BITS
from ..key_strength import MinKeyBits
from ..vouching import Vouching
from ..x509 import ClientCertificate, Peer, PeerCertificate, PeerSubject
from .self_signed import SelfSignedMatch, check_self_signed


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRules:
    """The rules by which clients are authenticated.

    Attributes:
        clients: the registered clients.
        allowed_methods: those that this server offers.
        vouching: the application's trust store; None where the terminator alone vouches.
        self_signed_match: what of a self-signed client's certificate must be registered.
        key_sets: what fetches the certificates that clients publish; None for nothing.
        min_key_bits: how long the key of a certificate must be that authenticates.
        clock: returns the current time.
    """

    clients: KnownClients
    allowed_methods: frozenset[AuthMethod]
    vouching: Vouching | None = None
    self_signed_match: SelfSignedMatch = "public_key"
    key_sets: PublishedKeySets | None = None
    min_key_bits: MinKeyBits = field(default_factory=lambda: DEFAULT_KEY_BITS)
    clock: Callable[[], datetime] = utc_now

    def authenticate(
        self,
        client_id: str,
        peer: Peer | None,
        other_credentials: Collection[str] = (),
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
    ) -> AuthenticatedClient:
        """Decide as :meth:`wsgi_mtls.Verifier.authenticate`."""
        presented = checks.require_certificate(peer)
        client, is_self_signed = self.clients.look_up(client_id, presented)
        return self.check(client, presented, is_self_signed, other_credentials, allowed_methods)

    def identify(self, peer: Peer | None) -> AuthenticatedClient:
        """Decide as :meth:`wsgi_mtls.Verifier.identify`."""
        presented = checks.require_certificate(peer)
        candidates, is_self_signed = self.clients.holders(presented.certificate)
        if len(candidates) == 1:
            return self.check(candidates[0], presented, is_self_signed)
        tried = (self._try(candidate, presented, is_self_signed) for candidate in candidates)
        authenticated = [client for client in tried if client is not None]
        if len(authenticated) != 1:
            found = "several registered clients" if authenticated else "no registered client"
            raise RefusedClient(
                f"This certificate authenticates {found}; register it for exactly one.", reason="unidentified_client"
            )
        return authenticated[0]

    def check_certificate(self, peer: Peer | None, is_self_signed: bool | None = None) -> PeerCertificate:
        """Decide as :meth:`wsgi_mtls.Verifier.check_certificate`.

        Args:
            peer: what came with the request.
            is_self_signed: whether the certificate is registered for a self-signed client; None if that is not known.
        """
        presented = checks.require_certificate(peer)
        if isinstance(presented, PeerSubject):
            raise NoCertificate(
                f"{presented.source} forwards only a name; make it pass the certificate on.",
                reason="certificate_not_delivered",
            )
        checks.check_validity(presented.certificate, self.clock())
        checks.check_chain(presented, self.vouching, at=self.own_time())
        self.check_not_registered_as_self_signed(presented.certificate, is_self_signed)
        checks.check_key(presented.certificate, self.min_key_bits)
        return presented

    def check_self_signed(self, client: Client, certificate: ClientCertificate) -> None:
        """Check that a certificate, or its key, is registered for a self-signed client.

        Raises:
            MutualTLSError: If it is not registered, or is outside its validity period.
        """
        check_self_signed(client, certificate, self.self_signed_match, self.clock(), self.key_sets)

    def own_time(self) -> datetime | None:
        """Return the time at which a trust store is to validate.

        None is the time of the validation.
        """
        # A trust store that is shared has no time of its own: only another clock makes one that has.
        return None if self.clock is utc_now else self.clock()

    def check(
        self,
        client: Client,
        peer: Peer,
        is_self_signed: bool | None = None,
        other_credentials: Collection[str] = (),
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
    ) -> AuthenticatedClient:
        """Make all checks of RFC 8705 section 2.

        Args:
            client: the client.
            peer: what came with the request.
            is_self_signed: whether the certificate is registered for a self-signed client; None if that is not known.
            other_credentials: the names of what else was sent to authenticate a client.
            allowed_methods: those of the server's methods that this endpoint offers.

        Raises:
            MutualTLSError: If a check fails, for the first of them.
        """
        certificate = peer.certificate if isinstance(peer, PeerCertificate) else None
        method = self.method_of(client, certificate, allowed_methods)
        if isinstance(peer, PeerSubject):
            # The terminator answers for all that can't be looked at: it validated a chain, or nothing.
            if method != "tls_client_auth":
                raise checks.name_is_not_enough(client, peer)
            checks.check_forwarded_name(client, peer, self.vouching)
        elif method == "tls_client_auth":
            checks.check_validity(peer.certificate, self.clock())
            checks.check_pki(client, peer, self.vouching, self.own_time() if self.vouching is not None else None)
            self.check_not_registered_as_self_signed(peer.certificate, is_self_signed)
        else:
            self.check_self_signed(client, peer.certificate)
        if certificate is not None:
            checks.check_key(certificate, self.min_key_bits)
        if other_credentials:
            names = ", ".join(sorted(other_credentials))
            raise InvalidRequest(
                f"{names} came beside mutual TLS: a client has one method (RFC 6749, 2.3).",
                reason="multiple_credentials",
            )
        forwarded = peer.thumbprint if isinstance(peer, PeerSubject) else None
        return AuthenticatedClient(client.client_id, method, certificate, client, forwarded)

    def check_not_registered_as_self_signed(
        self, certificate: ClientCertificate, is_self_signed: bool | None = None
    ) -> None:
        """Refuse for PKI what is registered for a self-signed client.

        Args:
            certificate: the certificate.
            is_self_signed: whether it is, if the caller knows that.

        Raises:
            BadCertificate: ``registered_as_self_signed``: If it, or its key, is registered so.
        """
        if is_self_signed is None:
            is_self_signed = self.clients.has_self_signed(certificate)
        if is_self_signed:
            raise checks.registered_as_self_signed(certificate)

    def method_of(
        self,
        client: Client,
        certificate: ClientCertificate | None,
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
    ) -> AuthMethod:
        """Return the method by which a client would be authenticated.

        Args:
            client: the client.
            certificate: decides where the client is registered for neither; None for a mere name.
            allowed_methods: those that the endpoint offers.

        Raises:
            RefusedClient: ``auth_method_not_registered``: If it is registered for another method than mutual TLS.
            RefusedClient: ``auth_method_not_allowed``: If this server or endpoint does not offer the method.
        """
        registered = client.token_endpoint_auth_method or _method_by_certificate(client, certificate)
        for method in AUTH_METHODS:
            if method == registered:
                break
        else:
            raise RefusedClient(
                f"Client {client.client_id!r} is registered for {registered}, not mutual TLS.",
                reason="auth_method_not_registered",
                expected=AUTH_METHODS,
                found=registered,
            )
        if method not in self.allowed_methods or method not in allowed_methods:
            raise RefusedClient(
                f"{method} is not among the allowed_methods of this server and endpoint.",
                reason="auth_method_not_allowed",
                expected=tuple(sorted(self.allowed_methods & frozenset(allowed_methods))),
                found=method,
            )
        return method

    def _try(self, client: Client, peer: Peer, is_self_signed: bool | None) -> AuthenticatedClient | None:
        try:
            return self.check(client, peer, is_self_signed)
        except MutualTLSError:
            return None


def _method_by_certificate(client: Client, certificate: ClientCertificate | None) -> AuthMethod:
    if certificate is None:
        return "tls_client_auth"
    # A signature that can't be verified here is judged by what is registered.
    is_self_signed = certificate.may_be_self_signed if client.certificates else certificate.is_self_signed
    return "self_signed_tls_client_auth" if is_self_signed else "tls_client_auth"
