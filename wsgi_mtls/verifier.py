"""Who is this client: RFC 8705 section 2."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cryptography.x509.oid import ExtendedKeyUsageOID

from .certificate import ClientCertificate, Peer, PeerCertificate, PeerSubject
from .clients import AUTH_METHODS, AuthMethod, CertificateRegistry, Client, ClientRegistry, MappingRegistry
from .errors import (
    AuthMethodNotAllowed,
    AuthMethodNotRegistered,
    CertificateExpired,
    CertificateNotDelivered,
    CertificateNotRegistered,
    CertificateNotYetValid,
    CertificatesUnavailable,
    ChainNotVerified,
    MultipleCredentials,
    MutualTLSError,
    NoCertificate,
    NotForClientAuth,
    SelfSignedCertificate,
    SubjectMismatch,
    UnidentifiedClient,
    UnknownClient,
)
from .events import Event, Observer, report

SelfSignedMatch = Literal["public_key", "certificate"]

_CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved possession of the key of a certificate that is registered for it.

    Attributes:
        client_id: as registered.
        method: how it was authenticated.
        certificate: what it presented; None where the terminator forwards only a name (:class:`PeerSubject`).
        registration: its registered metadata.
    """

    client_id: str
    method: AuthMethod
    certificate: ClientCertificate | None
    registration: Client

    @property
    def confirmation(self) -> dict[str, str]:
        """The ``cnf`` claim that binds a token to this certificate (RFC 8705 section 3.1).

        Raises:
            CertificateNotDelivered: the terminator forwards only a name.
        """
        if self.certificate is None:
            raise CertificateNotDelivered("Only a name was forwarded; a token can't be bound without the certificate.")
        return {"x5t#S256": self.certificate.thumbprint}


class Verifier:
    """Decides whether a certificate authenticates a client.

    It compares nothing secret: certificates, names and keys are public, so no comparison needs constant time.

    Args:
        clients: a registry, or a mapping of ``client_id`` to metadata.
        allowed_methods: those that this server offers.
        self_signed_match: what of a self-signed client's certificate must be registered. ``"public_key"`` lets a
            renewed certificate on the same key in; ``"certificate"`` is the letter of RFC 8705 section 2.2.
        clock: returns the current time, aware; for tests.
        observers: each is called with every :class:`~wsgi_mtls.events.Event`.

    Raises:
        ValueError: a method that is none of mutual TLS, or no such ``self_signed_match``.
        InvalidClientMetadata: a client of the mapping is wrong.
    """

    def __init__(
        self,
        clients: ClientRegistry | Mapping[str, Client | Mapping[str, object]],
        *,
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
        self_signed_match: SelfSignedMatch = "public_key",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        observers: Iterable[Observer] = (),
    ) -> None:
        if not allowed_methods or not set(allowed_methods) <= set(AUTH_METHODS):
            raise ValueError(f"allowed_methods must be among {', '.join(AUTH_METHODS)}.")
        if self_signed_match not in ("public_key", "certificate"):
            raise ValueError('self_signed_match must be "public_key" or "certificate".')
        self._clients = MappingRegistry(clients) if isinstance(clients, Mapping) else clients
        self._allowed_methods = frozenset(allowed_methods)
        self._self_signed_match = self_signed_match
        self._clock = clock
        self._observers = tuple(observers)

    def authenticate(
        self, client_id: str, peer: Peer | None, *, other_credentials: Collection[str] = ()
    ) -> AuthenticatedClient:
        """Return the client ``client_id`` if this certificate authenticates it.

        Args:
            client_id: whom the request names.
            peer: the certificate that it came with.
            other_credentials: the names of what else it sends to authenticate a client, which must be nothing (RFC 6749
                section 2.3). Looked at last: only the client itself learns that it is registered for mutual TLS.

        Raises:
            MutualTLSError: the first of the checks that failed, in this order: there is a certificate, the client is
                known, its method is allowed and registered, the certificate is inside its validity period, then what
                its method demands, and no other credential.
        """
        try:
            if peer is None:
                raise NoCertificate("No client certificate came: connect with one, and make the terminator pass it on.")
            client = self._check(self.client(client_id), peer)
            if other_credentials:
                names = ", ".join(sorted(other_credentials))
                raise MultipleCredentials(f"{names} came beside mutual TLS: a client has one method (RFC 6749, 2.3).")
        except MutualTLSError as error:
            self.report_refusal(error, client_id, peer)
            raise
        self._report_success(client, peer)
        return client

    def identify(self, peer: Peer | None) -> AuthenticatedClient:
        """Return the one registered client that this certificate authenticates: mutual TLS without a ``client_id``.

        Raises:
            MutualTLSError: no certificate, no client, several of them, or what failed for the only candidate.
            TypeError: the registry has no ``find``.
        """
        try:
            if peer is None:
                raise NoCertificate("No client certificate came: connect with one, and make the terminator pass it on.")
            client = self._identify(peer)
        except MutualTLSError as error:
            self.report_refusal(error, None, peer)
            raise
        self._report_success(client, peer)
        return client

    def check_certificate(self, peer: Peer | None) -> PeerCertificate:
        """Return the certificate if its own names may be believed: plain mutual TLS, without registered clients.

        Raises:
            MutualTLSError: none came, it is outside its validity period, self-signed, for another purpose, or nobody
                validated its chain.
        """
        try:
            if peer is None:
                raise NoCertificate("No client certificate came: connect with one, and make the terminator pass it on.")
            if isinstance(peer, PeerSubject):
                raise CertificateNotDelivered(f"{peer.source} forwards only a name; make it pass the certificate on.")
            self._check_validity(peer.certificate)
            _check_chain(peer)
        except MutualTLSError as error:
            self.report_refusal(error, None, peer)
            raise
        return peer

    @property
    def allowed_methods(self) -> frozenset[AuthMethod]:
        """The methods that this server offers."""
        return self._allowed_methods

    def client(self, client_id: str) -> Client:
        """Look a client up.

        Raises:
            UnknownClient: there is none, or the registry answered with another one (databases fold case).
            InvalidClientMetadata: the registry finds its metadata wrong.
        """
        client = self._clients.get(client_id)
        if client is None:
            raise UnknownClient(f"No client {client_id!r} is registered.")
        if client.client_id != client_id:
            raise UnknownClient(
                f"Asked for {client_id!r}, the registry returned {client.client_id!r}: compare exactly."
            )
        return client

    def report_refusal(self, error: MutualTLSError, client_id: str | None, peer: Peer | None) -> None:
        """Report a refusal that was decided outside, as the middleware does for a request that names no client."""
        self.report(Event("client_rejected", client_id, reason=error.reason, detail=error.message, **_origin(peer)))

    def report(self, event: Event) -> None:
        """Log an event and hand it to the observers."""
        report(event, self._observers)

    def _report_success(self, client: AuthenticatedClient, peer: Peer) -> None:
        self.report(Event("client_authenticated", client.client_id, client.method, **_origin(peer)))

    def _identify(self, peer: Peer) -> AuthenticatedClient:
        if not isinstance(self._clients, CertificateRegistry):
            raise TypeError(f"{type(self._clients).__name__} can't be searched: identify() needs find(certificate).")
        candidates = tuple(self._clients.find(peer.certificate))
        if len(candidates) == 1:
            return self._check(candidates[0], peer)
        authenticated = [client for client in (self._try(c, peer) for c in candidates) if client is not None]
        if len(authenticated) != 1:
            found = "several registered clients" if authenticated else "no registered client"
            raise UnidentifiedClient(f"This certificate authenticates {found}; register it for exactly one.")
        return authenticated[0]

    def _try(self, client: Client, peer: Peer) -> AuthenticatedClient | None:
        try:
            return self._check(client, peer)
        except MutualTLSError:
            return None

    def _check(self, client: Client, peer: Peer) -> AuthenticatedClient:
        if isinstance(peer, PeerSubject):
            return self._check_subject(client, peer)
        method = self._method(client, peer.certificate.is_self_signed)
        self._check_validity(peer.certificate)
        if method == "tls_client_auth":
            _check_pki(client, peer)
        else:
            self._check_self_signed(client, peer.certificate)
        return AuthenticatedClient(client.client_id, method, peer.certificate, client)

    def _check_subject(self, client: Client, peer: PeerSubject) -> AuthenticatedClient:
        """RFC 8705 section 2.1 as far as it goes without the certificate: the terminator answers for the rest."""
        method = self._method(client, is_self_signed=False)
        if method != "tls_client_auth" or client.tls_client_certificate_bound_access_tokens:
            raise CertificateNotDelivered(f"{peer.source} forwards only a name; {client.client_id!r} needs more.")
        if not peer.verified:
            raise ChainNotVerified("The TLS terminator does not say that it validated the chain; check its CA bundle.")
        expected = client.subject_value
        if expected is None or not expected.is_among(peer.kind, peer.values):
            wanted = f"{expected.kind} {expected.value!r}" if expected else "a subject value, but none"
            raise SubjectMismatch(f"Registered is {wanted}; the terminator forwards {peer.kind} {peer.values!r}.")
        return AuthenticatedClient(client.client_id, method, None, client)

    def _method(self, client: Client, is_self_signed: bool) -> AuthMethod:
        registered = client.token_endpoint_auth_method
        if registered is None:
            registered = "self_signed_tls_client_auth" if is_self_signed else "tls_client_auth"
        for method in AUTH_METHODS:
            if method == registered:
                break
        else:
            raise AuthMethodNotRegistered(
                f"Client {client.client_id!r} is registered for {registered}, not mutual TLS."
            )
        if method not in self._allowed_methods:
            raise AuthMethodNotAllowed(f"{method} is not among this server's allowed_methods.")
        return method

    def _check_validity(self, certificate: ClientCertificate) -> None:
        now = self._clock()
        if now < certificate.not_before:
            raise CertificateNotYetValid(
                f"The certificate is valid from {certificate.not_before} on; check the clocks."
            )
        if now > certificate.not_after:
            raise CertificateExpired(f"The certificate expired on {certificate.not_after}; the client must renew it.")

    def _check_self_signed(self, client: Client, certificate: ClientCertificate) -> None:
        """RFC 8705 section 2.2: the certificate is registered, or its public key is; no chain counts."""
        if not client.certificates and client.jwks_uri is not None:
            raise CertificatesUnavailable(
                f"Client {client.client_id!r}: jwks_uri is not fetched; register jwks instead."
            )
        if self._self_signed_match == "certificate":
            registered = certificate in client.certificates
        else:
            registered = any(c.public_key_der == certificate.public_key_der for c in client.certificates)
        if not registered:
            raise CertificateNotRegistered(f"Certificate {certificate.thumbprint} is not registered for this client.")


def _check_pki(client: Client, peer: PeerCertificate) -> None:
    """RFC 8705 section 2.1: a validated chain, and the one registered subject value in the leaf."""
    _check_chain(peer)
    expected, certificate = client.subject_value, peer.certificate
    if expected is None or not expected.matches(certificate):
        wanted = f"{expected.kind} {expected.value!r}" if expected else "a subject value, but none"
        raise SubjectMismatch(f"Registered is {wanted}; the certificate of {certificate.subject!r} does not carry it.")


def _check_chain(peer: PeerCertificate) -> None:
    certificate = peer.certificate
    # Before the chain: a terminator with this certificate in its CA bundle would report success for it, and would not
    # look at its signature, so one that is broken hides nothing.
    if certificate.is_self_signed or certificate.is_self_issued:
        raise SelfSignedCertificate(
            "The certificate is self-signed, or its subject and issuer may be one name: have a CA issue one."
        )
    if not peer.verified:
        raise ChainNotVerified("The TLS terminator does not say that it validated the chain; check its CA bundle.")
    # anyExtendedKeyUsage alone does not allow clientAuth, as OpenSSL sees it.
    if certificate.extended_key_usage is not None and _CLIENT_AUTH not in certificate.extended_key_usage:
        raise NotForClientAuth("The certificate's extended key usage lacks clientAuth; have it issued for clients.")


def _origin(peer: Peer | None) -> dict[Literal["thumbprint", "source"], str]:
    if isinstance(peer, PeerSubject):
        return {"source": peer.source}
    return {} if peer is None else {"thumbprint": peer.certificate.thumbprint, "source": peer.source}
