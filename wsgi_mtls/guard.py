"""The one configured object that decides about a request."""

from collections.abc import Collection, Iterable
from functools import partial
from typing import TYPE_CHECKING

from .checks import require_certificate
from .clients import AUTH_METHODS, AuthenticatedClient, AuthMethod, Client
from .errors import BadCertificate, MutualTLSError, RefusedClient
from .events import FORGED, DecisionKind, Observer, Reporter
from .guard_certificates import CertificateDecision
from .guard_options import check_guard
from .guard_tokens import TokenDecision
from .options import check_observers
from .record import Record
from .request.form import TokenRequest, read_token_request
from .request.view import RequestView
from .sources import PEER, CertificateSource
from .sources.advice import advice
from .sources.source import PEERS, dropper, not_a_peer, source_failed
from .tokens import AccessTokens
from .trust import TrustStore
from .verifier import Verifier
from .x509 import Peer, PeerCertificate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .tokens.dpop import DPoP

MAX_BODY = 16384
"""The longest body of a token request that is read by default, in octets: no client of OAuth sends a longer form."""

MAX_CERTIFICATE = 16384
"""The longest certificate that is accepted by default, in octets of DER: usual ones have one or two thousand."""

_NO_CLIENTS = Verifier({})


class Guard(TokenDecision, CertificateDecision):
    """A guard, which decides about a request's client, token and certificate.

    Every adapter and middleware holds one. It asks each question once in a request, keeps the answer in the request's
    :class:`~wsgi_mtls.record.Record`, and reports it.

    Args:
        source: where the certificate is in the environ; see :mod:`wsgi_mtls.sources`.
        verifier: knows the clients; None where there are none.
        tokens: turns an access token into its claims; see :mod:`wsgi_mtls.tokens`. None where no tokens are accepted.
        observers: each is called with every :class:`~wsgi_mtls.events.Event`, after the verifier's own.
        max_body: the longest body of a token request that is read, in octets.
        max_certificate: the longest certificate of a client that is accepted, in octets of DER; at most 65536. The
            client chose how many names are in it, and each is read.
        trust: validates the chains of certificates for a guard without a verifier, as the verifier's own does.
        dpop: checks the proofs of tokens that are bound to a DPoP key (RFC 9449); None where none are accepted.

    Raises:
        ValueError: If an option has a value that it cannot have, or if the source forwards only a name, and the
            verifier or the tokens need the certificate.
    """

    def __init__(
        self,
        source: CertificateSource,
        *,
        verifier: Verifier | None = None,
        tokens: AccessTokens | None = None,
        observers: Iterable[Observer] = (),
        max_body: int = MAX_BODY,
        max_certificate: int = MAX_CERTIFICATE,
        trust: TrustStore | None = None,
        dpop: "DPoP | None" = None,
    ) -> None:
        check_guard(
            source,
            verifier=verifier,
            tokens=tokens,
            max_body=max_body,
            max_certificate=max_certificate,
            trust=trust,
            dpop=dpop,
        )
        self.source = source
        self.verifier = verifier
        self.plain = verifier or (_NO_CLIENTS if trust is None else Verifier({}, trust=trust))
        self.tokens = tokens
        self.dpop = dpop
        self.max_body = max_body
        self.max_certificate = max_certificate
        self.reporter = Reporter(
            (*(verifier.reporter.observers if verifier else ()), *observers), partial(advice, source)
        )
        check_observers(self.reporter.observers)
        self._drop = dropper(source)

    def look(self, view: RequestView) -> Record:
        """Ask the certificate source once in a request, and keep its answer.

        What an outer layer found in this request is taken over. Nothing that an untrusted peer sent to the source is
        left in the environ afterwards.
        """
        record, environ = view.record, view.environ
        if not record.asked:
            record.asked = True
            try:
                if PEER in environ and isinstance(environ[PEER], PEERS):
                    self._drop(environ)
                    found = environ[PEER]
                else:
                    found = self.source(environ)
                    if not isinstance(found, PEERS):
                        raise not_a_peer(found)
                # The leaf alone: the chain is only a hint.
                if type(found) is PeerCertificate and len(found.certificate.der) > self.max_certificate:
                    raise _too_large(found, self.max_certificate)
                record.peer = environ[PEER] = found
            except MutualTLSError as error:
                error.reported = False  # a source may keep one instance, and raise it in every request
                record.refusal = error
            except Exception as error:  # whatever a source of the user's own raises
                record.refusal = source_failed(self.source, error)
            if FORGED in environ:
                self.reporter.forgeries(environ)
        return record

    def presented(self, view: RequestView) -> Peer | None:
        """Return what the client presented, and make the answer private.

        Raises:
            MutualTLSError: If what the terminator delivered cannot be used as a certificate.
        """
        record = self.look(view)
        record.private = True
        if record.refusal is not None:
            raise record.refusal.with_traceback(None)
        return record.peer

    def drop_untrusted(self, environ: "WSGIEnvironment") -> None:
        """Remove an untrusted peer's headers from the environ on unguarded paths."""
        self._drop(environ)
        if FORGED in environ:
            self.reporter.forgeries(environ)

    def authenticate_client(
        self,
        view: RequestView,
        *,
        allowed_methods: Collection[AuthMethod] = AUTH_METHODS,
    ) -> AuthenticatedClient:
        """Authenticate the client that a request names, by mutual TLS only.

        Args:
            view: the request.
            allowed_methods: those of the verifier's methods that this endpoint offers.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record, rules = view.record, self.needed_verifier().rules
        if record.client is None or record.client.method not in allowed_methods:
            record.client = None
            with self.reporter.deciding("client", view.environ) as decision:
                peer = decision.peer = self.presented(view)
                request = read_token_request(view, self.max_body)
                decision.client_id = request.client_id
                client = rules.authenticate(request.client_id, peer, request.other_credentials, allowed_methods)
                decision.method, decision.outcome = client.method, "client_authenticated"
            record.client = client
            rules.clients.note_seen(client)
        return record.client

    def authenticate_or_leave(self, view: RequestView) -> AuthenticatedClient | None:
        """Authenticate the client of a request that may use other methods.

        Args:
            view: the request.

        Returns:
            The client; None for one that is registered for another method, which it used, or for none: the application
            must deal with it.

        Raises:
            MutualTLSError: If the request is refused.
        """
        record, rules = view.record, self.needed_verifier().rules
        if record.client is not None or record.left:
            return record.client
        with self.reporter.deciding("client", view.environ) as decision:
            peer = decision.peer = self.presented(view)
            request = read_token_request(view, self.max_body)
            decision.client_id = request.client_id
            try:
                client, is_self_signed = rules.clients.look_up(request.client_id, peer)
            except MutualTLSError:
                require_certificate(peer)  # for an unknown client too, that is the first of the refusals
                raise
            if client.uses_mutual_tls:
                peer = require_certificate(peer)
                record.client = rules.check(client, peer, is_self_signed, request.other_credentials)
                decision.method, decision.outcome = record.client.method, "client_authenticated"
            else:
                _check_other_method(client, request)
                decision.method, decision.outcome = client.token_endpoint_auth_method, "client_left_to_application"
        record.left = record.client is None
        if record.client is not None and rules.clients.sightings is not None:
            rules.clients.note_seen(record.client)
        return record.client

    def report_refusal(
        self,
        view: RequestView,
        error: MutualTLSError,
        client_id: str | None = None,
        kind: DecisionKind | None = None,
    ) -> None:
        """Report a refusal; see :meth:`wsgi_mtls.events.Reporter.refusal`."""
        self.reporter.refusal(error, view.environ, kind=kind, peer=view.record.peer, client_id=client_id)

    def needed_verifier(self) -> Verifier:
        """Return the verifier, which knows the clients.

        Raises:
            RuntimeError: If the guard has no verifier.
        """
        if self.verifier is None:
            raise RuntimeError("This guard knows no clients: give it a verifier.")
        return self.verifier


def _too_large(peer: PeerCertificate, limit: int) -> BadCertificate:
    size = len(peer.certificate.der)
    return BadCertificate(
        f"Expected a certificate of at most {limit} octets, found {size}: have one issued with fewer names, or raise "
        "max_certificate.",
        reason="certificate_too_large",
        expected=str(limit),
        found=str(size),
    )


def _check_other_method(client: Client, request: TokenRequest) -> None:
    method = client.token_endpoint_auth_method
    if method != "none" and not request.other_credentials:
        raise RefusedClient(
            f"Client {client.client_id!r} is registered for {method} and did not use it.",
            reason="auth_method_not_registered",
        )
