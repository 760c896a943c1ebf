"""Client authentication by certificate: RFC 8705 section 2."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from .clients import (
    AUTH_METHODS,
    AuthenticatedClient,
    AuthMethod,
    Client,
    ClientRegistry,
    KnownClients,
    MappingRegistry,
    PublishedKeySets,
)
from .events import Observer, Reporter
from .key_strength import DEFAULT as DEFAULT_KEY_BITS
from .key_strength import MinKeyBits, check_min_key_bits
from .options import InvalidOption, check_allowed_methods, check_observers
from .rules.client import ClientRules, utc_now
from .rules.self_signed import SelfSignedMatch
from .vouching import Trust, Vouching
from .x509 import Peer, PeerCertificate

__all__ = ["AuthenticatedClient", "SelfSignedMatch", "Verifier"]


class Verifier:
    """Decides whether a certificate authenticates a client.

    It compares nothing secret: certificates, names and keys are public, so no comparison needs constant time.

    Args:
        clients: a registry, or a mapping of ``client_id`` to metadata.
        allowed_methods: those that this server offers.
        self_signed_match: which part of a self-signed client's certificate must be registered. ``"public_key"`` lets a
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
        ValueError: If a method is not one of mutual TLS, ``self_signed_match`` is unknown, the clock has no time
            zone, or a registry or observer cannot be called as one.
        InvalidClientMetadata: If a client of the mapping is wrong.
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
        clock: Callable[[], datetime] = utc_now,
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
        if key_sets is not None and (isinstance(key_sets, type) or not isinstance(key_sets, PublishedKeySets)):
            raise InvalidOption("key_sets", f"must be KeySets(…), not {key_sets!r}.")
        check_min_key_bits(min_key_bits)
        self.rules = ClientRules(
            clients=KnownClients(MappingRegistry(clients) if isinstance(clients, Mapping) else clients),
            allowed_methods=frozenset(allowed_methods),
            vouching=Vouching.of(trust, trust_either),
            self_signed_match=self_signed_match,
            key_sets=key_sets,
            min_key_bits=min_key_bits,
            clock=clock,
        )
        self.reporter = Reporter(observers)
        check_observers(self.reporter.observers)

    def authenticate(
        self,
        client_id: str,
        peer: Peer | None,
        *,
        other_credentials: Collection[str] = (),
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
    ) -> AuthenticatedClient:
        """Return the client ``client_id`` if this certificate authenticates it.

        Args:
            client_id: the client that the request names.
            peer: the certificate that it came with.
            other_credentials: the names of what else it sends to authenticate a client, which must be nothing (RFC 6749
                section 2.3). Looked at last: only the client itself learns that it is registered for mutual TLS.
            allowed_methods: those of the verifier's methods that this endpoint offers.

        Raises:
            MutualTLSError: If a check fails, for the first in this order: there is a certificate, the client is
                known, its method is allowed and registered, the certificate is inside its validity period, the
                requirements of its method, and no other credential.
        """
        with self.reporter.deciding("client", None, peer, client_id) as decision:
            client = self.rules.authenticate(client_id, peer, other_credentials, allowed_methods)
            decision.method, decision.outcome = client.method, "client_authenticated"
        self.rules.clients.note_seen(client)
        return client

    def identify(self, peer: Peer | None) -> AuthenticatedClient:
        """Return the one registered client that this certificate authenticates.

        This is mutual TLS without a ``client_id``.

        Raises:
            MutualTLSError: If no certificate, no client or several clients were found, or the only one fails a check.
            TypeError: If the registry has no ``find``.
        """
        with self.reporter.deciding("client", None, peer) as decision:
            client = self.rules.identify(peer)
            decision.client_id, decision.method = client.client_id, client.method
            decision.outcome = "client_authenticated"
        self.rules.clients.note_seen(client)
        return client

    def check_certificate(self, peer: Peer | None) -> PeerCertificate:
        """Return the certificate if its own names may be believed.

        This is plain mutual TLS, without registered clients.

        Raises:
            MutualTLSError: If none came, it is outside its validity period, self-signed or for another purpose, its
                chain was not validated, the trust store refuses it, or it is registered for a self-signed client.
        """
        with self.reporter.deciding("client", None, peer):
            return self.rules.check_certificate(peer)

    def listed(self) -> Iterable[Client]:
        """Return all clients where they are in memory.

        Return none of a registry that looks up one at a time.
        """
        return self.rules.clients.in_memory or ()

    def client(self, client_id: str) -> Client:
        """Look a client up.

        Raises:
            RefusedClient: ``unknown_client``: If there is none, or if the registry answered with another one.
            InvalidClientMetadata: If the registry finds its metadata wrong.
        """
        return self.rules.clients.look_up(client_id)[0]

    @property
    def allowed_methods(self) -> frozenset[AuthMethod]:
        """The methods that this server offers."""
        return self.rules.allowed_methods

    @property
    def key_sets(self) -> PublishedKeySets | None:
        """The fetcher of certificates that clients publish at a ``jwks_uri``, or None."""
        return self.rules.key_sets

    @property
    def finds_holders(self) -> bool:
        """Whether the client of a certificate can be found without its ``client_id``."""
        return self.rules.clients.searchable

    def registration_warnings(self) -> tuple[str, ...]:
        """Return a sentence for each probable mistake in clients in memory."""
        registry = self.rules.clients.in_memory
        return registry.warnings() if registry is not None else ()
