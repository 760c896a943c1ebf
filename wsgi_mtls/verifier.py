"""Who is this client: RFC 8705 section 2."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from . import checks
from .checks import SelfSignedMatch
from .clients import (
    AUTH_METHODS,
    AuthMethod,
    CertificateRegistry,
    Client,
    ClientRegistry,
    MappingRegistry,
    PublishedKeySets,
    SelfSignedRegistry,
    SightingRegistry,
    has_self_signed,
    is_self_signed_with,
)
from .errors import InvalidClientMetadata, InvalidRequest, MutualTLSError, NoCertificate, RefusedClient, short
from .events import Decision, Observer, deciding, logger
from .key_strength import DEFAULT as DEFAULT_KEY_BITS
from .key_strength import MinKeyBits, check_key, check_min_key_bits
from .options import InvalidOption, check_allowed_methods, check_observers
from .vouching import Trust, Vouching
from .x509 import ClientCertificate, Peer, PeerCertificate, PeerSubject

__all__ = ["AuthenticatedClient", "SelfSignedMatch", "Verifier"]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved possession of the key of a certificate that is registered for it.

    Attributes:
        client_id: as registered.
        method: how it was authenticated.
        certificate: what it presented; None where the terminator forwards only a name (:class:`PeerSubject`).
        registration: its registered metadata.
        forwarded_thumbprint: the thumbprint of its certificate, where the terminator forwards a name and this.
    """

    client_id: str
    method: AuthMethod
    certificate: ClientCertificate | None
    registration: Client
    forwarded_thumbprint: str | None = None

    @property
    def confirmation(self) -> dict[str, str]:
        """The ``cnf`` claim that binds a token to this certificate (RFC 8705 section 3.1).

        Raises:
            NoCertificate: ``certificate_not_delivered``: the terminator forwards only a name.
        """
        presented = self.certificate.thumbprint if self.certificate else self.forwarded_thumbprint
        if presented is None:
            raise NoCertificate(
                "Only a name was forwarded; a token can't be bound without the certificate.",
                reason="certificate_not_delivered",
            )
        return {"x5t#S256": presented}


class Verifier:
    """Decides whether a certificate authenticates a client.

    It compares nothing secret: certificates, names and keys are public, so no comparison needs constant time.

    Args:
        clients: a registry, or a mapping of ``client_id`` to metadata.
        allowed_methods: those that this server offers.
        self_signed_match: what of a self-signed client's certificate must be registered. ``"public_key"`` lets a
            renewed certificate on the same key in; ``"certificate"`` is the letter of RFC 8705 section 2.2.
        trust: validates chains here: a :class:`~wsgi_mtls.trust.TrustStore`, or a function that returns that of a
            client. The TLS terminator's success alone then no longer suffices. It is never asked for self-signed
            clients and bound tokens.
        trust_either: accepts the terminator's success where the store does not know the CA; never for a client with
            ``tls_client_auth_issuer``, nor where the store's revocation is ``required``.
        key_sets: what fetches the certificates that clients publish at their ``jwks_uri``:
            :class:`wsgi_mtls.clients.jwks_uri.KeySets`. None: such clients are refused.
        min_key_bits: how long the key of a certificate must be that authenticates: ``{"rsa": 2048, "ec": 224}`` by
            default, ``"off"`` for any. It is never asked for bound tokens.
        clock: returns the current time, aware; for tests.
        observers: each is called with every :class:`~wsgi_mtls.events.Event`.

    Raises:
        ValueError: a method that is none of mutual TLS, no such ``self_signed_match``, a clock without a time zone, or
            a registry or observer that can't be called as one.
        InvalidClientMetadata: a client of the mapping is wrong.
    """

    def __init__(
        self,
        clients: ClientRegistry | Mapping[str, Client | Mapping[str, object]],
        *,
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
        self_signed_match: SelfSignedMatch = "public_key",
        trust: Trust | None = None,
        trust_either: bool = False,
        key_sets: PublishedKeySets | None = None,
        min_key_bits: MinKeyBits = DEFAULT_KEY_BITS,
        clock: Callable[[], datetime] = _now,
        observers: Iterable[Observer] = (),
    ) -> None:
        check_allowed_methods(allowed_methods)
        if self_signed_match not in ("public_key", "certificate"):
            problem = f'must be "public_key" or "certificate", not {self_signed_match!r}.'
            raise InvalidOption("self_signed_match", problem)
        if isinstance(clients, type) or not callable(getattr(clients, "get", None)):
            raise InvalidOption("clients", f"must be a mapping or a registry with get(client_id), not {clients!r}.")
        if not isinstance(now := clock(), datetime) or now.tzinfo is None:
            raise ValueError("clock must return an aware datetime, as lambda: datetime.now(UTC) does.")
        self._clients = MappingRegistry(clients) if isinstance(clients, Mapping) else clients
        self.sightings = clients if isinstance(clients, SightingRegistry) else None
        self._allowed_methods = frozenset(allowed_methods)
        if key_sets is not None and not callable(getattr(key_sets, "certificates", None)):
            raise InvalidOption("key_sets", f"must be KeySets(…), not {key_sets!r}.")
        self._self_signed_match = self_signed_match
        self._key_sets = key_sets
        check_min_key_bits(min_key_bits)
        self._min_key_bits = min_key_bits
        self._clock = clock
        self._vouching = Vouching(trust, trust_either)
        self.observers = tuple(observers)
        check_observers(self.observers)

    def authenticate(
        self,
        client_id: str,
        peer: Peer | None,
        *,
        other_credentials: Collection[str] = (),
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
        registration: Client | None = None,
    ) -> AuthenticatedClient:
        """Return the client ``client_id`` if this certificate authenticates it.

        Args:
            client_id: whom the request names.
            peer: the certificate that it came with.
            other_credentials: the names of what else it sends to authenticate a client, which must be nothing (RFC 6749
                section 2.3). Looked at last: only the client itself learns that it is registered for mutual TLS.
            allowed_methods: those of the verifier's methods that this endpoint offers.
            registration: what :meth:`client` returned, for who asked it already.

        Raises:
            MutualTLSError: the first of the checks that failed, in this order: there is a certificate, the client is
                known, its method is allowed and registered, the certificate is inside its validity period, then what
                its method demands, and no other credential.
        """
        with deciding(Decision("client", peer, client_id), self.observers) as decision:
            client = self.decide(
                client_id,
                peer,
                other_credentials=other_credentials,
                allowed_methods=allowed_methods,
                registration=registration,
            )
            decision.method, decision.outcome = client.method, "client_authenticated"
        self.note_seen(client)
        return client

    def identify(self, peer: Peer | None) -> AuthenticatedClient:
        """Return the one registered client that this certificate authenticates: mutual TLS without a ``client_id``.

        Raises:
            MutualTLSError: no certificate, no client, several of them, or what failed for the only candidate.
            TypeError: the registry has no ``find``.
        """
        with deciding(Decision("client", peer), self.observers) as decision:
            client = self.decide_holder(peer)
            decision.client_id, decision.method = client.client_id, client.method
            decision.outcome = "client_authenticated"
        self.note_seen(client)
        return client

    def check_certificate(self, peer: Peer | None) -> PeerCertificate:
        """Return the certificate if its own names may be believed: plain mutual TLS, without registered clients.

        Raises:
            MutualTLSError: none came, it is outside its validity period, self-signed, for another purpose, its
                chain was not validated, the trust store refuses it, or it is registered for a self-signed client.
        """
        with deciding(Decision("client", peer), self.observers):
            return self.decide_chain(peer)

    def report_refusal(self, error: MutualTLSError, client_id: str | None, peer: Peer | None) -> None:
        """Report a refusal that was decided outside, where no request is at hand, unless it was reported."""
        with suppress(MutualTLSError), deciding(Decision("client", peer, client_id), self.observers):
            raise error

    def note_seen(self, client: AuthenticatedClient) -> None:
        """Have the registry note that a client was authenticated, if it does; for a caller that decides and reports."""
        if self.sightings is not None:
            try:
                self.sightings.seen(client.client_id, client.certificate)
            except Exception:
                logger.exception("Client %r was authenticated, which its registry failed to note", client.client_id)

    def decide(
        self,
        client_id: str,
        peer: Peer | None,
        *,
        other_credentials: Collection[str] = (),
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
        registration: Client | None = None,
    ) -> AuthenticatedClient:
        """Decide as :meth:`authenticate`, for a caller that reports."""
        presented = checks.require_certificate(peer)
        registered, is_self_signed = self._look_up(client_id, presented, registration)
        client = self._check(registered, presented, frozenset(allowed_methods), is_self_signed)
        if other_credentials:
            names = ", ".join(sorted(other_credentials))
            raise InvalidRequest(
                f"{names} came beside mutual TLS: a client has one method (RFC 6749, 2.3).",
                reason="multiple_credentials",
            )
        return client

    @property
    def finds_holders(self) -> bool:
        """Whether the client of a certificate can be found without its ``client_id``."""
        return isinstance(self._clients, CertificateRegistry)

    def registration_warnings(self) -> tuple[str, ...]:
        """Return a sentence for each thing that is registered and probably not meant so, of clients in memory."""
        return self._clients.warnings() if isinstance(self._clients, MappingRegistry) else ()

    def decide_holder(self, peer: Peer | None) -> AuthenticatedClient:
        """Decide as :meth:`identify`, for a caller that reports."""
        return self._identify(checks.require_certificate(peer))

    def decide_chain(self, peer: Peer | None) -> PeerCertificate:
        """Decide as :meth:`check_certificate`, for a caller that reports."""
        presented = checks.require_certificate(peer)
        if isinstance(presented, PeerSubject):
            raise NoCertificate(
                f"{presented.source} forwards only a name; make it pass the certificate on.",
                reason="certificate_not_delivered",
            )
        checks.check_validity(presented.certificate, self._clock())
        checks.check_chain(presented, self._vouching, at=self.own_time())
        self.check_not_registered_as_self_signed(presented.certificate, None)
        check_key(presented.certificate, self._min_key_bits)
        return presented

    def check_self_signed(self, client: Client, certificate: ClientCertificate) -> None:
        """Check that a certificate, or its key, is registered for a self-signed client.

        Raises:
            MutualTLSError: it is not, or it is outside its validity period.
        """
        checks.check_self_signed(client, certificate, self._self_signed_match, self._clock(), self._key_sets)

    def now(self) -> datetime:
        """Return the time by which validity is judged."""
        return self._clock()

    def own_time(self) -> datetime | None:
        """Return the time at which a trust store is to validate; None for the time of the validation."""
        # A trust store that is shared has no time of its own: only another clock makes one that has.
        return None if self._clock is _now else self._clock()

    @property
    def vouching(self) -> Vouching:
        """What decides whether a chain was validated."""
        return self._vouching

    @property
    def allowed_methods(self) -> frozenset[AuthMethod]:
        """The methods that this server offers."""
        return self._allowed_methods

    @property
    def fetches_key_sets(self) -> bool:
        """Whether clients may publish their certificates at a ``jwks_uri``."""
        return self._key_sets is not None

    def listed(self) -> Iterable[Client]:
        """Return all clients where they are in memory; none of a registry that looks up one at a time."""
        return self._clients if isinstance(self._clients, MappingRegistry) else ()

    def client(self, client_id: str) -> Client:
        """Look a client up.

        Raises:
            RefusedClient: ``unknown_client``: there is none, or the registry answered with another one (databases
                fold case).
            InvalidClientMetadata: the registry finds its metadata wrong.
        """
        return _known(client_id, self._clients.get(client_id))

    def _identify(self, peer: Peer) -> AuthenticatedClient:
        if not isinstance(self._clients, CertificateRegistry):
            raise TypeError(f"{type(self._clients).__name__} can't be searched: identify() needs find(certificate).")
        candidates = [_own(client) for client in self._clients.find(peer.certificate)]
        # One that knows of disabled clients too is asked again; any other has told all that it knows.
        is_self_signed = (
            None
            if isinstance(self._clients, SelfSignedRegistry)
            else any(is_self_signed_with(client, peer.certificate) for client in candidates)
        )
        if len(candidates) == 1:
            return self._check(candidates[0], peer, is_self_signed=is_self_signed)
        tried = (self._try(candidate, peer, is_self_signed) for candidate in candidates)
        authenticated = [client for client in tried if client is not None]
        if len(authenticated) != 1:
            found = "several registered clients" if authenticated else "no registered client"
            raise RefusedClient(
                f"This certificate authenticates {found}; register it for exactly one.", reason="unidentified_client"
            )
        return authenticated[0]

    def _look_up(self, client_id: str, peer: Peer, registration: Client | None) -> tuple[Client, bool | None]:
        """Return the client, and whether the certificate is a self-signed client's where one look-up tells both."""
        if registration is not None:
            return _of(client_id, registration), None
        if isinstance(self._clients, SelfSignedRegistry) and isinstance(peer, PeerCertificate):
            found, is_self_signed = self._clients.get_and_has_self_signed(client_id, peer.certificate)
            return _known(client_id, found), is_self_signed
        return self.client(client_id), None

    def check_not_registered_as_self_signed(
        self, certificate: ClientCertificate, is_self_signed: bool | None = None
    ) -> None:
        """Refuse for PKI what is registered for a self-signed client.

        Args:
            certificate: the certificate.
            is_self_signed: whether it is, if the caller knows that.

        Raises:
            BadCertificate: ``registered_as_self_signed``: it is, or its key.
        """
        if is_self_signed is None:
            is_self_signed = has_self_signed(self._clients, certificate)
        checks.check_not_registered_as_self_signed(certificate, is_self_signed)

    def _try(self, client: Client, peer: Peer, is_self_signed: bool | None) -> AuthenticatedClient | None:
        try:
            return self._check(client, peer, is_self_signed=is_self_signed)
        except MutualTLSError:
            return None

    def _check(
        self,
        client: Client,
        peer: Peer,
        allowed: frozenset[AuthMethod] = frozenset(AUTH_METHODS),
        is_self_signed: bool | None = None,
    ) -> AuthenticatedClient:
        if isinstance(peer, PeerSubject):
            # The terminator answers for all that can't be looked at: it validated a chain, or nothing.
            method = self.method_of(client, None, allowed)
            if method != "tls_client_auth":
                raise checks.name_is_not_enough(client, peer)
            self._vouching.check_forwarded_name(client, peer)
            checks.check_forwarded_name(client, peer)
            return AuthenticatedClient(client.client_id, method, None, client, peer.thumbprint)
        method = self.method_of(client, peer.certificate, allowed)
        if method == "tls_client_auth":
            checks.check_validity(peer.certificate, self._clock())
            checks.check_pki(client, peer, self._vouching, self.own_time())
            self.check_not_registered_as_self_signed(peer.certificate, is_self_signed)
        else:
            self.check_self_signed(client, peer.certificate)
        check_key(peer.certificate, self._min_key_bits)
        return AuthenticatedClient(client.client_id, method, peer.certificate, client)

    def method_of(
        self,
        client: Client,
        certificate: ClientCertificate | None,
        allowed: frozenset[AuthMethod] = frozenset(AUTH_METHODS),
    ) -> AuthMethod:
        """Return the method by which a client would be authenticated.

        Args:
            client: the client.
            certificate: decides where the client is registered for neither; None for a mere name.
            allowed: the methods that the endpoint offers.

        Raises:
            RefusedClient: ``auth_method_not_registered``: it is registered for another method than mutual TLS.
            RefusedClient: ``auth_method_not_allowed``: this server or endpoint does not offer the method.
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
        if method not in self._allowed_methods & allowed:
            raise RefusedClient(
                f"{method} is not among the allowed_methods of this server and endpoint.",
                reason="auth_method_not_allowed",
                expected=tuple(sorted(self._allowed_methods & allowed)),
                found=method,
            )
        return method


def _method_by_certificate(client: Client, certificate: ClientCertificate | None) -> AuthMethod:
    if certificate is None:
        return "tls_client_auth"
    # A signature that can't be verified here is judged by what is registered.
    is_self_signed = certificate.may_be_self_signed if client.certificates else certificate.is_self_signed
    return "self_signed_tls_client_auth" if is_self_signed else "tls_client_auth"


def _known(client_id: str, found: Client | None) -> Client:
    if found is None:
        raise RefusedClient(f"No client {short(client_id)!r} is registered.", reason="unknown_client")
    return _of(client_id, found)


def _of(client_id: str, client: Client) -> Client:
    if _own(client).client_id != client_id:
        raise RefusedClient(
            f"Asked for {short(client_id)!r}, the registry returned {short(client.client_id)!r}: compare exactly.",
            reason="unknown_client",
            expected=client_id,
            found=client.client_id,
        )
    return client


def _own(client: Client) -> Client:
    if not isinstance(client, Client):
        raise InvalidClientMetadata(
            f"The registry returned an object of the type {type(client).__name__}; make it return a Client."
        )
    return client
